"""SNDlib's native text: sections ``KEYWORD ( items )`` of words and brackets, comments from ``#`` on."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from nettwin.errors import FormatError, LimitError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.numbers import not_negative, number, number_text
from nettwin.formats.sndlib.network import SndDemand, SndLink, SndNetwork, SndNode

HEADER = "?SNDlib native format; type: network; version: 1.0"
MAX_TOKENS: Final = 250_000
MAX_META: Final = 1_000
MAX_DEPTH: Final = 8
_TOKEN = re.compile(r"[()]|[^\s(),]+")
_TYPE = re.compile(r"\?\s*SNDlib native format;\s*type:\s*(\w+)", re.IGNORECASE)
_NAME = re.compile(r"#\s*network\s+(\S+)", re.IGNORECASE)
_META_START = re.compile(r"\s*META\s*\(\s*(#.*)?\Z")
_META_ITEM = re.compile(r"\s*([\w.-]+)\s*=?\s*(.*?)\s*\Z")
UNLIMITED = "UNLIMITED"


def parse(text: str, where: str, log: CoverageLog) -> SndNetwork:
    """The network in a native file. Raises FormatError with a line."""
    source = _Source(text, where)
    sections: dict[str, list[object]] = {"NODES": [], "LINKS": [], "DEMANDS": []}
    readers: dict[str, Callable[[_Source, CoverageLog], object]] = {"NODES": _node, "LINKS": _link, "DEMANDS": _demand}
    seen = set()
    while (keyword := source.take(at_end="")) != "":
        source.expect("(", f"after {keyword[:40]!r}")
        if keyword in seen:
            raise FormatError(f"the section {keyword} stands twice", where=source.place())
        seen.add(keyword)
        if keyword in readers:
            while source.peek() != ")":
                sections[keyword].append(readers[keyword](source, log))
            source.take()
        else:
            _skipped_section(keyword, source, log)
    return SndNetwork(
        nodes=tuple(sections["NODES"]),  # type: ignore[arg-type]
        links=tuple(sections["LINKS"]),  # type: ignore[arg-type]
        demands=tuple(sections["DEMANDS"]),  # type: ignore[arg-type]
        meta=source.meta,
        name=source.name,
    )


class _Source:
    """Tokens with their lines. META, whose contents are free text, and the header are taken out on the way."""

    def __init__(self, text: str, where: str) -> None:
        self.meta: dict[str, str] = {}
        self.name = ""
        self._where, self._line, self._count = where, 0, 0
        self._tokens = self._scan(text)
        self._ahead: list[tuple[str, int]] = []
        self._n_meta = 0
        self._last_line = 1

    def place(self) -> str:
        return f"{self._where}: line {self._last_line}"

    def peek(self) -> str:
        """The next word. Raises FormatError at the end."""
        word = self._look()
        if not word:
            raise FormatError("the file ends too early", where=self.place(), hint="a ')' is missing; fetch the file again")
        return word

    def take(self, at_end: str | None = None) -> str:
        """The next word, consumed; ``at_end`` stands for the end of the file."""
        if at_end is not None and not self._look():
            return at_end
        word = self.peek()
        self._last_line = self._ahead.pop()[1]
        return word

    def _look(self) -> str:
        if not self._ahead:
            self._ahead.append(next(self._tokens, ("", self._last_line)))
        return self._ahead[0][0]

    def expect(self, wanted: str, when: str) -> None:
        found = self.take()
        if found != wanted:
            raise FormatError(f"{found[:40]!r} instead of {wanted!r} {when}", where=self.place())

    def word(self, what: str) -> str:
        """A word that is no bracket."""
        word = self.take()
        if word in "()":
            raise FormatError(f"{word!r} instead of {what}", where=self.place())
        return word

    def group(self, what: str) -> list[str]:
        """The words between two brackets."""
        self.expect("(", f"before {what}")
        words = []
        while (word := self.take()) != ")":
            if word == "(":
                raise FormatError(f"a second '(' in {what}", where=self.place())
            words.append(word)
        return words

    def _scan(self, text: str) -> Iterator[tuple[str, int]]:
        in_meta = False
        for line_number, line in enumerate(_lines(text), 1):
            self._line = line_number
            if in_meta:
                in_meta = self._meta_line(line)
            elif _META_START.match(line):
                in_meta = True
            elif line.lstrip().startswith(("?", "#")):
                self._remark(line.strip(), line_number)
            else:
                for match in _TOKEN.finditer(line.partition("#")[0]):
                    self._check(match[0], line_number)
                    yield match[0], line_number
        if in_meta:
            raise FormatError("META is not closed", where=f"{self._where}: line {self._line}", hint="a ')' is missing")

    def _meta_line(self, line: str) -> bool:
        if line.strip().startswith(")"):
            return False
        self._n_meta += 1
        if self._n_meta > MAX_META:
            raise LimitError(f"META has more than {MAX_META} lines", where=f"{self._where}: line {self._line}", hint="a ')' is missing")
        match = _META_ITEM.match(line)
        if match and not line.lstrip().startswith("#"):
            self.meta[match[1]] = match[2]
        return True

    def _remark(self, line: str, line_number: int) -> None:
        match = _TYPE.match(line)
        if match and match[1] != "network":
            raise FormatError(
                f"this is a {match[1]} file", where=f"{self._where}: line {line_number}", hint="read the network file of this instance"
            )
        name = _NAME.match(line)
        if name and not self.name:
            self.name = name[1]

    def _check(self, word: str, line_number: int) -> None:
        self._count += 1
        if self._count > MAX_TOKENS:
            raise LimitError(f"more than {MAX_TOKENS} words", where=f"{self._where}: line {line_number}")
        if len(word) > 1000:
            raise LimitError("a word is longer than 1000 characters", where=f"{self._where}: line {line_number}")


def _lines(text: str) -> Iterator[str]:
    """Line by line, without a list of all of them."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def _node(source: _Source, log: CoverageLog) -> SndNode:
    name = source.word("a node id")
    place = source.place()
    position = None
    if source.peek() == "(":
        words = source.group("coordinates")
        if len(words) not in (0, 2):
            raise FormatError(f"{len(words)} coordinates for node {name[:40]!r}", where=place, hint="give x and y")
        position = (number(words[0], "x", place), number(words[1], "y", place)) if words else None
    _further_groups(source, "node option", log)
    return SndNode(name, position, place)


