"""Loads after each of many failures: only what a failure moves is computed anew."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nettwin.controlplane.forwarding import Forwarding, forward, forwarding_of
from nettwin.controlplane.itineraries import Itineraries, plan_itineraries
from nettwin.controlplane.loads import entering_flows, loads_of
from nettwin.controlplane.steering import SteeredTraffic, is_steered
from nettwin.scenario import ForwardingTable, Scenario
from nettwin.scenario.arrays import FloatArray, IntArray, frozen

if TYPE_CHECKING:
    from nettwin.controlplane.rerouting import Intact

PLAIN_DEMANDS, PLAIN_BPS, SEGMENTS = 0, 1, 2
"""What is counted of all that a failure cuts off."""


@dataclass(frozen=True, eq=False)
class FailureLoads:
    """Loads and what has no path, a row per failure."""

    load_bps: FloatArray  # [failure, link]
    n_unreachable: IntArray  # [failure] demands without any path
    unreachable_bps: FloatArray  # [failure] their traffic, and what is black-holed of others


def loads_after_failures(scenario: Scenario, failures: Sequence[Sequence[int]]) -> FailureLoads:
    """The loads when all links of one failure are down beside those that are down already, for each failure on its own.

    Uses all processors; the answer does not depend on their number.
    """
    forwarding = forwarding_of(scenario)
    itineraries = plan_itineraries(scenario, forwarding)
    load, cut = _rerouted(scenario, forwarding, itineraries, failures)
    n_before, bps_before = count_unreachable(itineraries, scenario.traffic.rate_bps)
    n_unreachable, unreachable_bps = n_before + cut[:, PLAIN_DEMANDS].round().astype(np.int64), bps_before + cut[:, PLAIN_BPS]
    steered = SteeredTraffic.of(scenario, itineraries)
    for row, links in enumerate(failures):
        hit = steered.crossing(links)
        if cut[row, SEGMENTS] > 0 or not steered.is_explicit[hit].all():  # another choice of segment lists
            load[row], n_unreachable[row], unreachable_bps[row] = loads_without(scenario, forwarding, links)
        elif len(hit):
            loss = steered.loss(hit, len(load[row]))
            left = load[row] - loss.load_bps
            load[row] = np.where(left > 1e-13 * load[row], left, 0.0)  # all of it has left, but for rounding
            n_unreachable[row] += loss.n_unreachable
            unreachable_bps[row] += loss.unreachable_bps
    return FailureLoads(frozen(load), frozen(n_unreachable), frozen(unreachable_bps))


def loads_without(scenario: Scenario, forwarding: Forwarding, links: Sequence[int]) -> tuple[FloatArray, int, float]:
    """Loads, unreachable demands and unreachable bit/s when some links are down, computed from scratch."""
    is_up = forwarding.graph.is_up.copy()
    is_up[list(links)] = False
    after = forward(scenario, replace(forwarding.graph, is_up=is_up))
    itineraries = plan_itineraries(scenario, after)
    rate_bps = scenario.traffic.rate_bps
    return loads_of(itineraries, rate_bps, after), *count_unreachable(itineraries, rate_bps)


def count_unreachable(itineraries: Itineraries, rate_bps: FloatArray) -> tuple[int, float]:
    """Demands of which nothing arrives, and the traffic of all demands that has no way, in bit/s."""
    lost = 1.0 - np.bincount(itineraries.demand, weights=itineraries.share, minlength=len(rate_bps))
    lost[lost < 1e-9] = 0.0  # shares of several lists add up to 1 but for rounding
    return int(np.sum(lost > 1.0 - 1e-9)), float(lost @ rate_bps)


def _rerouted(
    scenario: Scenario, forwarding: Forwarding, itineraries: Itineraries, failures: Sequence[Sequence[int]]
) -> tuple[FloatArray, FloatArray]:
    """Loads [failure, link] and what is cut off [failure, quantity], but for explicit paths and other choices of segment lists."""
    from nettwin.controlplane.rerouting import loads_without_links

    intact, cut_off = _before(scenario, forwarding, itineraries)
    offsets = np.concatenate([[0], np.cumsum([len(links) for links in failures])]).astype(np.int64)
    links = np.array([link for each in failures for link in each], dtype=np.int64)
    load, cut = np.zeros((len(failures), forwarding.graph.n_links)), np.zeros((len(failures), len(cut_off)))

    def compute(first: int, last: int) -> None:
        loads_without_links(intact, cut_off, offsets[first : last + 1], links, load[first:last], cut[first:last])

    _in_parallel(compute, len(failures))
    return load, cut


def _before(scenario: Scenario, forwarding: Forwarding, itineraries: Itineraries) -> tuple["Intact", FloatArray]:
    from nettwin.controlplane.kernels import columns_of, push_flows
    from nettwin.controlplane.rerouting import Intact, lay_out

    rate_bps, steered, base = scenario.traffic.rate_bps, is_steered(scenario), scenario.policy.base
    quantities = (np.where(steered, 0.0, 1.0), np.where(steered, 0.0, rate_bps), np.where(steered, 1.0, 0.0))
    cut_off = np.stack([entering_flows(itineraries, quantity, forwarding)[0] for quantity in quantities])
    entering, ordered_load = entering_flows(itineraries, rate_bps, forwarding)
    flow = entering.copy()
    passing = cut_off[PLAIN_DEMANDS] + cut_off[SEGMENTS]
    graph = columns_of(forwarding.graph)
    load = push_flows(graph, forwarding.order, forwarding.is_next, flow)
    load[0] += ordered_load
    push_flows(graph, forwarding.order, forwarding.is_next, passing)
    intact = Intact(
        graph,
        forwarding.distance,
        forwarding.is_next,
        lay_out(graph, forwarding.order, forwarding.is_next),
        entering,
        flow,
        passing,
        load,
        forwarding.graph.tolerance,
        isinstance(base, ForwardingTable) or base.has_ecmp,
        isinstance(base, ForwardingTable),
    )
    return intact, cut_off


def _in_parallel(compute: Callable[[int, int], None], n_rows: int) -> None:
    """Rows in many small parts, for some failures move much more than others."""
    import numba

    part = max(1, min(32, n_rows // 8))
    bounds = [(first, min(first + part, n_rows)) for first in range(0, n_rows, part)]
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        list(pool.map(lambda bound: compute(*bound), bounds))
