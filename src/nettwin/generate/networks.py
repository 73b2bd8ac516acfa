"""From positions and edges to a topology."""

from collections.abc import Iterable, Sequence

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.generate.geography import fibre_delay_s
from nettwin.scenario import Link, Node, Topology
from nettwin.scenario.arrays import BoolArray, FloatArray

Edge = tuple[int, int]

DEFAULT_CAPACITY_BPS = 10e9
MAP_CORNERS = ((-5.0, 37.0), (25.0, 60.0))
"""Longitude and latitude of the south-west and north-east corner of the map that random networks lie on: about Europe."""


def network(
    positions: FloatArray, edges: Iterable[Edge], *, capacity_bps: float = DEFAULT_CAPACITY_BPS, tags: Sequence[str] = ()
) -> Topology:
    """Nodes ``n0``, ``n1``, ... and a circuit of two links for each edge, as long as the way between its ends.

    ``positions`` [node, 2] are longitudes and latitudes; ``tags`` has one per node, or none at all.
    """
    ids = [f"n{index}" for index in range(len(positions))]
    places = [(float(longitude), float(latitude)) for longitude, latitude in positions]
    nodes = tuple(Node(name, position=place, tags=tuple(tags[i : i + 1])) for i, (name, place) in enumerate(zip(ids, places, strict=True)))
    links = []
    for a, b in sorted({(min(edge), max(edge)) for edge in edges}):
        delay_s = fibre_delay_s(places[a], places[b])
        links += [_link(ids[source], ids[target], f"{ids[a]}--{ids[b]}", capacity_bps, delay_s) for source, target in ((a, b), (b, a))]
    return Topology(nodes, tuple(links))


def random_positions(n_nodes: int, rng: np.random.Generator) -> FloatArray:  # [node, 2]
    """Places drawn evenly from the map."""
    if n_nodes < 2:
        raise ScenarioError(f"{n_nodes} nodes", where="random network", hint="ask for two or more")
    return rng.uniform(*MAP_CORNERS, size=(n_nodes, 2))


def distances(positions: FloatArray) -> FloatArray:  # [node, node]
    """Distances on the flat map, in degrees."""
    return np.asarray(np.linalg.norm(positions[:, None] - positions[None], axis=2))


def edges_of(adjacency: BoolArray) -> list[Edge]:
    """The pairs that are adjacent in either direction."""
    sources, targets = np.nonzero(np.triu(adjacency | adjacency.T, 1))
    return list(zip(sources.tolist(), targets.tolist(), strict=True))


def connected(edges: Iterable[Edge], positions: FloatArray) -> list[Edge]:
    """The edges, and as many of the shortest possible others as it takes to hold the network together."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    edges, distance, n_nodes = list(edges), distances(positions), len(positions)
    while True:
        ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
        graph = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n_nodes, n_nodes))
        n_parts, part = connected_components(graph, directed=False)
        if n_parts == 1:
            return edges
        gap = np.where((part == 0)[:, None] & (part != 0)[None], distance, np.inf)
        source, target = divmod(int(np.argmin(gap)), n_nodes)
        edges.append((source, target))


def _link(source: str, target: str, circuit: str, capacity_bps: float, delay_s: float) -> Link:
    return Link(f"{source}->{target}", source, target, capacity_bps, propagation_delay_s=delay_s, circuit=circuit)
