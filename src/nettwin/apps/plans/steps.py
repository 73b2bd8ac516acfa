"""The changes of a plan as a diff for people: what, from, to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nettwin.changes import (
    ClearPath,
    SegmentPolicy,
    SetBuffer,
    SetCapacity,
    SetClassMap,
    SetDiscipline,
    SetMetric,
    SetPaths,
    SetQueueWeights,
    command_of,
)
from nettwin.changes.change import Change
from nettwin.changes.selection import links_named
from nettwin.performance.quantities import bits_per_second, number
from nettwin.scenario import AdjacencySegment, Link, Queue, Scenario, SegmentList

DIRECT = "shortest path"


@dataclass(frozen=True, slots=True)
class Step:
    """One change."""

    what: str
    of: str
    before: str
    after: str


def steps_of(scenario: Scenario, changes: Sequence[Change]) -> list[Step]:
    """A row for each change of the scenario; those of large demands first, then the others in their order."""
    rate = scenario.traffic.rate_bps

    def weight(change: Change) -> float:
        demand = change.demand if isinstance(change, SegmentPolicy | ClearPath) else ""
        return float(rate[scenario.demand_index[demand]]) if demand in scenario.demand_index else float("inf")

    return [_step(scenario, change) for change in sorted(changes, key=weight, reverse=True)]


def way_of(lists: Sequence[SegmentList], target: str) -> str:
    """``via A, then link B->C``; with shares where a demand is split."""
    total = sum(each.weight for each in lists)
    ways = [(each.weight / total, _via(each, target)) for each in lists if each.weight > 0]
    return ways[0][1] if len(ways) == 1 else ", ".join(f"{_share(share)} {way}" for share, way in ways)


def _share(value: float) -> str:
    """Whole percents, with digits where they would read as nothing or everything."""
    if value == 1 or 0.005 <= value < 0.995:
        return f"{value:.0%}"
    return f"{value:.1%}" if 5e-4 <= value < 0.9995 else f"{100 * value:.6g}%"


def _via(segments: SegmentList, target: str) -> str:
    names = [f"link {s.link}" if isinstance(s, AdjacencySegment) else s.node for s in segments.segments]
    names = names[:-1] if names and names[-1] == target else names
    return "via " + ", then ".join(names) if names else DIRECT


def _step(scenario: Scenario, change: Change) -> Step:  # noqa: PLR0911 (one for each kind of change)
    match change:
        case SegmentPolicy(demand, lists) if demand in scenario.demand_index:
            return Step("steer", demand, _way_now(scenario, demand), way_of(lists, _target(scenario, demand)))
        case ClearPath(demand) if demand in scenario.demand_index:
            return Step("steer", demand, _way_now(scenario, demand), DIRECT)
        case SetPaths(demand, paths) if demand in scenario.demand_index:
            ways = [f"{_share(path.share)} over {_nodes(scenario, path.links)}" for path in paths]
            return Step("explicit path", demand, _way_now(scenario, demand), ", ".join(ways).removeprefix("100% "))
        case SetMetric(link, metric):
            return Step("IGP metric", link, number(_link(scenario, link).metric), number(metric))
        case SetCapacity(link, capacity_bps):
            return Step("capacity", link, bits_per_second(_link(scenario, link).capacity_bps), bits_per_second(capacity_bps))
        case SetQueueWeights(link, weights):
            return Step("queue weights", link, _listed([queue.weight for queue in _queues(scenario, link)]), _listed(weights))
        case SetClassMap(link, queue_by_class):
            now = _link(scenario, link).scheduling.queue_by_class
            return Step("queue of each class", link, _listed(now) or "as numbered", _listed(queue_by_class) or "as numbered")
        case SetDiscipline(link, discipline):
            return Step("discipline", link, _link(scenario, link).scheduling.discipline, discipline)
        case SetBuffer(link):
            return Step("buffer", link, *_buffers(scenario, change))
        case _:
            return Step("change", "", "", command_of(change))


def _nodes(scenario: Scenario, links: Sequence[str]) -> str:
    path = [scenario.topology.link(name) for name in links]
    return " - ".join([path[0].source, *(link.target for link in path)]) if path else "nothing"


def _link(scenario: Scenario, pattern: str) -> Link:
    """The first link with this name."""
    return scenario.topology.links[links_named(scenario.topology, pattern)[0]]


def _queues(scenario: Scenario, pattern: str) -> tuple[Queue, ...]:
    return _link(scenario, pattern).scheduling.queues


def _buffers(scenario: Scenario, change: SetBuffer) -> tuple[str, str]:
    """Of the queues concerned, now and then."""
    changed = change.apply(scenario)
    chosen = slice(None) if change.queue is None else slice(change.queue, change.queue + 1)
    name, unit = ("buffer_packets", "packets") if change.buffer_bits is None else ("buffer_bits", "bits")
    sizes = [[getattr(queue, name) for queue in _queues(each, change.link)[chosen]] for each in (scenario, changed)]
    return f"{_listed(sizes[0])} {unit}", f"{_listed(sizes[1])} {unit}"


def _way_now(scenario: Scenario, demand: str) -> str:
    if demand in scenario.policy.explicit_paths:
        return "explicit path"
    lists = scenario.policy.segment_lists.get(demand)
    return way_of(lists, _target(scenario, demand)) if lists else DIRECT


def _target(scenario: Scenario, demand: str) -> str:
    return scenario.topology.nodes[int(scenario.traffic.target[scenario.index_of_demand(demand)])].id


def _listed(values: Sequence[float]) -> str:
    return " : ".join("unlimited" if value == math.inf else number(value) for value in values)
