"""GraphML as it stands in the file: keys, nodes and edges with their data."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.safe_input import XmlElement, parse_xml


@dataclass(frozen=True, slots=True)
class Item:
    """A node or an edge: attributes of its element, and its data by name."""

    id: str
    data: dict[str, str]
    place: str
    source: str = ""
    target: str = ""
    is_directed: bool = False


@dataclass(slots=True)
class Document:
    """The one graph of a file."""

    id: str = ""
    data: dict[str, str] = field(default_factory=dict)
    nodes: list[Item] = field(default_factory=list)
    edges: list[Item] = field(default_factory=list)


def parse(data: bytes, where: str, log: CoverageLog) -> Document:
    """The first graph of a file. Raises FormatError with a line."""
    root = parse_xml(data, where=where)
    if root.name != "graphml":
        raise FormatError(f"<{root.name[:40]}> instead of <graphml>", where=where)
    graphs = [child for child in _elements(root) if child.name == "graph"]
    if not graphs:
        raise FormatError("no <graph>", where=where)
    for extra in graphs[1:]:
        log.unknown("<graph>", f"{where}: line {extra.line}", "only the first graph of a file is read")
    return _Reader(root, where, log).document(graphs[0])


class _Reader:
    """Knows the keys of the file."""

    def __init__(self, root: XmlElement, where: str, log: CoverageLog) -> None:
        self._where, self._log = where, log
        self._names: dict[str, str] = {}
        self._defaults: dict[str, dict[str, str]] = {"node": {}, "edge": {}, "graph": {}}
        for key in (child for child in _elements(root) if child.name == "key"):
            self._add_key(key)
        for other in (child for child in _elements(root) if child.name not in ("key", "graph", "desc", "data")):
            log.unknown(f"<{other.name[:60]}>", self._place(other))

    def document(self, graph: XmlElement) -> Document:
        document = Document(graph.get("id", ""), self._data(graph, "graph"))
        self._walk(graph, document)
        return document

    def _walk(self, graph: XmlElement, document: Document) -> None:
        is_directed = graph.get("edgedefault", "undirected") == "directed"
        for child in _elements(graph):
            if child.name == "node":
                document.nodes.append(Item(self._required(child, "id"), self._data(child, "node"), self._place(child)))
                self._inner(child, document)
            elif child.name == "edge":
                document.edges.append(self._edge(child, is_directed))
            elif child.name not in ("data", "desc"):
                self._log.unknown(
                    f"<{child.name[:60]}>", self._place(child), "it does not join two nodes" if child.name == "hyperedge" else ""
                )

    def _inner(self, node: XmlElement, document: Document) -> None:
        """The nodes of a graph within a node are nodes of the network; that they belong together is lost."""
        for inner in (child for child in _elements(node) if child.name == "graph"):
            self._log.ignored("graph within a node", self._place(inner), "its nodes and edges are read as all others")
            self._walk(inner, document)

    def _edge(self, element: XmlElement, is_directed: bool) -> Item:
        directed = element.get("directed", str(is_directed)).lower() == "true"
        ends = self._required(element, "source"), self._required(element, "target")
        return Item(element.get("id", ""), self._data(element, "edge"), self._place(element), *ends, is_directed=directed)

    def _add_key(self, key: XmlElement) -> None:
        name, domain = key.get("id", ""), key.get("for", "all")
        self._names[name] = key.get("attr.name", name)
        for child in (child for child in _elements(key) if child.name == "default"):
            for each in self._defaults if domain == "all" else [domain]:
                self._defaults.setdefault(each, {})[self._names[name]] = (child.text or "").strip()

    def _data(self, element: XmlElement, domain: str) -> dict[str, str]:
        found = dict(self._defaults.get(domain, {}))
        for child in _elements(element):
            if child.name == "data":
                key = child.get("key", "")
                found[self._names.get(key, key)] = child.text or ""
                if len(child):
                    self._log.ignored("drawing data", self._place(child), "nested elements of a diagram editor")
        return found

    def _required(self, element: XmlElement, attribute: str) -> str:
        value = element.get(attribute, "")
        if not value:
            raise FormatError(f"<{element.name}> without {attribute}", where=self._place(element))
        return value

    def _place(self, element: XmlElement) -> str:
        return f"{self._where}: line {element.line}"


def _elements(parent: XmlElement) -> Iterator[XmlElement]:
    for child in parent:
        if isinstance(child, XmlElement):
            yield child
