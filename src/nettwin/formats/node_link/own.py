"""Graphs that nettwin wrote: nodes and links as attributes, the rest of the document beside them."""

from typing import Any

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.imported import Imported
from nettwin.formats.node_link.graph import NodeLinkGraph
from nettwin.formats.yaml import validated
from nettwin.formats.yaml.loading import scenario_of
from nettwin.formats.yaml.places import Places
from nettwin.formats.yaml.saving import document_of
from nettwin.scenario import Scenario
from nettwin.scenario.plain import to_plain

OWN = "nettwin"
"""The attribute of the graph that holds the document without its nodes and links."""
INDEX = "index"
"""The attribute of an edge that holds the link's position, which is that of its row in a performance."""


def node_link_of(scenario: Scenario) -> dict[str, Any]:
    """A directed multigraph with links as edges, keyed by their ids; networkx's ``node_link_graph`` reads it."""
    document = document_of(scenario, has_text_tables=False)
    rest = {key: value for key, value in document.items() if key not in ("name", "nodes", "links", "scheduling")}
    return {
        "directed": True,
        "multigraph": True,
        "nodes": [{**to_plain(node), "id": node.id} for node in scenario.topology.nodes],
        "edges": [{**to_plain(link), "key": link.id, INDEX: index} for index, link in enumerate(scenario.topology.links)],
        # last, so that the head of a file shows what it is
        "graph": {"name": scenario.name, OWN: rest},
    }


def own_scenario(graph: NodeLinkGraph) -> Imported:
    """The scenario in a graph that nettwin wrote, perhaps with nodes and edges that others have changed since."""
    places, rest = Places(graph.where), graph.data[OWN]
    if not isinstance(rest, dict):
        raise FormatError("it is no map", where=f"{graph.where}: graph.{OWN}")
    edges = sorted(graph.edges, key=_position)
    links = [_link(edge) for edge in edges]
    name = graph.data.get("name", "")
    document = validated({**rest, "name": name, "nodes": list(graph.nodes), "links": links}, places)
    log = CoverageLog()
    return Imported(scenario_of(document, places, log), log.report())


def _position(edge: Any) -> float:
    index = edge.get(INDEX)
    return index if isinstance(index, int) else float("inf")


def _link(edge: Any) -> dict[str, Any]:
    attributes = {key: value for key, value in edge.items() if key not in ("key", INDEX)}
    return {"id": edge["key"], **attributes} if isinstance(edge.get("key"), str) else attributes
