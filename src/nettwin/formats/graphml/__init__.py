"""GraphML: Topology Zoo's files (Knight et al., JSAC 2011), networkx's, and our own. It holds no traffic: demands are made.

Speeds come from ``LinkSpeedRaw``, ``LinkSpeed`` with units, or a label that names one speed (``OC-192c``). An undirected edge
is a circuit of two links; opposite directed edges that are alike become one too.
"""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from nettwin.errors import FormatError, UnknownNameError
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.circuits import Circuit, readable_ids
from nettwin.formats.completion import complete
from nettwin.formats.coverage import CoverageLog, CoverageReport
from nettwin.formats.draft import Draft, Plane
from nettwin.formats.graphml import attributes
from nettwin.formats.graphml.document import Document, Item, parse
from nettwin.formats.graphml.writing import CREATOR, text_of
from nettwin.formats.imported import Imported
from nettwin.formats.losses import Holds, log_losses
from nettwin.formats.safe_input import DEFAULT_LIMITS, check_count, read_bytes
from nettwin.scenario import Node, Scenario

NAME = "graphml"
DESCRIPTION = "GraphML: Topology Zoo, networkx and others; traffic is made"
EXTENSIONS = (".graphml",)
NUMBERED = re.compile(r"[a-z]?\d+\Z")


def recognizes(path: Path, head: bytes) -> bool:
    """Whether the root element is <graphml>."""
    return re.search(rb"<(\w+:)?graphml[\s>]", head) is not None


def read(path: Path, assumptions: Assumptions = Assumptions()) -> Imported:
    """The network in a GraphML file, completed with assumptions where it is silent."""
    log = CoverageLog()
    document = parse(read_bytes(path), str(path), log)
    scenario = complete(draft_of(document, path, log), assumptions, log)
    return Imported(scenario, log.report())


def draft_of(document: Document, path: Path, log: CoverageLog) -> Draft:
    """The network of a graph with attributes named as in GraphML."""
    check_count(len(document.nodes), "nodes", DEFAULT_LIMITS.items, str(path))
    check_count(len(document.edges), "edges", DEFAULT_LIMITS.items, str(path))
    ids = _node_ids(document)
    nodes, are_degrees = [], []
    for item in document.nodes:
        position, is_degrees = attributes.position_of(item)
        nodes.append(_node(item, ids[item.id], position))
        are_degrees += [is_degrees] if position else []
        attributes.log_other(item, attributes.NODE_NAMES, "node", log)
    circuits = _merged([circuit for item in document.edges for circuit in _circuit(item, ids, log)])
    log.modelled("node", "graph", count=len(nodes))
    log.modelled("edge", "graph", count=len(document.edges))
    log.modelled("graph data", "graph", "kept as metadata", count=len(document.data))
    return Draft(
        nodes=tuple(nodes),
        circuits=tuple(circuits),
        plane=Plane.GEOGRAPHICAL if are_degrees and all(are_degrees) else Plane.UNKNOWN,
        quiet_nodes=frozenset(node.id for node in nodes if "hyperedge" in node.tags),
        where=str(path),
        name=_name(document) or path.name.partition(".")[0],
        metadata={key: text for key, text in document.data.items() if (key, text) != CREATOR},
    )


def _name(document: Document) -> str:
    own = document.id if document.data.get(CREATOR[0]) == CREATOR[1] else ""
    return own or document.data.get("Network") or document.data.get("label") or document.id


def _node_ids(document: Document) -> dict[str, str]:
    """Ids by the id in the file; where those are mere numbers, labels are easier to read."""
    raw = [item.id for item in document.nodes]
    name, count = Counter(raw).most_common(1)[0] if raw else ("", 1)
    if count > 1:
        place = [item.place for item in document.nodes if item.id == name][1]
        raise FormatError(f"the node id {name[:60]!r} stands twice", where=place)
    is_ours = document.data.get(CREATOR[0]) == CREATOR[1]
    is_numbered = not is_ours and all(NUMBERED.match(own) for own in raw)
    ids = readable_ids(raw, [attributes.label_of(item) for item in document.nodes]) if is_numbered else raw
    return dict(zip(raw, ids, strict=True))


def _node(item: Item, own: str, position: tuple[float, float] | None) -> Node:
    label = attributes.label_of(item)
    return Node(id=own, label="" if label == own else label, position=position, tags=attributes.node_tags(item))


def _circuit(item: Item, ids: dict[str, str], log: CoverageLog) -> list[Circuit]:
    attributes.log_other(item, attributes.EDGE_NAMES, "edge", log)
    for end in (item.source, item.target):
        if end not in ids:
            raise UnknownNameError.among("node", end, ids, where=item.place)
    if item.source == item.target:
        log.ignored("edge from a node to itself", item.place, "a link joins two nodes")
        return []
    circuit = Circuit(
        source=ids[item.source],
        target=ids[item.target],
        id=item.data.get(attributes.CIRCUIT) or _edge_id(item),
        link_id=item.data.get(attributes.LINK_ID, ""),
        capacity_bps=attributes.capacity_of(item, log),
        propagation_delay_s=attributes.delay_of(item),
        length_m=attributes.length_of(item),
        metric=attributes.metric_of(item, log),
        is_one_way=item.is_directed,
        tags=tuple(item.data.get(attributes.TAGS, "").split()),
    )
    return [circuit]


def _edge_id(item: Item) -> str:
    """The edge's own id; mere numbers, as networkx writes for parallel edges, name nothing."""
    return next((own for own in (item.id, item.data.get("id", "")) if own and not own.isdigit()), "")


def _merged(circuits: list[Circuit]) -> list[Circuit]:
    """Opposite one-way edges that are alike, unless they are named after different circuits, become one circuit."""
    result: list[Circuit] = []
    waiting: dict[Circuit, list[int]] = {}
    for circuit in circuits:
        mirrored = replace(circuit, source=circuit.target, target=circuit.source, id="", link_id="")
        partners = waiting.get(mirrored, []) if circuit.is_one_way and not circuit.link_id else []
        if partners:
            index = partners.pop()
            result[index] = replace(result[index], is_one_way=False)
            continue
        if circuit.is_one_way and not circuit.link_id:
            waiting.setdefault(replace(circuit, id="", link_id=""), []).append(len(result))
        result.append(circuit)
    return result


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes nodes and links; undirected edges if all circuits have two like directions, else directed ones."""
    log = CoverageLog()
    path.write_text(text_of(scenario), encoding="utf-8")
    log.modelled("node", count=scenario.topology.n_nodes)
    log.modelled("link", count=scenario.topology.n_links)
    log_losses(scenario, log, Holds.POSITIONS | Holds.DELAYS | Holds.METRICS | Holds.TAGS | Holds.LABELS | Holds.LINK_IDS)
    return log.report()
