"""Compiled: trying one IGP metric after the other, with only those targets routed anew whose paths it touches.

After Fortz & Thorup, "Internet traffic engineering by optimizing OSPF weights" (2000): moves are differences of distances at which some
traffic is shared between equal paths, or leaves a path altogether, so that no metric is tried in vain.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.controlplane.kernels import Columns, leads_nearer
from nettwin.scenario.arrays import FloatArray, IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(
    _FOLDER,
    [path for folder in (_FOLDER, _FOLDER.parent / "steering", _FOLDER.parents[1] / "controlplane") for path in folder.glob("*.py")],
)


class Igp(NamedTuple):
    """What does not change while metrics do."""

    graph: Columns  # its metrics change in place
    capacity: FloatArray  # [link]
    flow: FloatArray  # [target, node] traffic that enters at a node and is forwarded to the target
    home: FloatArray  # [link] metrics to begin with
    unit: float  # the least difference between two metrics
    largest: float  # the largest metric
    tolerance: float  # relative, for equal cost
    has_ecmp: bool


class Routes(NamedTuple):
    """Where traffic flows under the present metrics; changed in place."""

    distance: FloatArray  # [target, node]
    carried: FloatArray  # [target, link]
    load: FloatArray  # [link]


@compiled
def measure(graph: Columns, target: int, distance: FloatArray, order: IntArray) -> int:
    """Fill in the distances [node] to a target and the nodes it can be reached from, the nearest first; returns how many."""
    n_nodes, n_known = len(distance), 0
    distance[:] = np.inf
    distance[target] = 0.0
    is_known = np.zeros(n_nodes, dtype=np.bool_)
    while True:
        nearest, least = -1, np.inf
        for node in range(n_nodes):
            if not is_known[node] and distance[node] < least:
                nearest, least = node, distance[node]
        if nearest < 0:
            return n_known
        is_known[nearest] = True
        order[n_known] = nearest
        n_known += 1
        for place in range(graph.in_offsets[nearest], graph.in_offsets[nearest + 1]):
            link = graph.in_links[place]
            if graph.is_up[link]:
                distance[graph.source[link]] = min(distance[graph.source[link]], least + graph.metric[link])


@compiled
def carry(igp: Igp, target: int, distance: FloatArray, order: IntArray, n_known: int, carried: FloatArray) -> None:
    """Fill in what each link carries towards a target."""
    graph, passing = igp.graph, igp.flow[target].copy()
    carried[:] = 0.0
    for position in range(n_known - 1, 0, -1):
        node = order[position]
        if passing[node] <= 0.0:
            continue
        n_next = 0
        for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
            link = graph.out_links[place]
            if graph.is_up[link] and leads_nearer(distance, node, graph.target[link], graph.metric[link], igp.tolerance):
                n_next += 1
                carried[link] = 1.0
                if not igp.has_ecmp:
                    break
        for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
            link = graph.out_links[place]
            if carried[link] == 1.0 and graph.is_up[link]:
                carried[link] = passing[node] / n_next
                passing[graph.target[link]] += carried[link]


@compiled
def route_all(igp: Igp, routes: Routes) -> None:
    """Fill in the routes to all targets; the load is added to."""
    order = np.empty(len(routes.distance), dtype=np.int64)
    for target in range(len(routes.distance)):
        n_known = measure(igp.graph, target, routes.distance[target], order)
        carry(igp, target, routes.distance[target], order, n_known, routes.carried[target])
        for link in range(len(routes.load)):
            routes.load[link] += routes.carried[target, link]


@compiled
def smooth_maximum(load: FloatArray, capacity: FloatArray, sharpness: float) -> float:
    """Of the utilization: the maximum, and a little more for every link that is nearly as full."""
    top = 0.0
    for link in range(len(load)):
        top = max(top, load[link] / capacity[link])
    total = 0.0
    for link in range(len(load)):
        total += np.exp(sharpness * (load[link] / capacity[link] / top - 1.0))
    return float(top * (1.0 + np.log(total) / sharpness))


@compiled
def hottest(routes: Routes, capacity: FloatArray, chance: FloatArray) -> int:
    """The fullest link, or now and then the fullest of a few."""
    n_links, best, most = len(capacity), -1, -1.0
    for link in range(n_links):
        if chance[0] > 0.6 and (link * 0.6180339887 + chance[1]) % 1.0 > 0.2:
            continue
        if routes.load[link] / capacity[link] > most:
            best, most = link, routes.load[link] / capacity[link]
    return best


@compiled
def some_target(igp: Igp, routes: Routes, link: int, uses: bool, chance: float) -> int:
    """A target whose traffic crosses the link, or passes its source and does not cross it; -1: there is none."""
    n_targets, source = len(routes.distance), igp.graph.source[link]
    first = int(chance * n_targets)
    for step in range(n_targets):
        target = (first + step) % n_targets
        if uses and routes.carried[target, link] > 0.0:
            return target
        if not uses and target != source and routes.carried[target, link] == 0.0 and routes.distance[target, source] < np.inf:
            return target
    return -1


@compiled
def new_metric(igp: Igp, routes: Routes, link: int, rises: bool, chance: FloatArray) -> float:
    """A metric at which some traffic leaves the link or comes to it; the present one where there is none."""
    graph, now = igp.graph, igp.graph.metric[link]
    target = some_target(igp, routes, link, rises, chance[2])
    if target < 0:
        return float(now)
    node, extra = graph.source[link], 0.0 if chance[3] < 0.5 else igp.unit
    own = routes.distance[target, node]
    if not rises:
        gap = now + routes.distance[target, graph.target[link]] - own
        return float(max(igp.unit, now - gap - extra)) if gap < np.inf else float(now)
    other = np.inf
    for place in range(graph.out_offsets[node], graph.out_offsets[node + 1]):
        each = graph.out_links[place]
        if each != link and graph.is_up[each]:
            other = min(other, graph.metric[each] + routes.distance[target, graph.target[each]])
    return float(min(igp.largest, now + (other - own) + extra)) if other < np.inf else float(now)


@compiled
def propose(igp: Igp, routes: Routes, chance: FloatArray) -> tuple[int, float]:
    """A link and another metric for it."""
    graph, n_links = igp.graph, len(igp.capacity)
    if chance[4] < 0.55:
        link = hottest(routes, igp.capacity, chance[5:])
        return link, new_metric(igp, routes, link, True, chance)
    link = min(int(chance[5] * n_links), n_links - 1)
    if chance[4] < 0.9:
        return link, new_metric(igp, routes, link, chance[6] < 0.3, chance)
    return link, igp.home[link] if chance[6] < 0.5 else graph.metric[min(int(chance[7] * n_links), n_links - 1)]


@compiled
def is_touched(igp: Igp, routes: Routes, target: int, link: int, metric: float) -> bool:
    """Whether the paths to a target may change with a link's metric."""
    own, behind = routes.distance[target, igp.graph.source[link]], routes.distance[target, igp.graph.target[link]]
    slack = igp.tolerance * abs(own) if own < np.inf else 0.0
    return bool(behind < np.inf and behind + min(metric, igp.graph.metric[link]) <= own + slack)


