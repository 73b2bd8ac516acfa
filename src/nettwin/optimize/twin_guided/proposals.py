"""From new ways to moves, and from several moves to one."""

from collections.abc import Sequence

from nettwin.changes.routing import ClearPath, SegmentPolicy
from nettwin.optimize.scheduling import Move
from nettwin.optimize.twin_guided.descent import DIRECT, Ways
from nettwin.scenario import NodeSegment, Scenario, SegmentList


def detour_move(scenario: Scenario, ways: Ways) -> Move:
    """New detours of some demands."""
    changes = tuple(_change(scenario, row, way) for row, way in sorted(ways.items()))
    touched = frozenset(("demand", scenario.demand_ids[row]) for row in ways)
    return Move(changes, touched, f"detours of {len(ways)} demands" if len(ways) > 1 else f"detour of {change_name(changes[0])}")


def _change(scenario: Scenario, row: int, way: int) -> SegmentPolicy | ClearPath:
    name = scenario.demand_ids[row]
    if way == DIRECT:
        return ClearPath(name)
    return SegmentPolicy(name, (SegmentList((NodeSegment(scenario.topology.nodes[way].id),)),))


def change_name(change: SegmentPolicy | ClearPath) -> str:
    """The demand that it is about."""
    return change.demand


def combined(moves: Sequence[Move]) -> list[Move]:
    """The first 2, 4, ... and all of those that touch different things, each set as one move; the best must come first."""
    apart: list[Move] = []
    touched: set[tuple[str, str]] = set()
    for move in moves:
        if touched.isdisjoint(move.touched):
            apart.append(move)
            touched |= move.touched
    lengths = sorted({length for length in (2, 4, 8, len(apart)) if 1 < length <= len(apart)})
    return [_joined(apart[:length]) for length in lengths]


def _joined(moves: Sequence[Move]) -> Move:
    changes = tuple(change for move in moves for change in move.changes)
    return Move(changes, frozenset().union(*(move.touched for move in moves)), " + ".join(move.words for move in moves))
