"""Node-link data as it stands in the file, checked for its shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nettwin.errors import FormatError

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NodeLinkGraph:
    """Nodes and edges with their attributes."""

    where: str
    is_directed: bool
    data: Attributes
    nodes: tuple[Attributes, ...]
    edges: tuple[Attributes, ...]
    edges_key: str
    """``edges``, or ``links`` as networkx wrote before 3.4 and d3 does."""


def node_link_graph(data: object, where: str) -> NodeLinkGraph:
    """The graph in node-link data."""
    if not isinstance(data, Mapping):
        raise FormatError("no node-link object", where=where, hint="it has nodes, and edges or links")
    edges_key = "edges" if "edges" in data else "links"
    for key in ("nodes", edges_key):
        if not isinstance(data.get(key), list) or not all(isinstance(item, Mapping) for item in data[key]):
            raise FormatError(f"{key} is no list of objects", where=where, hint="node-link data has nodes, and edges or links")
    graph = data.get("graph", {})
    return NodeLinkGraph(
        where=where,
        is_directed=data.get("directed") is True,
        data=_pairs(graph),
        nodes=tuple(data["nodes"]),
        edges=tuple(data[edges_key]),
        edges_key=edges_key,
    )


def _pairs(graph: Any) -> Attributes:
    """networkx 1 wrote the attributes of a graph as a list of pairs."""
    if isinstance(graph, list):
        return {str(item[0]): item[1] for item in graph if isinstance(item, list) and len(item) == 2}
    return graph if isinstance(graph, Mapping) else {}