@compiled
def try_metrics(igp: Igp, routes: Routes, chances: FloatArray, sharpness: float, temperature: float, most_changes: int) -> int:
    """Try one proposal after the other, and keep those that lower the smooth maximum, or raise it by little; how many were kept.

    ``chances`` [trial, 10] are uniform random numbers; ``temperature`` is relative to the maximum.
    """
    n_targets, n_links = routes.carried.shape
    distance, carried = np.empty((n_targets, n_targets)), np.empty((n_targets, n_links))
    touched, order, load = np.empty(n_targets, dtype=np.int64), np.empty(n_targets, dtype=np.int64), np.empty(n_links)
    metric, n_kept = igp.graph.metric, 0
    n_changes = np.sum(metric != igp.home)
    value = smooth_maximum(routes.load, igp.capacity, sharpness)
    for trial in range(len(chances)):
        link, wanted = propose(igp, routes, chances[trial])
        before = metric[link]
        n_after = n_changes - (before != igp.home[link]) + (wanted != igp.home[link])
        if wanted == before or not igp.graph.is_up[link] or n_after > max(most_changes, n_changes - 1):
            continue
        n_touched = 0
        for target in range(n_targets):
            if is_touched(igp, routes, target, link, wanted):
                touched[n_touched] = target
                n_touched += 1
        metric[link] = wanted
        load[:] = routes.load
        for index in range(n_touched):
            target = touched[index]
            n_known = measure(igp.graph, target, distance[index], order)
            carry(igp, target, distance[index], order, n_known, carried[index])
            for each in range(n_links):
                load[each] += carried[index, each] - routes.carried[target, each]
        after = smooth_maximum(load, igp.capacity, sharpness)
        if after > value * (1.0 - temperature * np.log(max(chances[trial, 9], 1e-12))) or (temperature == 0.0 and after > value):
            metric[link] = before
            continue
        value, n_changes, n_kept = after, n_after, n_kept + 1
        routes.load[:] = load
        for index in range(n_touched):
            routes.distance[touched[index]] = distance[index]
            routes.carried[touched[index]] = carried[index]
    return n_kept


@compiled
def restore(igp: Igp, routes: Routes, fixed: FloatArray, metric: FloatArray) -> None:
    """Go on from other metrics; ``fixed`` is what crosses links by order."""
    igp.graph.metric[:] = metric
    routes.load[:] = fixed
    route_all(igp, routes)
