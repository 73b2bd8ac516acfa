"""The changes between two scenarios of one search."""

from collections.abc import Iterable

from nettwin.changes import SetCapacity
from nettwin.changes.change import Change
from nettwin.changes.diff import diff
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.scenario import Scenario


def changes_between(before: Scenario, after: Scenario) -> tuple[Change, ...]:
    """The fewest changes that lead from one to the other."""
    if before is after:
        return ()
    return changes_to(before, steering_of(after)) if steers_only(before, after) else _by_circuit(diff(before, after), before)


def steers_only(before: Scenario, after: Scenario) -> bool:
    """Whether two scenarios differ in segment policies at most."""
    same_parts = before.topology is after.topology and before.traffic is after.traffic and before.policy.base == after.policy.base
    return same_parts and dict(before.policy.explicit_paths) == dict(after.policy.explicit_paths)


def _by_circuit(changes: Iterable[Change], scenario: Scenario) -> tuple[Change, ...]:
    """One upgrade for a circuit whose links all get the same capacity, in the place of the first."""
    capacity = {change.link: change.capacity_bps for change in changes if isinstance(change, SetCapacity)}
    merged: dict[Change, None] = {}
    for change in changes:
        circuit = scenario.topology.link(change.link).circuit if isinstance(change, SetCapacity) else ""
        members = [scenario.topology.links[member].id for member in scenario.topology.circuits[circuit]] if circuit else []
        whole = bool(members) and len({capacity.get(name) for name in members}) == 1
        merged[SetCapacity(circuit, capacity[members[0]]) if whole else change] = None
    return tuple(merged)