def _link(source: _Source, log: CoverageLog) -> SndLink:
    name = source.word("a link id")
    place = source.place()
    ends = _ends(source, name)
    capacity, capacity_cost, routing_cost, setup_cost = (
        not_negative(source.word(what), what, place)
        for what in ("pre-installed capacity", "pre-installed capacity cost", "routing cost", "setup cost")
    )
    modules = _modules(source, place) if source.peek() == "(" else ()
    _further_groups(source, "link option", log)
    return SndLink(name, *ends, capacity, capacity_cost, routing_cost, setup_cost, modules, place)


def _modules(source: _Source, place: str) -> tuple[tuple[float, float], ...]:
    words = source.group("modules")
    if len(words) % 2:
        raise FormatError(f"{len(words)} numbers of modules", where=place, hint="give capacity and cost for each module")
    pairs = zip(words[::2], words[1::2], strict=True)
    return tuple((_capacity(capacity, place), not_negative(cost, "module cost", place)) for capacity, cost in pairs)


def _capacity(word: str, place: str) -> float:
    return float("inf") if word == UNLIMITED else not_negative(word, "module capacity", place)


def _demand(source: _Source, log: CoverageLog) -> SndDemand:
    name = source.word("a demand id")
    place = source.place()
    ends = _ends(source, name)
    unit = not_negative(source.word("a routing unit"), "routing unit", place)
    value = not_negative(source.word("a demand value"), "demand value", place)
    limit = source.word("a maximum path length")
    if limit != UNLIMITED:
        number(limit, "maximum path length", place)
        log.ignored("maximum path length", place, "a limit for planners; shortest paths do not heed it")
    _further_groups(source, "demand option", log)
    return SndDemand(name, *ends, value, unit, place)


def _ends(source: _Source, name: str) -> tuple[str, str]:
    ends = source.group("source and target")
    if len(ends) != 2:
        raise FormatError(f"{len(ends)} ends for {name[:40]!r}", where=source.place(), hint="give source and target")
    return ends[0], ends[1]


def _further_groups(source: _Source, item: str, log: CoverageLog) -> None:
    while source.peek() == "(":
        if source.group(item):
            log.unknown(item, source.place())


def _skipped_section(keyword: str, source: _Source, log: CoverageLog) -> None:
    place, depth, count = source.place(), 1, 0
    while depth:
        word = source.take()
        depth += (word == "(") - (word == ")")
        count += word == "(" and depth == 2
        if depth > MAX_DEPTH:
            raise LimitError(f"brackets nested deeper than {MAX_DEPTH}", where=source.place())
    if keyword == "ADMISSIBLE_PATHS":
        log.ignored("admissible paths", place, "a choice for planners, not a routing; shortest paths are used", count=count)
    else:
        log.unknown(f"section {keyword[:40]}", place)


def text_of(network: SndNetwork) -> str:
    """The network as native text."""
    meta = [f"  {key} = {value}" for key, value in network.meta.items()]
    rows = [HEADER, f"# network {network.name}", ""]
    rows += ["META (", *meta, ")", ""] if meta else []
    rows += ["NODES (", *(f"  {node.id}{_position_text(node)}" for node in network.nodes), ")", ""]
    rows += ["LINKS (", *(_link_text(link) for link in network.links), ")", ""]
    rows += ["DEMANDS (", *(_demand_text(demand) for demand in network.demands), ")", ""]
    return "\n".join([*rows, "ADMISSIBLE_PATHS (", ")", ""])


def _position_text(node: SndNode) -> str:
    return f" ( {number_text(node.position[0])} {number_text(node.position[1])} )" if node.position else ""


def _link_text(link: SndLink) -> str:
    costs = (link.installed_capacity, link.installed_cost, link.routing_cost, link.setup_cost)
    modules = "".join(f"{capacity_text(capacity)} {number_text(cost)} " for capacity, cost in link.modules)
    return f"  {link.id} ( {link.source} {link.target} ) {' '.join(map(number_text, costs))} ( {modules})"


def _demand_text(demand: SndDemand) -> str:
    unit, value = number_text(demand.routing_unit), number_text(demand.value)
    return f"  {demand.id} ( {demand.source} {demand.target} ) {unit} {value} {UNLIMITED}"


def capacity_text(capacity: float) -> str:
    """A module's capacity, which may have no bound."""
    return UNLIMITED if capacity == float("inf") else number_text(capacity)
