"""Random routing policies, from sensible to deliberately bad."""

from dataclasses import replace

import numpy as np

from nettwin.scenario import RoutingPolicy, ShortestPaths, Topology

POLICIES = ("hops", "ecmp", "random-metrics", "bad")


def random_policy(topology: Topology, rng: np.random.Generator) -> tuple[Topology, RoutingPolicy]:
    """The topology with its metrics, and the policy: fewest hops, ECMP, mildly random metrics, or metrics over two decades."""
    kind = POLICIES[int(rng.choice(4, p=(0.3, 0.25, 0.3, 0.15)))]
    policy = RoutingPolicy(ShortestPaths(has_ecmp=kind == "ecmp"))
    if kind == "random-metrics":
        return _with_metrics(topology, rng.uniform(1.0, 3.0, topology.n_links)), policy
    if kind == "bad":
        return _with_metrics(topology, np.exp(rng.uniform(0.0, np.log(100.0), topology.n_links))), policy
    return _with_metrics(topology, np.ones(topology.n_links)), policy


def _with_metrics(topology: Topology, metric: np.ndarray) -> Topology:
    links = zip(topology.links, metric.tolist(), strict=True)
    return replace(topology, links=tuple(replace(link, metric=value) for link, value in links))
