"""How much capacity a network would have been given for its traffic."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nettwin.controlplane import link_loads
from nettwin.errors import ScenarioError
from nettwin.scenario import RoutingPolicy, Scenario, Topology, Traffic
from nettwin.scenario.arrays import FloatArray

MODULES_BPS = (1e9, 2.5e9, 10e9, 40e9, 100e9, 400e9)
"""Usual line rates: 1 GbE, OC-48, 10 GbE, OC-768 and 40 GbE, 100 GbE, 400 GbE."""


def dimension(
    topology: Topology,
    traffic: Traffic,
    *,
    max_utilization: float = 0.6,
    modules_bps: Sequence[float] = MODULES_BPS,
    policy: RoutingPolicy = RoutingPolicy(),
) -> Topology:
    """The topology with the smallest capacities that keep each link at or below ``max_utilization`` when nothing fails.

    All directions of a circuit get the same capacity: a single module, or as many of the largest one as it takes.
    """
    if not max_utilization > 0 or not modules_bps or min(modules_bps) <= 0:
        raise ScenarioError("no positive utilization or modules", where="dimensioning", hint="max_utilization > 0, modules_bps > 0")
    load_bps = link_loads(Scenario(topology, traffic, policy))
    capacity_bps = _installed(_largest_in_circuit(topology, load_bps) / max_utilization, np.sort(np.array(modules_bps, dtype=np.float64)))
    links = tuple(replace(link, capacity_bps=float(bps)) for link, bps in zip(topology.links, capacity_bps, strict=True))
    return replace(topology, links=links)


def _largest_in_circuit(topology: Topology, load_bps: FloatArray) -> FloatArray:  # [link]
    largest = np.array(load_bps)
    for members in topology.circuits.values():
        largest[list(members)] = load_bps[list(members)].max()
    return largest


def _installed(needed_bps: FloatArray, modules_bps: FloatArray) -> FloatArray:  # [link]
    smallest = np.searchsorted(modules_bps, needed_bps)
    several = np.ceil(needed_bps / modules_bps[-1]) * modules_bps[-1]
    return np.where(smallest < len(modules_bps), modules_bps[np.minimum(smallest, len(modules_bps) - 1)], several)
