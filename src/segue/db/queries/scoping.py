"""Queries that obey the rules of their model: tenancy, soft deletion, row rules."""

from typing import Any

from segue.db.models.rules import Rule, Writing, add_rule, rule_conditions, rules_of, write_conditions
from segue.db.queries.paths import ManyPath, own_rule
from segue.db.queries.query import Asking

__all__ = ["Rule", "add_rule", "rules_of", "scoped", "scoped_path", "scoped_write"]


def scoped(query: Asking[Any]) -> Asking[Any]:
    """A query with the conditions that hold for all of its model."""
    if not rules_of(query._model) or any(step._step == "unscoped" for step in query._steps()):
        return query
    conditions = rule_conditions(query._model)
    return query.where(*conditions) if conditions else query


def scoped_write(query: Asking[Any], writing: Writing) -> Asking[Any]:
    """The same for a query whose rows are changed or deleted."""
    if any(step._step == "unscoped" for step in query._steps()):
        return query
    conditions = write_conditions(query._model, writing)
    query = scoped(query)
    return query.where(*conditions) if conditions else query


def scoped_path(path: ManyPath) -> ManyPath:
    """A relation to many with the conditions that hold for all of its models."""
    conditions = [*own_rule(path._last), *rule_conditions(path._last.target)]
    if conditions:
        path = path.where(*conditions)
    loads = tuple(scoped_path(one) if isinstance(one, ManyPath) else one for one in path._loads)
    if any(new is not old for new, old in zip(loads, path._loads, strict=True)):
        path = path._with(lambda made: setattr(made, "_loads", loads))
    return path
