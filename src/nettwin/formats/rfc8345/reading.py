"""A network of a document -> a scenario."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from nettwin.errors import FormatError, ScenarioError, UnknownNameError
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.circuits import Circuit, with_partners
from nettwin.formats.completion import complete
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.draft import Draft, Plane
from nettwin.formats.numbers import number
from nettwin.formats.rfc8345.bandwidth import capacity_bps, technology_of
from nettwin.formats.rfc8345.fields import Fields
from nettwin.formats.rfc8345.layers import Layer
from nettwin.formats.safe_input import DEFAULT_LIMITS, check_count
from nettwin.scenario import Node, Scenario

NO_TRANSPORT = "layers beneath are not modelled"
IGNORED_OF_NETWORK = {
    "network-types": "all types are read alike",
    "supporting-network": NO_TRANSPORT,
    "te-topology-identifier": "naming",
    "name": "naming",
    "preference": "a choice among topologies", "optimization-criterion": "a wish of who made the topology",
    "l3-topology-attributes": "naming",
}  # fmt: skip
IGNORED_OF_NODE = {"supporting-node": NO_TRANSPORT, "te-node-id": "naming"}
IGNORED_OF_LINK = {"supporting-link": NO_TRANSPORT}
IGNORED_OF_TE = {
    "max-resv-link-bandwidth": "reservations are not modelled", "unreserved-bandwidth": "reservations are not modelled",
    "interface-switching-capability": "every link switches packets", "administrative-group": "affinities are not modelled",
    "link-protection-type": NO_TRANSPORT, "access-type": "links are point to point", "link-index": "naming", "name": "naming",
    "is-abstract": "an abstract link is taken as given", "underlay": NO_TRANSPORT, "te-nsrlgs": "a wish, not a risk",
    "information-source": "where it is known from", "information-source-instance": "where it is known from",
    "information-source-state": "where it is known from", "information-source-entry": "where it is known from",
    "statistics": "measurements", "is-transitional": "a passing state", "domain-id": "there is one domain",
    "underlay-topology": NO_TRANSPORT, "te-node-template": "naming",
    "signaling-address": "naming", "connectivity-matrices": "every node joins all its links", "tunnel-termination-point": "no tunnels",
}  # fmt: skip
IGNORED_OF_L3 = {
    "router-id": "naming",
    "prefix": "there are no addresses",
    "flag": "no difference here",
    "name": "naming",
    "metric2": "one metric",
}


@dataclass(frozen=True, slots=True)
class _Said:
    """What a file says about a link. ``ports``: source, its termination point, target, its termination point."""

    circuit: Circuit
    ports: tuple[str, str, str, str]
    risk_groups: tuple[str, ...]
    is_up: bool


def scenario_of(layer: Layer, assumptions: Assumptions, log: CoverageLog) -> Scenario:
    """The scenario; what the file does not say is made from the assumptions."""
    network = Fields(layer.data, layer.place)
    nodes = _nodes(network.take_list("node"), log)
    links = _links(network.take_list("link"), nodes, log)
    network.take("network-id")
    network.take_object("te").ignore(log, "network te", IGNORED_OF_NETWORK)
    network.ignore(log, "network", IGNORED_OF_NETWORK)
    scenario = complete(_draft(layer, nodes, _circuits(links)), assumptions, log)
    finished = [
        replace(link, risk_groups=said.risk_groups, is_up=said.is_up) for link, said in zip(scenario.topology.links, links, strict=True)
    ]
    return replace(scenario, topology=replace(scenario.topology, links=tuple(finished)))


def _draft(layer: Layer, nodes: dict[str, Node], circuits: list[Circuit]) -> Draft:
    has_positions = all(node.position is not None for node in nodes.values())
    plane = Plane.GEOGRAPHICAL if has_positions else Plane.UNKNOWN
    return Draft(tuple(nodes.values()), tuple(circuits), plane=plane, where=layer.place, name=layer.id)


def _nodes(items: list[Fields], log: CoverageLog) -> dict[str, Node]:
    check_count(len(items), "nodes", DEFAULT_LIMITS.items, items[0].place if items else "")
    nodes: dict[str, Node] = {}
    for item in items:
        node = _node(item, log)
        if node.id in nodes:
            raise ScenarioError(f"the node {node.id!r} stands twice", where=item.place, hint="a node-id names one node of a network")
        nodes[node.id] = node
        log.modelled("node", item.place)
    return nodes


def _node(item: Fields, log: CoverageLog) -> Node:
    own = item.take_text("node-id")
    log.modelled("termination-point", item.place, "as ends of links", count=len(item.take_list("termination-point")))
    te, l3 = item.take_object("te"), item.take_object("l3-node-attributes")
    attributes = te.take_object("te-node-attributes")
    label = attributes.take("name") or l3.take("name") or ""
    node = Node(own, label=str(label) if label != own else "", position=_position(te, log), is_up=_is_up(te, attributes))
    for fields, reasons in ((te, IGNORED_OF_TE), (attributes, IGNORED_OF_TE), (l3, IGNORED_OF_L3), (item, IGNORED_OF_NODE)):
        fields.ignore(log, "node", reasons)
    return node


def _position(te: Fields, log: CoverageLog) -> tuple[float, float] | None:
    location = te.take_object("geolocation")
    longitude, latitude = location.take("longitude"), location.take("latitude")
    location.ignore(log, "node geolocation", {"altitude": "the earth is flat enough"})
    if longitude is None or latitude is None:
        return None
    return _degrees(longitude, 180, location.place), _degrees(latitude, 90, location.place)


def _degrees(value: Any, largest: float, place: str) -> float:
    """RFC 7951 writes decimal64 as text."""
    angle = number(value, "degrees", place) if isinstance(value, str) else value
    if isinstance(angle, bool) or not isinstance(angle, int | float) or not -largest <= angle <= largest:
        raise FormatError(f"{str(value)[:40]!r} is no angle", where=place, hint="degrees")
    return float(angle)


def _links(items: list[Fields], nodes: dict[str, Node], log: CoverageLog) -> list[_Said]:
    check_count(len(items), "links", DEFAULT_LIMITS.items, items[0].place if items else "")
    links: dict[str, _Said] = {}
    for item in items:
        said = _link(item, log)
        for end in (said.circuit.source, said.circuit.target):
            if end not in nodes:
                raise UnknownNameError.among("node", end, nodes, where=item.place)
        if said.circuit.link_id in links:
            raise ScenarioError(f"the link {said.circuit.link_id!r} stands twice", where=item.place, hint="a link-id names one link")
        links[said.circuit.link_id] = said
        log.modelled("link", item.place)
    return list(links.values())


def _link(item: Fields, log: CoverageLog) -> _Said:
    own = item.take_text("link-id")
    source, target = item.take_object("source"), item.take_object("destination")
    ports = (source.take_text("source-node"), _point(source, "source-tp"), target.take_text("dest-node"), _point(target, "dest-tp"))
    te, l3 = item.take_object("te"), item.take_object("l3-link-attributes")
    # older drafts, still in the wild, kept configuration and state apart
    for wrapper in ("config", "state"):
        te = te.merged(te.take_object(wrapper))
    attributes = te.take_object("te-link-attributes")
    circuit = Circuit(
        source=ports[0],
        target=ports[2],
        link_id=own,
        capacity_bps=_capacity(attributes, log),
        propagation_delay_s=_delay(attributes, log),
        metric=_metric(attributes, l3),
        is_one_way=True,
    )
    groups = attributes.take_object("te-srlgs")
    said = _Said(circuit, ports, _groups(groups), _is_up(te, attributes))
    for fields, reasons in ((groups, {}), (attributes, IGNORED_OF_TE), (te, IGNORED_OF_TE), (l3, IGNORED_OF_L3), (item, IGNORED_OF_LINK)):
        fields.ignore(log, "link", reasons)
    return said


def _point(end: Fields, name: str) -> str:
    return end.take_text(name) if name in end else ""


def _capacity(attributes: Fields, log: CoverageLog) -> float | None:
    value, place = attributes.take("max-link-bandwidth"), f"{attributes.place}.max-link-bandwidth"
    other = technology_of(value)
    if other:
        log.unknown(f"link {other[:100]}", place, "a bandwidth of another technology; the capacity is made")
    return None if value is None or other else capacity_bps(value, place)


def _delay(attributes: Fields, log: CoverageLog) -> float | None:
    """The smallest delay measured is nearest to propagation; the delay metric of RFC 7471 is a mean."""
    measured = attributes.take_object("performance-metrics-one-way")
    found = [measured.take("one-way-min-delay"), attributes.take("te-delay-metric"), measured.take("one-way-delay")]
    measured.ignore(log, "link", dict.fromkeys(("one-way-max-delay", "one-way-delay-variation", "one-way-packet-loss"), "a measurement"))
    return next((_whole(value, "a delay", attributes.place) * 1e-6 for value in found if value is not None), None)


def _metric(attributes: Fields, l3: Fields) -> float | None:
    found = [l3.take("metric1"), attributes.take("te-igp-metric"), attributes.take("te-default-metric")]
    return next((float(_whole(value, "a metric", attributes.place)) for value in found if value is not None), None) or None


def _whole(value: Any, what: str, place: str) -> int:
    """A number of 32 bits; as text too, as in the example of RFC 8346."""
    whole = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value) else value
    if isinstance(whole, bool) or not isinstance(whole, int) or not 0 <= whole < 2**32:
        raise FormatError(f"{str(value)[:40]!r} is no {what.removeprefix('a ')}", where=place, hint="a whole number of 32 bits")
    return whole


def _groups(groups: Fields) -> tuple[str, ...]:
    values = groups.take("value")
    if not isinstance(values, list | None):
        raise FormatError("value is no list", where=groups.place)
    return tuple(str(_whole(value, "a SRLG", groups.place)) for value in values or ())


def _is_up(te: Fields, attributes: Fields) -> bool:
    return "down" not in (te.take("oper-status"), te.take("admin-status"), attributes.take("admin-status"))


def _circuits(links: list[_Said]) -> list[Circuit]:
    """Links between the same two termination points, there and back, are one circuit; without such points, links that run back."""
    known = {said.ports for said in links}
    names = Counter(said.ports[1] for said in links if said.ports[1] == said.ports[3])
    paired = iter(with_partners([said.circuit for said in links if not all(said.ports)]))
    return [replace(said.circuit, id=_circuit_id(said, known, names)) if all(said.ports) else next(paired) for said in links]


def _circuit_id(said: _Said, known: set[tuple[str, str, str, str]], names: "Counter[str]") -> str:
    a, at_a, b, at_b = said.ports
    if (b, at_b, a, at_a) not in known:
        return ""
    if at_a == at_b and names[at_a] == 2:
        return at_a  # as we write it
    return f"{a}:{at_a}--{b}:{at_b}" if a < b else f"{b}:{at_b}--{a}:{at_a}"
