"""Families of random and regular networks. All are connected; every circuit has two directions of equal capacity and delay."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.generate.networks import DEFAULT_CAPACITY_BPS, MAP_CORNERS, Edge, connected, distances, edges_of, network, random_positions
from nettwin.scenario import Topology
from nettwin.scenario.arrays import FloatArray


def erdos_renyi(n_nodes: int, rng: np.random.Generator, mean_degree: float = 3.5) -> Topology:
    """Any two nodes are joined with the same probability."""
    positions = random_positions(n_nodes, rng)
    is_joined = rng.random((n_nodes, n_nodes)) < mean_degree / max(n_nodes - 1, 1)
    return network(positions, connected(edges_of(np.triu(is_joined, 1)), positions))


def barabasi_albert(n_nodes: int, rng: np.random.Generator, links_per_node: int = 2) -> Topology:
    """Each new node joins those that have many neighbours already (Barabási & Albert, Science 1999): few hubs, many leaves."""
    positions = random_positions(n_nodes, rng)
    core = min(links_per_node + 1, n_nodes)
    edges = [(a, b) for b in range(core) for a in range(b)]
    for node in range(core, n_nodes):
        degree = np.bincount(np.array(edges).ravel(), minlength=node).astype(np.float64)
        chosen = rng.choice(node, size=links_per_node, replace=False, p=degree / degree.sum())
        edges += [(int(other), node) for other in chosen]
    return network(positions, edges)


def waxman(n_nodes: int, rng: np.random.Generator, mean_degree: float = 3.5, reach: float = 0.15) -> Topology:
    """Near nodes are joined rather than far ones (Waxman, JSAC 1988): exp(-distance / (reach * largest distance))."""
    positions = random_positions(n_nodes, rng)
    distance = distances(positions)
    nearness = np.triu(np.exp(-distance / (reach * distance.max())), 1)
    probability = nearness * (mean_degree * n_nodes / 2 / nearness.sum())
    return network(positions, connected(edges_of(rng.random(distance.shape) < probability), positions))


def gabriel(n_nodes: int, rng: np.random.Generator) -> Topology:
    """Two nodes are joined if no third lies in the circle between them (Gabriel & Sokal 1969): like real fibre networks."""
    positions = random_positions(n_nodes, rng)
    squared = distances(positions) ** 2
    edges: list[Edge] = []
    for node in range(n_nodes):
        through = squared[node][:, None] + squared  # [third, other]: squared way from node over a third one
        through[node] = np.inf
        np.fill_diagonal(through, np.inf)
        edges += [(node, int(other)) for other in np.flatnonzero(through.min(axis=0) >= squared[node]) if other > node]
    return network(positions, edges)


def ring(n_nodes: int, rng: np.random.Generator | None = None) -> Topology:
    """Each node has two neighbours."""
    if n_nodes < 3:
        raise ScenarioError(f"{n_nodes} nodes", where="ring", hint="a ring has three or more")
    angle = 2 * np.pi * np.arange(n_nodes) / n_nodes
    return network(_on_map(np.column_stack([np.cos(angle), np.sin(angle)])), [(i, (i + 1) % n_nodes) for i in range(n_nodes)])


def grid(n_nodes: int, rng: np.random.Generator | None = None) -> Topology:
    """Rows and columns, as square as ``n_nodes`` allows: the last row may be shorter."""
    columns = int(np.ceil(np.sqrt(n_nodes)))
    row, column = np.divmod(np.arange(n_nodes), columns)
    across = [(i, i + 1) for i in range(n_nodes - 1) if column[i + 1] > 0]
    down = [(i, i + columns) for i in range(n_nodes - columns)]
    return network(_on_map(np.column_stack([column, -row]).astype(np.float64)), [*across, *down])


def fat_tree(n_ports: int, *, capacity_bps: float = DEFAULT_CAPACITY_BPS) -> Topology:
    """The switches of a data center, all with ``n_ports`` ports (Al-Fares et al., SIGCOMM 2008), tagged by their layer.

    (n_ports / 2)^2 core switches, and in each of n_ports pods n_ports / 2 aggregation and as many edge switches.
    """
    if n_ports < 2 or n_ports % 2:
        raise ScenarioError(f"{n_ports} ports", where="fat tree", hint="give an even number, 2 or more")
    half = n_ports // 2
    n_core, n_pods = half * half, n_ports
    layers = ["core"] * n_core + (["aggregation"] * half + ["edge"] * half) * n_pods
    edges: list[Edge] = []
    for pod in range(n_pods):
        aggregation = n_core + pod * n_ports
        edges += [(group * half + port, aggregation + group) for group in range(half) for port in range(half)]
        edges += [(aggregation + upper, aggregation + half + lower) for upper in range(half) for lower in range(half)]
    # One building: all switches at one place, so no propagation delay.
    return network(np.zeros((len(layers), 2)), edges, capacity_bps=capacity_bps, tags=layers)


def _on_map(shape: FloatArray) -> FloatArray:
    """A figure stretched over the map."""
    low, high = np.array(MAP_CORNERS)
    width = np.ptp(shape, axis=0)
    return np.asarray(low + (shape - shape.min(axis=0)) / np.where(width > 0, width, 1.0) * (high - low))


FAMILIES: Mapping[str, Callable[[int, np.random.Generator], Topology]] = MappingProxyType(
    {
        "erdos-renyi": erdos_renyi,
        "barabasi-albert": barabasi_albert,
        "waxman": waxman,
        "gabriel": gabriel,
        "ring": ring,
        "grid": grid,
    }
)
"""The families that take a number of nodes and a generator of random numbers."""
