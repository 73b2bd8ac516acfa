"""The shortest way that a path rule allows, whatever the forwarding does; and how to order it with few segments."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from nettwin.optimize.steering.detours import Detour
from nettwin.optimize.steering.path_rules import PathRule
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Topology
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

Route = tuple[int, ...]
"""Indices of links that follow each other."""


@dataclass(frozen=True, eq=False)
class RouteSearch:
    """The network under a rule, as a graph of places: a node and how many waypoints of each sequence lie behind."""

    topology: Topology
    rule: PathRule

    @cached_property
    def states(self) -> list[tuple[int, ...]]:
        """Waypoints passed of each sequence; the last one is complete."""
        return list(product(*(range(len(sequence) + 1) for sequence in self.rule.sequences)))

    @cached_property
    def after(self) -> IntArray:  # [state, node]
        """The state once a node has been passed too."""
        number = {state: index for index, state in enumerate(self.states)}
        arrived = [[number[self._advance(state, node)] for node in range(self.topology.n_nodes)] for state in self.states]
        return np.array(arrived, dtype=np.int64)

    def shortest(
        self, source: int, target: int, *, weight: FloatArray | None = None, is_closed: BoolArray | None = None
    ) -> tuple[Route, float] | None:
        """The links of the walk of least total weight (by default propagation delay) that keeps to via, avoid and hops, and its weight.

        Exact: layer by layer of hops. The stretch is not looked at: by default nothing shorter exists. None: there is no way.
        """
        topology = self.topology
        weight = topology.propagation_delay_s if weight is None else weight
        is_open = topology.link_is_up & ~self.rule.is_avoided
        links = np.flatnonzero(is_open if is_closed is None else is_open & ~is_closed)
        layers = self._layers(source, links, weight[links])
        at_end = [layer.cost[-1, target] for layer in layers]
        if not np.isfinite(at_end).any():
            return None
        best = int(np.argmin(at_end))
        return self._back(layers[: best + 1], target, links), float(at_end[best])

    def _layers(self, source: int, links: IntArray, weight: FloatArray) -> "list[_Layer]":
        """Least weights with exactly so many hops, until nothing gets cheaper."""
        n_states, n_nodes = self.after.shape
        cost = np.full((n_states, n_nodes), np.inf)
        cost[self.after[0, source], source] = 0.0
        least, layers = cost.copy(), [_Layer(cost, np.full(cost.shape, -1), np.full(cost.shape, -1))]
        starts, ends = self.topology.link_source[links], self.topology.link_target[links]
        arrived = self.after[:, ends]  # [state, link]
        place = (arrived * n_nodes + ends).ravel()
        for _ in range(int(min(self.rule.max_hops, n_states * n_nodes))):
            offered = (layers[-1].cost[:, starts] + weight).ravel()
            layer = _Layer(np.full(cost.shape, np.inf), np.full(cost.shape, -1), np.full(cost.shape, -1))
            order = np.argsort(-offered, kind="stable")  # of several that arrive at a place the cheapest is written last
            layer.cost.ravel()[place[order]] = offered[order]
            state, link = np.divmod(order, max(1, len(links)))
            layer.link.ravel()[place[order]] = link
            layer.state.ravel()[place[order]] = state
            is_worse = layer.cost >= least  # with more hops: never part of a better way
            layer.cost[is_worse] = np.inf
            if is_worse.all():
                break
            least = np.minimum(least, layer.cost)
            layers.append(layer)
        return layers

    def _back(self, layers: "list[_Layer]", target: int, links: IntArray) -> Route:
        state, node, route = len(self.states) - 1, target, list[int]()
        for layer in reversed(layers[1:]):
            link = int(links[layer.link[state, node]])
            state, node = int(layer.state[state, node]), int(self.topology.link_source[link])
            route.append(link)
        return tuple(reversed(route))

    def _advance(self, state: tuple[int, ...], node: int) -> tuple[int, ...]:
        passed = []
        for count, sequence in zip(state, self.rule.sequences, strict=True):
            here = count
            while here < len(sequence) and sequence[here, node]:
                here += 1
            passed.append(here)
        return tuple(passed)


@dataclass(frozen=True, eq=False)
class _Layer:
    cost: FloatArray  # [state, node]
    link: IntArray  # [state, node] place among the open links of the last hop
    state: IntArray  # [state, node] before the last hop


def detour_along(vectors: SegmentVectors, topology: Topology, route: Route) -> Detour:
    """The fewest segments that lead exactly along a route: each goes as far as the forwarding follows it alone, and one link more."""
    detour, first = list[int](), 0
    stops = [int(topology.link_source[route[0]]), *(int(topology.link_target[link]) for link in route)]
    while first < len(route):
        last = first
        while last < len(route) and _leads_alone(vectors, stops[first], stops[last + 1], route[first : last + 1]):
            last += 1
        if last == len(route):
            break
        detour.append(~route[last])
        first = last + 1
    return tuple(detour)


def _leads_alone(vectors: SegmentVectors, start: int, end: int, route: Route) -> bool:
    links, fractions = vectors.between(start, end)
    return (
        len(links) == len(route)
        and bool(vectors.is_reachable[start, end])
        and bool((fractions > 1 - 1e-9).all())
        and set(links.tolist()) == set(route)
    )
