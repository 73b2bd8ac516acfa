"""SNDlib's XML, with the names of its network schema."""

from collections.abc import Iterator

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.draft import Plane
from nettwin.formats.numbers import not_negative, number, number_text
from nettwin.formats.safe_input import XmlElement, parse_xml
from nettwin.formats.sndlib.native import UNLIMITED, capacity_text
from nettwin.formats.sndlib.network import SndDemand, SndLink, SndNetwork, SndNode
from nettwin.formats.xml_writing import attribute, content, element_name

NAMESPACE = "http://sndlib.zib.de/network"
COORDINATES = "coordinatesType"
GEOGRAPHICAL, PIXEL = "geographical", "pixel"


def parse(data: bytes, where: str, log: CoverageLog) -> SndNetwork:
    """The network in an XML file. Raises FormatError with a line."""
    root = parse_xml(data, where=where)
    if root.name != "network":
        raise FormatError(f"<{root.name[:40]}> instead of <network>", where=where, hint="read the network file of this instance")
    reader = _Reader(where, log)
    parts = reader.children(root, "meta", "networkStructure", "demands")
    structure = reader.children(parts.get("networkStructure"), "nodes", "links")
    nodes, links, demands = structure.get("nodes"), structure.get("links"), parts.get("demands")
    meta = reader.meta(parts.get("meta"))
    if nodes is not None and nodes.get(COORDINATES):
        meta[COORDINATES] = nodes.get(COORDINATES, "")
    return SndNetwork(
        nodes=tuple(reader.node(element) for element in reader.items(nodes, "node")),
        links=tuple(reader.link(element) for element in reader.items(links, "link")),
        demands=tuple(reader.demand(element) for element in reader.items(demands, "demand")),
        meta=meta,
    )


class _Reader:
    """Turns elements into rows and reports those that it does not know."""

    def __init__(self, where: str, log: CoverageLog) -> None:
        self._where, self._log = where, log

    def place(self, element: XmlElement) -> str:
        return f"{self._where}: line {element.line}"

    def children(self, parent: XmlElement | None, *known: str) -> dict[str, XmlElement]:
        """The children by name, each at most once."""
        found: dict[str, XmlElement] = {}
        for child in _elements(parent):
            if child.name in found:
                raise FormatError(f"<{child.name}> stands twice", where=self.place(child))
            if child.name in known:
                found[child.name] = child
            else:
                self._unknown(child)
        return found

    def items(self, parent: XmlElement | None, name: str) -> Iterator[XmlElement]:
        """The children of one name."""
        for child in _elements(parent):
            if child.name == name:
                yield child
            else:
                self._unknown(child)

    def meta(self, element: XmlElement | None) -> dict[str, str]:
        return {child.name: _text(child) for child in _elements(element)}

    def node(self, element: XmlElement) -> SndNode:
        parts = self.children(element, "coordinates")
        xy = self.children(parts.get("coordinates"), "x", "y")
        position = None
        if len(xy) == 2:
            position = (number(_text(xy["x"]), "x", self.place(element)), number(_text(xy["y"]), "y", self.place(element)))
        return SndNode(self._id(element), position, self.place(element))

    def link(self, element: XmlElement) -> SndLink:
        known = ("source", "target", "preInstalledModule", "routingCost", "setupCost", "additionalModules")
        parts = self.children(element, *known)
        installed = self._module(parts["preInstalledModule"]) if "preInstalledModule" in parts else (0.0, 0.0)
        modules = tuple(self._module(child) for child in self.items(parts.get("additionalModules"), "addModule"))
        routing_cost, setup_cost = (self._number(parts, name, 0.0) for name in ("routingCost", "setupCost"))
        return SndLink(self._id(element), *self._ends(element, parts), *installed, routing_cost, setup_cost, modules, self.place(element))

    def demand(self, element: XmlElement) -> SndDemand:
        parts = self.children(element, "source", "target", "routingUnit", "demandValue", "maxPathLength", "admissiblePaths")
        if "demandValue" not in parts:
            raise FormatError("a demand without <demandValue>", where=self.place(element))
        self._planning_limits(parts)
        value, unit = self._number(parts, "demandValue", 0.0), self._number(parts, "routingUnit", 1.0)
        return SndDemand(self._id(element), *self._ends(element, parts), value, unit, self.place(element))

    def _planning_limits(self, parts: dict[str, XmlElement]) -> None:
        paths, limit = parts.get("admissiblePaths"), parts.get("maxPathLength")
        if paths is not None and len(paths):
            note = "a choice for planners, not a routing; shortest paths are used"
            self._log.ignored("admissible paths", self.place(paths), note, count=len(paths))
        if limit is not None and _text(limit) != UNLIMITED:
            note = "a limit for planners; shortest paths do not heed it"
            self._log.ignored("maximum path length", self.place(limit), note)

    def _module(self, element: XmlElement) -> tuple[float, float]:
        parts = self.children(element, "capacity", "cost")
        if "capacity" not in parts:
            raise FormatError(f"<{element.name}> without <capacity>", where=self.place(element))
        is_unlimited = _text(parts["capacity"]) == UNLIMITED
        capacity = float("inf") if is_unlimited else self._number(parts, "capacity", 0.0)
        return capacity, self._number(parts, "cost", 0.0)

    def _number(self, parts: dict[str, XmlElement], name: str, default: float) -> float:
        return not_negative(_text(parts[name]), f"<{name}>", self.place(parts[name])) if name in parts else default

    def _ends(self, element: XmlElement, parts: dict[str, XmlElement]) -> tuple[str, str]:
        ends = [_text(parts[name]) for name in ("source", "target") if name in parts]
        if len(ends) != 2 or not all(ends):
            raise FormatError(f"<{element.name}> without source or target", where=self.place(element))
        return ends[0], ends[1]

    def _id(self, element: XmlElement) -> str:
        name = element.get("id", "").strip()
        if not name:
            raise FormatError(f"<{element.name}> without an id", where=self.place(element))
        return name

    def _unknown(self, element: XmlElement) -> None:
        self._log.unknown(f"<{element.name[:60]}>", self.place(element))


