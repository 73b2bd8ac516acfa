"""The gravity model: who is large sends much to who is large (Roughan et al., IMW 2002, in its simplest form)."""

from collections.abc import Sequence

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.scenario import INTERNET_MIX, ArrivalProcess, PacketSizes, Poisson, Topology, Traffic
from nettwin.scenario.arrays import FloatArray

SMALLEST_PRODUCT = 1e-200
"""Of the weights of any two nodes, relative to the largest weight: below, quotients overflow."""


def gravity_demands(
    topology: Topology,
    total_bps: float,
    rng: np.random.Generator | None = None,
    weights: Sequence[float] | FloatArray | None = None,
    *,
    arrivals: ArrivalProcess = Poisson(),
    packet_sizes: PacketSizes = INTERNET_MIX,
) -> Traffic:
    """A demand between any two nodes, in proportion to the product of their weights; the rates add up to ``total_bps``.

    Weights, as populations, are per node (0: takes no part); by default the capacity that leaves it. With an ``rng``, they
    are multiplied by log-normal noise, so that several matrices of one network differ.
    """
    if not 0 < total_bps < np.inf:
        raise ScenarioError(f"total_bps is {total_bps}", where="gravity demands", hint="it must be positive and finite")
    mass = _checked(capacity_weights(topology) if weights is None else weights, topology.n_nodes)
    if rng is not None:
        mass = mass / mass.max() * rng.lognormal(sigma=0.5, size=topology.n_nodes)
    return Traffic.from_matrix(gravity_matrix(mass, total_bps), arrivals=arrivals, packet_sizes=packet_sizes)


def gravity_matrix(weights: FloatArray, total_bps: float) -> FloatArray:  # [source, target]
    """Rates in proportion to the product of two weights, none from a node to itself. Raises ScenarioError if one node has all weight."""
    share = weights / weights.max()  # so that products neither overflow nor vanish
    product = np.outer(share, share)
    np.fill_diagonal(product, 0.0)
    if product.sum() < SMALLEST_PRODUCT:
        raise ScenarioError("one node has all the weight", where="gravity demands", hint="two nodes need weights of like size")
    return np.asarray(product / product.sum() * total_bps)


def capacity_weights(topology: Topology) -> FloatArray:  # [node]
    """The capacity of all links that leave a node."""
    return np.bincount(topology.link_source, weights=topology.capacity_bps, minlength=topology.n_nodes).astype(np.float64)


def degree_weights(topology: Topology) -> FloatArray:  # [node]
    """The number of links that leave a node."""
    return np.bincount(topology.link_source, minlength=topology.n_nodes).astype(np.float64)


def _checked(weights: Sequence[float] | FloatArray, n_nodes: int) -> FloatArray:
    mass = np.array(weights, dtype=np.float64)
    if mass.shape != (n_nodes,):
        raise ScenarioError(f"{mass.size} weights for {n_nodes} nodes", where="gravity demands", hint="give one per node")
    if not bool(np.all(np.isfinite(mass) & (mass >= 0))) or np.count_nonzero(mass) < 2:
        raise ScenarioError("weights are negative, infinite or all zero", where="gravity demands", hint="two nodes need one above zero")
    return mass
