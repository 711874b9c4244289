"""What is made for a handler before it is called, in order."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from segue.core.binding.parameters import Parameter
from segue.core.providing.providers import Provider

__all__ = ["NO_WIRING", "Step", "Wiring"]


class Step(NamedTuple):
    """One object to make. ``arguments``: by the name that the provider gives it, a parameter of the request, or a step."""

    number: int
    provider: Provider
    arguments: Mapping[str, "Parameter | Step"]


class Wiring(NamedTuple):
    """What is made for a handler, in order.

    ``given``: the step of each of its parameters that is provided. ``inputs``: what the steps take from the request,
    each by a name that no parameter of the handler has.
    """

    steps: Sequence[Step]
    given: Mapping[str, Step]
    inputs: Sequence[Parameter]

    @property
    def per_request(self) -> bool:
        """Whether something of it is made anew for each request."""
        return any(step.provider.life == "request" for step in self.steps)


NO_WIRING = Wiring((), {}, ())
