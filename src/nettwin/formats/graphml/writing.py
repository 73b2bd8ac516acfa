"""Scenarios as GraphML text, with Topology Zoo's names where it has them."""

from collections.abc import Iterator, Mapping

from nettwin.formats.circuits import Names, Pair, undirected_pairs
from nettwin.formats.graphml import attributes
from nettwin.formats.numbers import number_text
from nettwin.formats.xml_writing import attribute, content, writable
from nettwin.scenario import Link, Node, Scenario

CREATOR = ("WrittenBy", "nettwin")
"""Files with it keep their node ids: they are names, not numbers; and the graph's id is the scenario's name."""
_NODE_KEYS = ("label", "Longitude", "Latitude", attributes.TAGS)
_EDGE_KEYS = (attributes.SPEED, "metric", attributes.DELAY_S, attributes.CIRCUIT, attributes.LINK_ID, attributes.TAGS)
_NUMBERS = {"Longitude", "Latitude", attributes.SPEED, "metric", attributes.DELAY_S}


def text_of(scenario: Scenario) -> str:
    """The nodes and links as one graph."""
    names = Names()
    ids = {node.id: names.unique(writable(node.id)) for node in scenario.topology.nodes}
    pairs = undirected_pairs(scenario.topology)
    graph_data = {**scenario.topology.metadata, CREATOR[0]: CREATOR[1]}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">']
    for domain, keys in (("graph", tuple(graph_data)), ("node", _NODE_KEYS), ("edge", _EDGE_KEYS)):
        lines += [_key(name, domain) for name in keys]
    lines.append(f'<graph id={attribute(scenario.name)} edgedefault="{"directed" if pairs is None else "undirected"}">')
    lines += _data(graph_data, "graph")
    lines += [line for node in scenario.topology.nodes for line in _node(node, ids)]
    lines += [line for edge in (_directed(scenario, ids) if pairs is None else _undirected(pairs, ids)) for line in edge]
    return "\n".join([*lines, "</graph>", "</graphml>", ""])


def _key(name: str, domain: str) -> str:
    kind = "double" if name in _NUMBERS else "string"
    return f'<key id={attribute(f"{domain}.{name}")} for="{domain}" attr.name={attribute(name)} attr.type="{kind}"/>'


def _data(values: Mapping[str, str], domain: str) -> Iterator[str]:
    for name, text in values.items():
        if text:
            yield f"<data key={attribute(f'{domain}.{name}')}>{content(text)}</data>"


def _node(node: Node, ids: Mapping[str, str]) -> Iterator[str]:
    x, y = map(number_text, node.position) if node.position else ("", "")
    values = dict(zip(_NODE_KEYS, (node.label or node.id, x, y, " ".join(node.tags)), strict=True))
    yield f"<node id={attribute(ids[node.id])}>"
    yield from _data(values, "node")
    yield "</node>"


def _undirected(pairs: list[Pair], ids: Mapping[str, str]) -> Iterator[Iterator[str]]:
    for pair in pairs:
        yield _edge(pair.forward, pair.id, "", ids)


def _directed(scenario: Scenario, ids: Mapping[str, str]) -> Iterator[Iterator[str]]:
    for link in scenario.topology.links:
        yield _edge(link, link.circuit, link.id, ids)


def _edge(link: Link, circuit: str, link_id: str, ids: Mapping[str, str]) -> Iterator[str]:
    numbers = (number_text(value) for value in (link.capacity_bps, link.metric, link.propagation_delay_s))
    values = dict(zip(_EDGE_KEYS, (*numbers, circuit, link_id, " ".join(link.tags)), strict=True))
    yield f"<edge source={attribute(ids[link.source])} target={attribute(ids[link.target])}>"
    yield from _data(values, "edge")
    yield "</edge>"
