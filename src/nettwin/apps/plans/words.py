"""What a plan does, in sentences for a network engineer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nettwin.changes import (
    ClearPath,
    Plan,
    SegmentPolicy,
    SetBuffer,
    SetCapacity,
    SetClassMap,
    SetDiscipline,
    SetMetric,
    SetPath,
    SetPaths,
    SetQueueWeights,
    SetScheduling,
)
from nettwin.changes.change import Change
from nettwin.optimize.steering.crossings import crossings
from nettwin.performance.quantities import bits_per_second, percent
from nettwin.scenario import AdjacencySegment, Scenario
from nettwin.scenario.arrays import FloatArray
from nettwin.scenario.plain import kind_name

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_N_LINKS = 3
"""So many links are named: those that are relieved most."""
_LEAST_SHARE = 0.01
"""A demand is moved off a link if that much less of it crosses the link."""
_PHRASES: Mapping[type, tuple[str, str]] = {
    SetPath: ("sets the explicit path of", "demand"),
    SetPaths: ("sets the explicit path of", "demand"),
    SetMetric: ("sets the IGP metric of", "link"),
    SetCapacity: ("upgrades", "circuit"),
    SetQueueWeights: ("sets the queue weights of", "port"),
    SetClassMap: ("sets the class map of", "port"),
    SetDiscipline: ("sets the discipline of", "port"),
    SetScheduling: ("sets the scheduler of", "port"),
    SetBuffer: ("sets the buffer of", "port"),
}


def in_words(before: Scenario, after: Scenario, plan: Plan) -> list[str]:
    """Sentences: how much is changed, which links are relieved and how, which take more, what that costs in distance."""
    if not plan.changes:
        return ["Nothing is changed."]
    first = _counted(plan.changes, before)
    if before.traffic is not after.traffic or before.topology.n_links != after.topology.n_links:
        return [first]
    crossed = [crossings(scenario) for scenario in (before, after)]
    rate = before.traffic.rate_bps
    utilization = [(rate @ each) / s.topology.capacity_bps for each, s in zip(crossed, (before, after), strict=True)]
    moved = (crossed[1] - crossed[0]).tocsc()
    relieved = _most_relieved(before, *utilization)
    sentences = [first, *(_relief(before, moved, link, utilization) for link in relieved)]
    return [sentence for sentence in (*sentences, _taken(before, *utilization), _distance(before, crossed)) if sentence]


def _counted(changes: Sequence[Change], scenario: Scenario) -> str:
    """``Steers 24 of 462 demands (13 % of the traffic): 22 by one waypoint, 2 split over several ways; sets 3 IGP metrics.``"""
    steered = [change for change in changes if isinstance(change, SegmentPolicy)]
    named = [change.demand for change in changes if isinstance(change, SegmentPolicy | ClearPath)]
    rows = [scenario.demand_index[name] for name in named if name in scenario.demand_index]
    parts = []
    if rows:
        rate = scenario.traffic.rate_bps
        share = percent(float(rate[rows].sum() / max(rate.sum(), 1e-300)))
        ways = ", ".join(f"{count} {way}" for way, count in Counter(map(_kind_of_way, steered)).most_common())
        n_back = sum(isinstance(change, ClearPath) for change in changes)
        back = f"{n_back} back to the shortest path" if n_back else ""
        told = ", ".join(part for part in (ways, back) if part)
        parts.append(f"steers {len(rows)} of {scenario.traffic.n_demands} demands ({share} of the traffic): {told}")
    others = Counter(type(change) for change in changes if not isinstance(change, SegmentPolicy | ClearPath))
    parts += [_other(kind, count) for kind, count in others.items()]
    sentence = "; ".join(parts)
    return sentence[:1].upper() + sentence[1:] + "."


def _other(kind: type, count: int) -> str:
    what, noun = _PHRASES.get(kind, (f"{kind_name(kind)}:", "time"))
    return f"{what} {count} {noun}{'' if count == 1 else 's'}"


def _kind_of_way(change: SegmentPolicy) -> str:
    if len(change.lists) > 1:
        return "split over several ways"
    segments = change.lists[0].segments
    if any(isinstance(segment, AdjacencySegment) for segment in segments):
        return "over a given link"
    return "by one waypoint" if len(segments) <= 1 else "by several segments"


def _most_relieved(scenario: Scenario, before: FloatArray, after: FloatArray) -> list[int]:
    """The links above what is now the worst, the worst first; else those that fall most."""
    worst = np.where(scenario.topology.link_is_up, after, 0.0).max(initial=0.0)
    fall = before - after
    order = np.lexsort((-fall, -np.where(before > worst, before, 0.0)))
    return [int(link) for link in order[:_N_LINKS] if fall[link] > 1e-3]


def _relief(scenario: Scenario, moved: "csr_array", link: int, utilization: Sequence[FloatArray]) -> str:
    """``Moves 38 demands (1.2 Gbit/s) off Bern->Milan, 127 % -> 89 %; most of it goes over Bern->Geneva.``"""
    column = moved[:, [link]].tocoo()
    is_off = column.data < -_LEAST_SHARE
    rows, shares = column.coords[0][is_off], -column.data[is_off]
    amount = scenario.traffic.rate_bps[rows] * shares
    elsewhere = amount @ np.clip(moved.tocsr()[rows].toarray(), 0, 1) if len(rows) else np.zeros(1)
    links = scenario.topology.links
    over = f"; most of it goes over {links[int(np.argmax(elsewhere))].id}" if elsewhere.max(initial=0.0) > 0 else ""
    change = f"{percent(float(utilization[0][link]))} \N{RIGHTWARDS ARROW} {percent(float(utilization[1][link]))}"
    if not len(rows):
        return f"{links[link].id} goes {change}."
    what = "1 demand" if len(rows) == 1 else f"{len(rows)} demands"
    return f"Moves {what} ({bits_per_second(float(amount.sum()))}) off {links[link].id}, {change}{over}."


def _taken(scenario: Scenario, before: FloatArray, after: FloatArray) -> str:
    rise = after - before
    link = int(np.argmax(rise)) if len(rise) else 0
    if not len(rise) or rise[link] < 1e-3:
        return ""
    change = f"{percent(float(before[link]))} \N{RIGHTWARDS ARROW} {percent(float(after[link]))}"
    return f"{int((rise > 1e-3).sum())} links carry more, {scenario.topology.links[link].id} most: {change}."


def _distance(scenario: Scenario, crossed: Sequence["csr_array"]) -> str:
    """What the detours cost in propagation delay, over all traffic."""
    rate, delay_s = scenario.traffic.rate_bps, scenario.topology.propagation_delay_s
    before, after = (float(rate @ (each @ delay_s)) for each in crossed)
    if not before > 0 or abs(after / before - 1) < 1e-3:
        return ""
    change = after / before - 1
    return f"Paths are {percent(abs(change))} {'longer' if change > 0 else 'shorter'} on average (propagation delay, weighted by traffic)."
