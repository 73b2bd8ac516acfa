"""Explicit paths: links in order, that nothing reroutes."""

from collections.abc import Sequence
from itertools import pairwise
from math import isclose

from nettwin.controlplane.graph import LinkGraph
from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.scenario import ExplicitPath, Topology


def explicit_itineraries(
    demand: str, paths: Sequence[ExplicitPath], ends: tuple[int, int], topology: Topology, graph: LinkGraph
) -> list[tuple[float, tuple[int, ...]]]:
    """Share and legs of each path; one over a failed link is left out, its share is black-holed.

    Raises ScenarioError where a path is not connected from the demand's source to its target, or the shares do not add up to 1.
    """
    _check_shares(demand, paths)
    routes = [(path.share, _links(demand, path, topology)) for path in paths]
    for _, links in routes:
        _check_connected(demand, links, ends, topology)
    return [(share, tuple(~link for link in links)) for share, links in routes if share > 0 and all(graph.is_up[link] for link in links)]


def _check_shares(demand: str, paths: Sequence[ExplicitPath]) -> None:
    total = sum(path.share for path in paths)
    if not (isclose(total, 1.0, abs_tol=1e-6) and all(path.share >= 0 for path in paths)):
        shares = ", ".join(f"{path.share:g}" for path in paths) or "none"
        raise ScenarioError(f"shares of its explicit paths: {shares}", where=f"demand {demand!r}", hint="not negative, with sum 1")


def _links(demand: str, path: ExplicitPath, topology: Topology) -> list[int]:
    for name in path.links:
        if name not in topology.link_index:
            raise UnknownNameError.among("link", name, topology.link_index, where=f"demand {demand!r}: explicit path")
    return [topology.link_index[name] for name in path.links]


def _check_connected(demand: str, links: Sequence[int], ends: tuple[int, int], topology: Topology) -> None:
    stops = [(ends[0], ends[0]), *((int(topology.link_source[i]), int(topology.link_target[i])) for i in links), (ends[1], ends[1])]
    for (_, here), (there, _) in pairwise(stops):
        if here != there:
            raise ScenarioError(
                f"its explicit path stops at {topology.nodes[here].id!r} and goes on at {topology.nodes[there].id!r}",
                where=f"demand {demand!r}",
                hint="list connected links from its source to its target",
            )
