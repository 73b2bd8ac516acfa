"""YAML, bounded; without aliases, anchors, merge keys, tags and repeated keys.

Plain values follow the core schema of YAML 1.2, not the surprises of 1.1: ``NO`` is a node, ``1e9`` a number, ``010`` a text.
Values are built straight from libyaml's events; a line is looked up by a second walk, only where an error needs one.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from nettwin.errors import FormatError, LimitError
from nettwin.formats.safe_input.files import decode
from nettwin.formats.safe_input.limits import DEFAULT_LIMITS, Limits

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, bool | float | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".inf": float("inf"), "+.inf": float("inf"), ".Inf": float("inf"), "-.inf": float("-inf"),
}  # fmt: skip
_NOT_NUMBERS = {".nan", ".NaN", ".NAN"}


def parse_yaml(data: bytes, *, where: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """The single document in ``data`` as dicts, lists and scalars. Raises FormatError with a line, or LimitError."""
    builder = _Builder(where, limits)
    for event in _events(decode(data, where), where):
        builder.add(event)
    return builder.root()


def yaml_line(data: bytes, path: Sequence[str | int], *, where: str) -> int | None:
    """The line, from 1, of the value at ``path`` (keys and indices) in a document that ``parse_yaml`` accepted."""
    return _line(_events(decode(data, where), where), [str(step) for step in path])


def is_plain_text(text: str) -> bool:
    """Whether unquoted ``text`` is read back as text and not as a number, a boolean or nothing."""
    return text not in _WORDS and text not in _NOT_NUMBERS and not INTEGER.match(text) and not FLOAT.match(text)


def _events(text: str, where: str) -> Iterator[Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}: line {mark.line + 1}" if mark else where
        raise FormatError(f"no YAML: {error.problem or error.context}", where=place) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError(f"no YAML: {str(error).splitlines()[0]}", where=where) from None


class _Builder:
    """Turns events into values, with a stack of open containers."""

    def __init__(self, where: str, limits: Limits) -> None:
        self._where, self._limits = where, limits
        self._stack: list[dict[str, Any] | list[Any]] = []
        self._keys: list[str | None] = []
        self._roots: list[Any] = []
        self._count = 0

    def add(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._put(self._scalar(event), event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._open({} if kind == "MappingStartEvent" else [], event)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._stack.pop()
            self._keys.pop()
        elif kind == "AliasEvent":
            raise FormatError("an alias", where=self._place(event), hint="write the value out; aliases and anchors are not read")

    def root(self) -> Any:
        if len(self._roots) != 1:
            raise FormatError(f"{len(self._roots)} documents in one file", where=self._where, hint="give exactly one YAML document")
        return self._roots[0]

    def _place(self, event: Any) -> str:
        return f"{self._where}: line {event.start_mark.line + 1}"

    def _open(self, container: dict[str, Any] | list[Any], event: Any) -> None:
        self._refuse_decoration(event)
        self._put(container, event)
        self._stack.append(container)
        self._keys.append(None)
        if len(self._stack) > self._limits.depth:
            raise LimitError(f"nested deeper than {self._limits.depth}", where=self._place(event))

    def _put(self, value: Any, event: Any) -> None:
        self._count += 1
        if self._count > self._limits.yaml_elements:
            raise LimitError(f"more than {self._limits.yaml_elements} values", where=self._place(event), hint="use tables, or JSON")
        if not self._stack:
            self._roots.append(value)
            return
        top = self._stack[-1]
        if isinstance(top, list):
            top.append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = self._key(value, top, event)
        else:
            top[self._keys[-1]] = value
            self._keys[-1] = None

    def _key(self, value: Any, mapping: dict[str, Any], event: Any) -> str:
        if isinstance(value, dict | list):
            raise FormatError("a map or list as a key", where=self._place(event), hint="keys are texts")
        key = str(event.value)
        if len(key) > self._limits.attribute_length:
            raise LimitError(f"a key is longer than {self._limits.attribute_length} characters", where=self._place(event))
        if key == "<<":
            raise FormatError("a merge key", where=self._place(event), hint="write the values out")
        if key in mapping:
            raise FormatError(f"the key {key[:100]!r} stands twice in one map", where=self._place(event), hint="remove one of them")
        return key

    def _refuse_decoration(self, event: Any) -> None:
        if event.anchor is not None:
            raise FormatError("an anchor", where=self._place(event), hint="write the value out; aliases and anchors are not read")
        if event.tag is not None and event.tag != "!":
            raise FormatError(f"the tag {event.tag[:60]!r}", where=self._place(event), hint="tags are not read")

    def _scalar(self, event: Any) -> Any:
        self._refuse_decoration(event)
        text = event.value
        if len(text) > self._limits.scalar_length:
            raise LimitError(f"a text is longer than {self._limits.scalar_length} characters", where=self._place(event))
        return text if event.style else self._plain(text, event)

    def _plain(self, text: str, event: Any) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if text in _NOT_NUMBERS:
            raise FormatError(f"{text} is no number", where=self._place(event), hint="leave the field out, or give a number")
        is_integer = bool(INTEGER.match(text))
        if not is_integer and not FLOAT.match(text):
            return text
        if len(text) > self._limits.number_digits:
            raise LimitError(f"a number has more than {self._limits.number_digits} digits", where=self._place(event))
        value = int(text) if is_integer else float(text)
        if value in (float("inf"), float("-inf")):
            raise FormatError(f"the number {text[:30]} is too large", where=self._place(event))
        return value


def _line(events: Iterator[Any], path: list[str]) -> int | None:
    """The line of the deepest value on the way to ``path``."""
    deepest, line = -1, None
    for here, start in _positions(events):
        if len(here) > deepest and here == path[: len(here)]:
            deepest, line = len(here), start
            if deepest == len(path):
                break
    return line


def _positions(events: Iterator[Any]) -> Iterator[tuple[list[str], int]]:
    """The path and the line of every map entry and list item."""
    frames: list[_Frame] = []
    for event in events:
        kind = type(event).__name__
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            frames.pop()
            _complete(frames)
        elif kind in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
            is_key = bool(frames) and frames[-1].begin(getattr(event, "value", ""))
            if not frames or is_key or not frames[-1].is_map:
                yield [str(frame.step) for frame in frames], event.start_mark.line + 1
            if kind != "ScalarEvent":
                frames.append(_Frame(kind == "MappingStartEvent"))
            elif not is_key:
                _complete(frames)


class _Frame:
    """An open container and the step within it that is being read."""

    def __init__(self, is_map: bool) -> None:
        self.is_map = is_map
        self.step: str | int | None = None if is_map else -1

    def begin(self, text: str) -> bool:
        """Takes note of the next event; whether it is a key."""
        if isinstance(self.step, int):
            self.step += 1
        elif self.step is None:
            self.step = text
            return True
        return False


def _complete(frames: list[_Frame]) -> None:
    if frames and frames[-1].is_map:
        frames[-1].step = None