def _elements(parent: XmlElement | None) -> Iterator[XmlElement]:
    for child in () if parent is None else parent:
        if isinstance(child, XmlElement):
            yield child


def _text(element: XmlElement) -> str:
    return (element.text or "").strip()


def text_of(network: SndNetwork) -> str:
    """The network as XML text."""
    meta = {key: value for key, value in network.meta.items() if key != COORDINATES}
    kind = network.meta.get(COORDINATES) or _kind(network)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<network xmlns="{NAMESPACE}" version="1.0">']
    lines += (
        [" <meta>", *(f"  <{element_name(key)}>{content(value)}</{element_name(key)}>" for key, value in meta.items()), " </meta>"]
        if meta
        else []
    )
    lines += [" <networkStructure>", f"  <nodes {COORDINATES}={attribute(kind)}>"]
    lines += [line for node in network.nodes for line in _node_lines(node)]
    lines += ["  </nodes>", "  <links>"]
    lines += [line for link in network.links for line in _link_lines(link)]
    lines += ["  </links>", " </networkStructure>", " <demands>"]
    lines += [line for demand in network.demands for line in _demand_lines(demand)]
    return "\n".join([*lines, " </demands>", "</network>", ""])


def _kind(network: SndNetwork) -> str:
    plane = Plane.of([node.position for node in network.nodes if node.position])
    return GEOGRAPHICAL if plane is Plane.GEOGRAPHICAL else PIXEL


def _node_lines(node: SndNode) -> Iterator[str]:
    yield f"   <node id={attribute(node.id)}>"
    if node.position:
        x, y = map(number_text, node.position)
        yield f"    <coordinates><x>{x}</x><y>{y}</y></coordinates>"
    yield "   </node>"


def _link_lines(link: SndLink) -> Iterator[str]:
    yield f"   <link id={attribute(link.id)}>"
    yield f"    <source>{content(link.source)}</source><target>{content(link.target)}</target>"
    if link.installed_capacity or link.installed_cost:
        yield f"    <preInstalledModule>{_module_text((link.installed_capacity, link.installed_cost))}</preInstalledModule>"
    if link.routing_cost:
        yield f"    <routingCost>{number_text(link.routing_cost)}</routingCost>"
    if link.setup_cost:
        yield f"    <setupCost>{number_text(link.setup_cost)}</setupCost>"
    if link.modules:
        yield "    <additionalModules>"
        yield from (f"     <addModule>{_module_text(module)}</addModule>" for module in link.modules)
        yield "    </additionalModules>"
    yield "   </link>"


def _module_text(module: tuple[float, float]) -> str:
    return f"<capacity>{capacity_text(module[0])}</capacity><cost>{number_text(module[1])}</cost>"


def _demand_lines(demand: SndDemand) -> Iterator[str]:
    yield f"  <demand id={attribute(demand.id)}>"
    yield f"   <source>{content(demand.source)}</source><target>{content(demand.target)}</target>"
    if demand.routing_unit != 1:
        yield f"   <routingUnit>{number_text(demand.routing_unit)}</routingUnit>"
    yield f"   <demandValue>{number_text(demand.value)}</demandValue>"
    yield "  </demand>"
