"""Graphs of others: attributes with names as in GraphML, completed with assumptions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nettwin.errors import FormatError
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.completion import complete
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.graphml import draft_of
from nettwin.formats.graphml.document import Document, Item
from nettwin.formats.imported import Imported
from nettwin.formats.node_link.graph import Attributes, NodeLinkGraph
from nettwin.formats.safe_input import DEFAULT_LIMITS, check_count


def foreign_scenario(graph: NodeLinkGraph, assumptions: Assumptions) -> Imported:
    """The scenario, and what was made or not understood."""
    log = CoverageLog()
    check_count(len(graph.nodes), "nodes", DEFAULT_LIMITS.items, graph.where)
    check_count(len(graph.edges), "edges", DEFAULT_LIMITS.items, graph.where)
    document = Document(data=_texts(graph.data, "graph", log))
    document.nodes.extend(_node(attributes, index, log) for index, attributes in enumerate(graph.nodes))
    ends = _Ends([node.id for node in document.nodes])
    for index, attributes in enumerate(graph.edges):
        document.edges.append(_edge(attributes, graph, index, ends, log))
    draft = draft_of(document, Path(graph.where), log)
    return Imported(complete(draft, assumptions, log), log.report())


def _node(attributes: Attributes, index: int, log: CoverageLog) -> Item:
    place = f"nodes[{index}]"
    name = _name(attributes.get("id", index), place)
    return Item(name, _texts(_with_position(attributes), place, log), place)


def _edge(attributes: Attributes, graph: NodeLinkGraph, index: int, ends: "_Ends", log: CoverageLog) -> Item:
    place = f"{graph.edges_key}[{index}]"
    for end in ("source", "target"):
        if end not in attributes:
            raise FormatError(f"its {end} is missing", where=f"{graph.where}: {place}")
    source, target = (ends.name_of(attributes[end], place) for end in ("source", "target"))
    rest = {key: value for key, value in attributes.items() if key not in ("source", "target")}
    return Item("", _texts(rest, place, log), place, source, target, graph.is_directed)


class _Ends:
    """What edges call nodes: by their ids or, in graphs of d3, by the positions of nodes whose ids are something else."""

    def __init__(self, nodes: list[str]) -> None:
        self._nodes, self._known = nodes, set(nodes)

    def name_of(self, value: Any, place: str) -> str:
        name = _name(value, place)
        is_position = isinstance(value, int) and name not in self._known and 0 <= value < len(self._nodes)
        return self._nodes[value] if is_position else name


def _name(value: Any, place: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise FormatError(f"{str(value)[:60]!r} is no name", where=place, hint="a text or a number")
    return str(value)


def _with_position(attributes: Attributes) -> Attributes:
    position = attributes.get("pos", attributes.get("position"))
    rest = {key: value for key, value in attributes.items() if key not in ("pos", "position", "id")}
    if isinstance(position, list | tuple) and len(position) == 2:
        return {**rest, "x": position[0], "y": position[1]}
    return {**rest, "pos": position} if position is not None else rest


def _texts(attributes: Attributes, place: str, log: CoverageLog) -> dict[str, str]:
    """Attributes as GraphML has them; what is no scalar is not understood."""
    texts = {}
    for key, value in attributes.items():
        if isinstance(value, str | int | float):
            texts[key] = str(value)
        elif value not in (None, {}, []):
            kind = "map" if isinstance(value, Mapping) else "list"
            log.unknown(f"{place.partition('[')[0]} {key[:60]}", place, f"a {kind} is not understood here")
    return texts
