"""What guards ask for, as security requirements: schemes that they describe themselves."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from segue.core.documentation import THE_IDENTITY, SecurityScheme, schemes_of
from segue.core.handlers import Endpoint

__all__ = ["Asking"]


class Asking:
    """Gathers the schemes of a document. ``schemes``: by name."""

    def __init__(self) -> None:
        self.schemes: dict[str, Mapping[str, Any]] = {}

    def requirements(self, endpoint: Endpoint) -> list[dict[str, list[str]]]:
        """One requirement for each way to get past all guards of an endpoint; none where they say nothing."""
        ways = [self._ways(endpoint, one) for one in endpoint.options.requires]
        found: list[dict[str, list[str]]] = []
        for chosen in product(*[one for one in ways if one]):
            requirement: dict[str, list[str]] = {}
            for scheme in chosen:
                scopes = requirement.setdefault(self._named(scheme), [])
                scopes += [one for one in scheme.scopes if one not in scopes]
            if requirement and requirement not in found:
                found.append(requirement)
        return found

    def _ways(self, endpoint: Endpoint, guard: Any) -> Sequence[SecurityScheme]:
        said = schemes_of(guard)
        return schemes_of(endpoint.identifies) if THE_IDENTITY in said else said

    def _named(self, scheme: SecurityScheme) -> str:
        """The name of a scheme in the document: another one of its name is told apart by a number."""
        name, number = scheme.name, 1
        while self.schemes.setdefault(name, scheme.description) != scheme.description:
            number += 1
            name = f"{scheme.name}-{number}"
        return name
