"""Which statement goes into which module: a module imports from those before it only, so there are no circles.

Each statement has a module that suits it. Then some are put further back, until three things hold: what a statement uses is in its module or in one
before it; what has to stay in its order does; statements that use each other, or share a name that gets new values, are together.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from segue.cli.growing.file import File, Statement
from segue.cli.growing.kinds import Kind

__all__ = ["FRONT", "Placement", "place"]

FRONT = "front"
#: Before the modules of routes, in this order.
_FIRST = ("settings", "models", "application", "services")


@dataclass
class Placement:
    """The modules in the order in which they are loaded, the module of each statement, and why some are not where one would expect them."""

    modules: list[str]
    homes: dict[Statement, str]
    reasons: dict[Statement, str] = field(default_factory=dict)

    def statements(self, module: str) -> list[Statement]:
        """What is in a module, in the order of the file."""
        return [one for one, home in self.homes.items() if home == module]


def place(file: File, kinds: dict[Statement, Kind]) -> Placement:
    """A module for each statement."""
    return _Placing(file, kinds).placement()


class _Placing:
    def __init__(self, file: File, kinds: dict[Statement, Kind]) -> None:
        self.statements = file.statements
        self.kinds = kinds
        self.routes = _modules_of_routes(self.statements, kinds)
        self.modules = [*_FIRST, *dict.fromkeys(self.routes.values()), FRONT]
        self.rank = {name: number for number, name in enumerate(self.modules)}
        self.makers: dict[str, list[Statement]] = {}
        for one in self.statements:
            for name in one.names.bound:
                self.makers.setdefault(name, []).append(one)
        self.uses = {
            one: {maker for name in one.names.used for maker in self.makers.get(name, ()) if maker is not one}
            for one in self.statements
        }
        self.reasons: dict[Statement, str] = {}
        self.groups = self._groups()

    # --- what belongs together ------------------------------------------------------------------------------------

    def _groups(self) -> dict[Statement, list[Statement]]:
        """For each statement those that have to be in one module with it."""
        joined: dict[Statement, set[Statement]] = {one: set(self.uses[one]) for one in self.statements}
        rebound = {name for one in self.statements for name in one.names.rebound}
        for name, makers in self.makers.items():
            sharing = list(makers)
            why = f"{name} is defined more than once"
            if name in rebound:
                # An import is a copy: whoever imported the name would go on with its first value.
                sharing += [one for one in self.statements if name in one.names.used | one.names.rebound]
                why = f"{name} gets new values by `global`, and who imports it would not see them"
            if len(set(sharing)) > 1:
                for one in sharing:
                    joined[one] |= set(sharing) - {one}
                    if name in rebound:
                        self.reasons[one] = why
        groups: dict[Statement, list[Statement]] = {}
        for circle in _circles(self.statements, joined):
            circle.sort(key=lambda one: one.index)
            for one in circle:
                groups[one] = circle
                if len(circle) > 1 and one not in self.reasons and not set(one.names.bound) & rebound:
                    others = ", ".join(other.title for other in circle if other is not one)
                    self.reasons[one] = f"it and {others} use each other"
        return groups

    # --- where it suits -------------------------------------------------------------------------------------------

    def placement(self) -> Placement:
        suited = self._suited()
        ranks = {one: self.rank[suited[one]] for one in self.statements}
        self._settle(ranks)
        homes = {one: self.modules[ranks[one]] for one in self.statements}
        for one in self.statements:
            if homes[one] != suited[one] and one not in self.reasons:
                used = [
                    each
                    for each in self.uses[one]
                    if ranks[each] == ranks[one] and self.groups[each] is not self.groups[one]
                ]
                because = ", ".join(sorted(each.title for each in used)[:3])
                self.reasons[one] = (
                    f"it uses {because}" if because else "it stays after what is declared before it"
                )
        taken = set(homes.values())
        return Placement(
            [one for one in self.modules if one in taken or one == FRONT],
            homes,
            {one: why for one, why in self.reasons.items() if homes[one] != suited[one] or one.names.rebound},
        )

    def _suited(self) -> dict[Statement, str]:
        """What uses it decides where a helper or a value suits, so those who use it come first."""
        suited: dict[Statement, str] = {}
        users: dict[Statement, list[Statement]] = {one: [] for one in self.statements}
        for one, used in self.uses.items():
            for each in used:
                users[each].append(one)
        for group in reversed(self._in_order()):
            outside = {suited[user] for one in group for user in users[one] if self.groups[user] is not group}
            wanted = [self._wanted(one, outside) for one in group]
            for one in group:
                suited[one] = max(wanted, key=self.rank.__getitem__)
        return suited

    def _wanted(self, one: Statement, users: set[str]) -> str:
        match self.kinds[one].what:
            case "front":
                return FRONT
            case "setting":
                return "settings" if users != {FRONT} else FRONT
            case "model" | "data":
                return "models"
            case "app" | "declared":
                return "application"
            case "route":
                return self.routes[one]
            case "effect":
                return "settings"
            case what:
                return self._with_users(users, what)

    def _with_users(self, users: set[str], what: str) -> str:
        """One module uses it: there. Several: where all of them find it."""
        if not users:
            return "services" if what == "helper" else "settings"
        first = min(users, key=self.rank.__getitem__)
        return first if len(users) == 1 or self.rank[first] < self.rank["services"] else "services"

    def _in_order(self) -> list[list[Statement]]:
        """The groups, each after those that it uses."""
        found: list[list[Statement]] = []
        done: set[int] = set()

        def visit(group: list[Statement]) -> None:
            stack = [(group, iter(self._used_groups(group)))]
            done.add(id(group))
            while stack:
                current, left = stack[-1]
                following = next((each for each in left if id(each) not in done), None)
                if following is None:
                    stack.pop()
                    found.append(current)
                else:
                    done.add(id(following))
                    stack.append((following, iter(self._used_groups(following))))

        for one in self.statements:
            if id(self.groups[one]) not in done:
                visit(self.groups[one])
        return found

    def _used_groups(self, group: list[Statement]) -> list[list[Statement]]:
        return [self.groups[each] for one in group for each in sorted(self.uses[one], key=lambda s: s.index)]

    # --- what has to hold -----------------------------------------------------------------------------------------

    def _settle(self, ranks: dict[Statement, int]) -> None:
        """Puts statements further back until everything holds that has to."""
        after = self._after()
        changed = True
        while changed:
            changed = False
            for one in self.statements:
                least = max((ranks[each] for each in after[one]), default=0)
                if least > ranks[one]:
                    ranks[one] = least
                    changed = True

    def _after(self) -> dict[Statement, set[Statement]]:
        """For each statement those whose modules may not come after its own."""
        after = {one: set(self.uses[one]) | set(self.groups[one]) for one in self.statements}
        last: dict[tuple[str, str], Statement] = {}
        effects: list[Statement] = []
        running: list[Statement] = []
        for one in self.statements:
            kind = self.kinds[one]
            if kind.order is not None:
                if kind.order in last:
                    after[one].add(last[kind.order])
                last[kind.order] = one
            if kind.what == "effect":
                # Nobody knows what it does: it does it after what ran before it, and before what runs after it.
                after[one].update(running)
                effects.append(one)
            if kind.runs or ("(" in one.text and not one.is_definition):
                after[one].update(effects[-1:])
                running.append(one)
            after[one].discard(one)
        return after


def _modules_of_routes(statements: list[Statement], kinds: dict[Statement, Kind]) -> dict[Statement, str]:
    """The module of each route. Where pages and the API alternate they share one: the order of routes is that of their declaration."""
    routes = [one for one in statements if kinds[one].what == "route"]
    modules: dict[Statement, str] = {}
    for owner in dict.fromkeys(kinds[one].order for one in routes):
        own = [one for one in routes if kinds[one].order == owner]
        labels = [kinds[one].label for one in own]
        turns = sum(before != label for before, label in itertools.pairwise(labels))
        for one, label in zip(own, labels, strict=True):
            modules[one] = label if turns < 2 else "routes"
    return modules


def _circles(statements: list[Statement], uses: dict[Statement, set[Statement]]) -> Iterable[list[Statement]]:
    """Statements that use each other, directly or not: the strongly connected parts, by Tarjan's algorithm without recursion."""
    number: dict[Statement, int] = {}
    low: dict[Statement, int] = {}
    path: list[Statement] = []
    on_path: set[Statement] = set()
    for start in statements:
        if start in number:
            continue
        stack = [(start, iter(sorted(uses[start], key=lambda one: one.index)))]
        number[start] = low[start] = len(number)
        path.append(start)
        on_path.add(start)
        while stack:
            one, left = stack[-1]
            for used in left:
                if used not in number:
                    number[used] = low[used] = len(number)
                    path.append(used)
                    on_path.add(used)
                    stack.append((used, iter(sorted(uses[used], key=lambda each: each.index))))
                    break
                if used in on_path:
                    low[one] = min(low[one], number[used])
            else:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[one])
                if low[one] == number[one]:
                    circle: list[Statement] = []
                    while True:
                        each = path.pop()
                        on_path.discard(each)
                        circle.append(each)
                        if each is one:
                            break
                    yield circle
