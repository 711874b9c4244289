"""Loads related objects: those of relations to one are joined, those to many come with a statement of their own."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from segue.db.compiling.types import converter_from
from segue.db.models.attributes import Unloaded, key_of, slot_of
from segue.db.models.mapping import ColumnField, Mapping, Relation, resolve_all
from segue.db.models.pointers import Pointer, key_from, key_text
from segue.db.models.relations import other_side
from segue.db.models.rules import rule_conditions
from segue.db.models.state import Peers, peers_of, tracked
from segue.db.queries.expressions import Condition, Key, Values, all_of, any_of
from segue.db.queries.paths import ManyPath, OnePath, Path, own_rule
from segue.db.queries.pointing import AnyPath

if TYPE_CHECKING:
    from segue.db.databases.database import Running
    from segue.db.queries.query import Asking

__all__ = ["joined_paths", "load_into", "load_related"]

_MOST_KEYS = 8192
_MOST_COMPOSITE = 256


def joined_paths(relations: Iterable[Path]) -> list[tuple[Relation, ...]]:
    """The paths over relations to one that are joined for what ``load`` was given."""
    found: list[tuple[Relation, ...]] = []
    for one in relations:
        if isinstance(one, AnyPath):
            continue
        steps = one._steps if isinstance(one, OnePath) else one._steps[:-1]
        if any(step.many for step in steps):
            first = next(step for step in steps if step.many)
            raise TypeError(
                f"load({one!r}): what is loaded with the objects of a relation to many is said there: {first!r}.load({first.target.__name__}....)"
            )
        if steps:
            found.append(steps)
    return found


async def load_related(query: "Asking[Any]", found: Sequence[Any], run: "Running") -> None:
    """Loads the relations to many that a query names, each for all its objects at once."""
    for step in query._steps():
        if step._step == "load":
            for one in step._payload:
                if isinstance(one, ManyPath):
                    await _load_many(_reached(found, one._steps[:-1]), one, run)
                elif isinstance(one, AnyPath):
                    await _load_any(found, one._pointer, run)


def _reached(found: Sequence[Any], steps: Sequence[Relation]) -> list[Any]:
    """The objects at the end of a path of loaded relations to one, each once."""
    reached: Iterable[Any] = found
    for step in steps:
        nexts = (getattr(one, step.name) for one in reached)
        reached = {id(one): one for one in nexts if one is not None and type(one) is not Unloaded}.values()
    return list(reached)


async def load_into(targets: Sequence[Any], relations: Sequence[Path], run: "Running") -> None:
    """Loads relations for objects that are there already, one statement for each step of each relation."""
    for one in relations:
        if isinstance(one, AnyPath):
            await _load_any(targets, one._pointer, run)
            continue
        if not isinstance(one, Path):
            raise TypeError(f"load() is given relations, Post.author or Author.posts, not {one!r:.80}")
        here = list(targets)
        for step in one._steps[:-1] if isinstance(one, ManyPath) else one._steps:
            await _load_one(here, step, run)
            here = _reached(here, (step,))
        if isinstance(one, ManyPath):
            await _load_many(here, one, run)


def _peer_keys(
    targets: Sequence[Any], columns: Sequence[ColumnField], stores: dict[int, Peers]
) -> dict[Any, None]:
    """The values of these columns of objects and of their peers, whose stores are collected."""
    names = [column.name for column in columns]
    of = _getter(names)
    wanted: dict[Any, None] = {}
    for target in targets:
        peers = peers_of(target)
        if (
            peers is not None
            and id(peers) not in stores
            and issubclass(type(target), peers.model)
            and all(name in peers.places for name in names)
        ):
            stores[id(peers)] = peers
            # PERF: all objects of a query are here when they are loaded with it.
            if len(peers.rows) <= len(targets):
                wanted[of(target)] = None
                continue
            places = [peers.places[name] for name in names]
            convert = [
                converter_from(column.kind, peers.database.engine.name) if peers.raw else None
                for column in columns
            ]
            for row in peers.rows:
                values = [
                    row[at] if one is None or row[at] is None else one(row[at])
                    for at, one in zip(places, convert, strict=True)
                ]
                wanted[values[0] if len(values) == 1 else tuple(values)] = None
        wanted[of(target)] = None
    return {key: None for key in wanted if _is_key(key)}


def _getter(names: Sequence[str]) -> Callable[[Any], Any]:
    """What gives the value of a field, or of several as a tuple."""
    made: Callable[[Any], Any] = attrgetter(*names)
    return made


def _of(target: Any, names: Sequence[str]) -> Any:
    return _getter(names)(target)


def _is_key(key: Any) -> bool:
    if not isinstance(key, tuple):
        return key is not None and key is not UNSET
    parts = key
    return all(part is not None and part is not UNSET for part in parts)


async def _load_one(targets: Sequence[Any], relation: Relation, run: "Running") -> None:
    """Loads a relation to one for objects and for their peers. Those that have it keep it."""
    if relation.reverse:
        await _load_reverse(targets, relation, run)
        return
    slot, names = slot_of(relation.model, relation.name), [column.name for column in relation.columns]
    waiting: list[Any] = []
    for one in targets:
        if slot.__get__(one) is UNSET:
            # What was loaded for a peer is found by asking for it.
            known = getattr(one, relation.name)
            if known is None:
                # None is what is there, too: a reply has it as null.
                slot.__set__(one, None)
            elif type(known) is Unloaded:
                waiting.append(one)
    if not waiting:
        return
    stores: dict[int, Peers] = {}
    keys = list(_peer_keys(waiting, relation.columns, stores))
    found: dict[Any, Any] = {}
    other = relation.target
    for start in range(0, len(keys), _most(relation.columns)):
        condition = _has_key(other.__mapping__, keys[start : start + _most(relation.columns)])
        for there in await other.where(condition).using(run.database):
            found[key_of(there)] = there
    for peers in stores.values():
        peers.loaded[relation.name] = found
    for target in waiting:
        one = found.get(_of(target, names))
        if one is not None:
            slot.__set__(target, one)
            tracked(target)


async def _load_reverse(targets: Sequence[Any], relation: Relation, run: "Running") -> None:
    """Loads a relation to one that has the key; None for those that nobody refers to."""
    slot, back = slot_of(relation.model, relation.name), other_side(relation)
    waiting = [one for one in targets if slot.__get__(one) is UNSET]
    if not waiting or back is None:
        return
    stores: dict[int, Peers] = {}
    keys = list(_peer_keys(waiting, relation.model.__mapping__.key, stores))
    found: dict[Any, Any] = {}
    names = [column.name for column in back.columns]
    for start in range(0, len(keys), _most(back.columns)):
        condition = _has_values(back.model.__mapping__, names, keys[start : start + _most(back.columns)])
        for there in await relation.target.where(condition).using(run.database):
            found[_of(there, names)] = there
    for peers in stores.values():
        peers.loaded[relation.name] = found
    for target in waiting:
        slot.__set__(target, found.get(key_of(target)))
        tracked(target)


async def _load_any(targets: Sequence[Any], pointer: Pointer, run: "Running") -> None:
    """Loads what a relation to any model leads to, one statement for each model, for objects and for their peers."""
    slot = slot_of(pointer.model, pointer.name)
    waiting = [one for one in targets if slot.__get__(one) is UNSET]
    stores: dict[int, Peers] = {}
    pairs = list(_peer_keys(waiting, (pointer.type, pointer.key), stores))
    found: dict[Any, Any] = dict.fromkeys(pairs)
    by_label: dict[str, list[str]] = {}
    for label, text in pairs:
        by_label.setdefault(label, []).append(text)
    for label, texts in by_label.items():
        model = pointer.model_of(label)
        keys = [key_from(model, text) for text in texts]
        most = _most(model.__mapping__.key)
        for start in range(0, len(keys), most):
            condition = _has_key(model.__mapping__, keys[start : start + most])
            for there in await model.where(condition).using(run.database):
                found[label, key_text(key_of(there))] = there
    for peers in stores.values():
        peers.loaded[pointer.name] = found
    for target in waiting:
        one = found.get((getattr(target, pointer.type.name), getattr(target, pointer.key.name)))
        if one is not None:
            slot.__set__(target, one)
            tracked(target)


def _has_key(mapping: Mapping, keys: Sequence[Any]) -> Condition:
    """That an object has one of these keys."""
    return _has_values(mapping, [column.name for column in mapping.key], keys)


def _has_values(mapping: Mapping, names: Sequence[str], keys: Sequence[Any]) -> Condition:
    """That an object has one of these values, or tuples of them, in these columns."""
    columns = [mapping.expression(name) for name in names]
    if len(columns) == 1:
        condition: Condition = columns[0].is_in(keys)
        return condition
    return any_of(*(all_of(*(c == v for c, v in zip(columns, key, strict=True))) for key in keys))


def _most(columns: Sequence[ColumnField]) -> int:
    return _MOST_KEYS if len(columns) == 1 else _MOST_COMPOSITE


async def _load_many(targets: Sequence[Any], path: ManyPath, run: "Running") -> None:
    """Loads a relation to many for objects and for their peers: each gets a list, an empty one too."""
    relation = path._last
    slot = slot_of(relation.model, relation.name)
    rules = [*own_rule(relation), *rule_conditions(relation.target)]
    path = path.where(*rules) if rules else path
    said = _said(path)
    waiting = [one for one in targets if not _is_loaded(one, relation.name, said)]
    if not waiting:
        return
    stores: dict[int, Peers] = {}
    key_columns = relation.model.__mapping__.key
    lists: dict[Any, list[Any]] = {key: [] for key in _peer_keys(waiting, key_columns, stores)}
    for target in waiting:
        # Objects of one row share their list.
        slot.__set__(target, lists[key_of(target)])
        tracked(target)
    for peers in stores.values():
        peers.loaded[relation.name] = lists
        peers.loaded[f"{relation.name} as"] = said
    keys = list(lists)
    everything: list[Any] = []
    for start in range(0, len(keys), _most(key_columns)):
        rows, found = await _related(path, keys[start : start + _most(key_columns)], run)
        for key, one in zip(_keys_of(rows, key_columns, run), found, strict=True):
            listed = lists.get(key)
            if listed is not None:
                listed.append(one)
        everything += found
    if path._loads and everything:
        await load_into(everything, path._loads, run)


def _keys_of(rows: Sequence[Any], columns: Sequence[ColumnField], run: "Running") -> Iterable[Any]:
    """The keys that rows begin with."""
    convert = [converter_from(column.kind, run.database.engine.name) for column in columns]
    if convert == [None]:
        # PERF: the usual case in C: 6 us for sixty rows instead of 60.
        return map(itemgetter(0), rows)
    made = (
        [cell if one is None else one(cell) for cell, one in zip(row[: len(convert)], convert, strict=True)]
        for row in rows
    )
    return (values[0] if len(values) == 1 else tuple(values) for values in made)


def _said(path: ManyPath) -> Any:
    """What tells one load of a relation from another: its conditions, its order, its limit, and what is loaded with it."""
    key: Key = [path._limit]
    values: list[Any] = []
    for condition in path._where:
        condition.walk(key, values)
    for order in path._order:
        order.walk(key, values)
    for inner in path._loads:
        key.append(_said(inner) if isinstance(inner, ManyPath) else repr(inner))
    return key, values


def _is_loaded(target: Any, name: str, said: Any) -> bool:
    """Whether just this was loaded for an object or a peer of it."""
    peers = peers_of(target)
    if peers is None or peers.loaded.get(f"{name} as") != said:
        return False
    listed = peers.loaded[name].get(key_of(target))
    if listed is None:
        return False
    slot = slot_of(type(target), name)
    if slot.__get__(target) is UNSET:
        slot.__set__(target, listed)
    return slot.__get__(target) is listed


async def _related(path: ManyPath, keys: list[Any], run: "Running") -> tuple[Sequence[Any], list[Any]]:
    """The related objects of these keys, and rows that begin with the key that each belongs to."""
    from segue.db.reading.relatedloads import compile_related

    engine = run.database.engine
    columns = path._last.model.__mapping__.key
    listed: list[Values[Any]] = (
        [Values(keys, columns[0].kind)]
        if len(columns) == 1
        else [Values([key[at] for key in keys], column.kind) for at, column in enumerate(columns)]
    )
    key: Key = ["related", path._last.token, path._limit, len(path._where), len(path._order)]
    values: list[Any] = []
    for condition in path._where:
        condition.walk(key, values)
    for order in path._order:
        order.walk(key, values)
    for one in listed:
        one.walk(key, values)
    shape = tuple(key)
    statement = run.database.statements.find(shape)
    if statement is None:
        resolve_all()
        statement = compile_related(path, listed, engine.dialect, engine.name)
        run.database.statements.keep(shape, statement)
    rows = await run.fetch(statement.sql, statement.arguments(values))
    build: Any = statement.build
    return rows, build(rows, run.database)
