"""The changes between two scenarios of one search."""

from nettwin.changes.change import Change
from nettwin.changes.diff import diff
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.scenario import Scenario


def changes_between(before: Scenario, after: Scenario) -> tuple[Change, ...]:
    """The fewest changes that lead from one to the other."""
    if before is after:
        return ()
    return changes_to(before, steering_of(after)) if steers_only(before, after) else tuple(diff(before, after))


def steers_only(before: Scenario, after: Scenario) -> bool:
    """Whether two scenarios differ in segment policies at most."""
    same_parts = before.topology is after.topology and before.traffic is after.traffic and before.policy.base == after.policy.base
    return same_parts and dict(before.policy.explicit_paths) == dict(after.policy.explicit_paths)
