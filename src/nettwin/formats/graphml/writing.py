"""Scenarios as GraphML text, with Topology Zoo's names where it has them."""

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from nettwin.formats.circuits import Pair, pairs_of
from nettwin.formats.graphml import attributes
from nettwin.formats.numbers import number_text
from nettwin.scenario import Link, Node, Scenario

CREATOR = ("Creator", "nettwin")
"""Files with it keep their node ids: they are names, not numbers."""
_NODE_KEYS = ("label", "Longitude", "Latitude", attributes.TAGS)
_EDGE_KEYS = (attributes.SPEED, "metric", attributes.DELAY_S, attributes.CIRCUIT, attributes.LINK_ID, attributes.TAGS)
_NUMBERS = {"Longitude", "Latitude", attributes.SPEED, "metric", attributes.DELAY_S}


def text_of(scenario: Scenario) -> str:
    """The nodes and links as one graph."""
    pairs = pairs_of(scenario.topology)
    is_undirected = all(pair.is_symmetric for pair in pairs)
    graph_data = {CREATOR[0]: CREATOR[1], "Network": scenario.name, **scenario.topology.metadata}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">']
    for domain, names in (("graph", tuple(graph_data)), ("node", _NODE_KEYS), ("edge", _EDGE_KEYS)):
        lines += [_key(name, domain) for name in names]
    lines.append(f'<graph edgedefault="{"undirected" if is_undirected else "directed"}">')
    lines += _data(graph_data, "graph")
    lines += [line for node in scenario.topology.nodes for line in _node(node)]
    lines += [line for edge in (_undirected(pairs) if is_undirected else _directed(scenario)) for line in edge]
    return "\n".join([*lines, "</graph>", "</graphml>", ""])


def _key(name: str, domain: str) -> str:
    kind = "double" if name in _NUMBERS else "string"
    return f'<key id={quoteattr(f"{domain}.{name}")} for="{domain}" attr.name={quoteattr(name)} attr.type="{kind}"/>'


def _data(values: Mapping[str, str], domain: str) -> Iterator[str]:
    for name, text in values.items():
        if text:
            yield f"<data key={quoteattr(f'{domain}.{name}')}>{escape(text)}</data>"


def _node(node: Node) -> Iterator[str]:
    x, y = map(number_text, node.position) if node.position else ("", "")
    values = dict(zip(_NODE_KEYS, (node.label or node.id, x, y, " ".join(node.tags)), strict=True))
    yield f"<node id={quoteattr(node.id)}>"
    yield from _data(values, "node")
    yield "</node>"


def _undirected(pairs: list[Pair]) -> Iterator[Iterator[str]]:
    for pair in pairs:
        yield _edge(pair.forward, pair.id, "")


def _directed(scenario: Scenario) -> Iterator[Iterator[str]]:
    for link in scenario.topology.links:
        yield _edge(link, link.circuit, link.id)


def _edge(link: Link, circuit: str, link_id: str) -> Iterator[str]:
    numbers = (number_text(value) for value in (link.capacity_bps, link.metric, link.propagation_delay_s))
    values = dict(zip(_EDGE_KEYS, (*numbers, circuit, link_id, " ".join(link.tags)), strict=True))
    yield f"<edge source={quoteattr(link.source)} target={quoteattr(link.target)}>"
    yield from _data(values, "edge")
    yield "</edge>"
