"""GML: Topology Zoo's other files, networkx's and yEd's (Himsolt 1997). Attributes have the names and meanings of GraphML's."""

import html
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nettwin.errors import FormatError, LimitError
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.completion import complete
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.graphml import draft_of
from nettwin.formats.graphml.document import Document, Item
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import DEFAULT_LIMITS, read_bytes

NAME = "gml"
DESCRIPTION = "GML: Topology Zoo, networkx and others; traffic is made"
EXTENSIONS = (".gml",)
MAX_VALUES: Final = 100_000
_TOKEN = re.compile(r'(?P<gap>\s+|#[^\n]*)|(?P<text>"[^"]*")|(?P<word>[\[\]]|[^\s\[\]"]+)')
_HEAD = re.compile(rb"^\s*graph\s*\[", re.MULTILINE)
_KEY = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
DRAWING = ("graphics", "LabelGraphics", "edgeAnchor")


@dataclass(slots=True)
class _List:
    """``[ key value ... ]``: lists of one key may stand many times."""

    line: int
    texts: dict[str, str] = field(default_factory=dict)
    lists: list[tuple[str, "_List"]] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    def add(self, key: str, value: "str | _List") -> None:
        if isinstance(value, _List):
            self.lists.append((key, value))
        elif key in self.texts:
            self.repeated.append(key)
        else:
            self.texts[key] = value


def recognizes(path: Path, head: bytes) -> bool:
    """Whether a list named graph begins in its head, which is no markup and no JSON."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"<", b"{", b"[") and _HEAD.search(head) is not None


def read(path: Path, assumptions: Assumptions = Assumptions()) -> Imported:
    """The network in a GML file, completed with assumptions where it is silent."""
    log = CoverageLog()
    document = _document(_parse(_text(read_bytes(path)), str(path)), str(path), log)
    return Imported(complete(draft_of(document, path, log), assumptions, log), log.report())


def _text(data: bytes) -> str:
    """UTF-8, or Latin-1 as GML's definition has it."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _document(root: _List, where: str, log: CoverageLog) -> Document:
    graphs = [value for key, value in root.lists if key == "graph"]
    if not graphs:
        raise FormatError("no graph [ ... ]", where=where, hint="is this a GML file?")
    for extra in graphs[1:]:
        log.unknown("graph", f"{where}: line {extra.line}", "only the first graph of a file is read")
    graph, is_directed = graphs[0], graphs[0].texts.get("directed", "0").strip() == "1"
    document = Document(data={key: text for key, text in graph.texts.items() if key not in ("directed", "multigraph")})
    for key, value in graph.lists:
        if key == "node":
            document.nodes.append(_item(value, key, where, log))
        elif key == "edge":
            document.edges.append(_item(value, key, where, log, is_directed))
        else:
            log.unknown(f"graph {key[:60]}", f"{where}: line {value.line}", "a list is not understood here")
    return document


def _item(value: _List, kind: str, where: str, log: CoverageLog, is_directed: bool = False) -> Item:
    place = f"{where}: line {value.line}"
    for key, inner in value.lists:
        if key in DRAWING:
            log.ignored("drawing data", f"{where}: line {inner.line}", "nested elements of a diagram editor")
        else:
            log.unknown(f"{kind} {key[:60]}", f"{where}: line {inner.line}", "a list is not understood here")
    for key in value.repeated:
        log.unknown(f"{kind} {key[:60]}", place, "it stands more than once; the first is taken")
    names = ("id",) if kind == "node" else ("source", "target")
    for name in names:
        if not value.texts.get(name, "").strip():
            raise FormatError(f"a {kind} without {name}", where=place)
    data = {key: text for key, text in value.texts.items() if key not in names}
    own, source, target = (value.texts[name] if name in names else "" for name in ("id", "source", "target"))
    return Item(own, data, place, source, target, is_directed)


def _parse(text: str, where: str) -> _List:
    """All keys and values. Raises FormatError with a line, or LimitError."""
    root = _List(1)
    stack, key = [root], ""
    for word, is_text, line in _words(text, where):
        if not key and word == "]" and not is_text:
            if len(stack) == 1:
                raise FormatError("a ']' without '['", where=f"{where}: line {line}")
            stack.pop()
        elif not key:
            key = _key(word, is_text, f"{where}: line {line}")
        else:
            value = html.unescape(word) if is_text else _List(line) if word == "[" else _number(word, key, f"{where}: line {line}")
            stack[-1].add(key, value)
            key = ""
            stack += [value] if isinstance(value, _List) else []
            if len(stack) > DEFAULT_LIMITS.depth:
                raise LimitError(f"nested deeper than {DEFAULT_LIMITS.depth}", where=f"{where}: line {line}")
    if key or len(stack) > 1:
        raise FormatError("the file ends too early", where=where, hint="a ']' is missing; fetch the file again")
    return root


def _words(text: str, where: str) -> Iterator[tuple[str, bool, int]]:
    """Words, whether they stand in quotes, and their lines."""
    position, line, count = 0, 1, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormatError("a text without closing quotes", where=f"{where}: line {line}")
        position = match.end()
        if match["gap"] is None:
            count += 1
            if count > 2 * MAX_VALUES:
                raise LimitError(f"more than {MAX_VALUES} values", where=f"{where}: line {line}")
            if len(match[0]) > DEFAULT_LIMITS.attribute_length:
                raise LimitError(f"a word is longer than {DEFAULT_LIMITS.attribute_length} characters", where=f"{where}: line {line}")
            yield match[0].strip('"'), match["text"] is not None, line
        line += match[0].count("\n")


def _key(word: str, is_text: bool, place: str) -> str:
    if is_text or not _KEY.match(word):
        raise FormatError(f"{word[:40]!r} instead of a key", where=place, hint='GML is keys, each with a number, a "text" or a [list]')
    return word


def _number(word: str, key: str, place: str) -> str:
    """A number as text; what is none for GML is none for us either."""
    try:
        is_finite = math.isfinite(float(word)) and "_" not in word
    except ValueError:
        is_finite = False
    if not is_finite:
        raise FormatError(f"{key[:40]} is {word[:40]!r}", where=place, hint="a finite number, or a text in quotes")
    return word
