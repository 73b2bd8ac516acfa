"""Values that a document defines once and names where they are used."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.yaml.parts import plain_of
from nettwin.formats.yaml.places import Places
from nettwin.scenario import INTERNET_MIX, ConstantBitRate, Poisson, Scheduling
from nettwin.scenario.plain import from_plain

Value = TypeVar("Value")

SCHEDULING: Mapping[str, Any] = {"fifo": Scheduling()}
ARRIVALS: Mapping[str, Any] = {"poisson": Poisson(), "constant-bit-rate": ConstantBitRate()}
PACKET_SIZES: Mapping[str, Any] = {"internet-mix": INTERNET_MIX}
"""Names that need no definition."""


class Profiles(Generic[Value]):
    """The profiles of one kind (``scheduling``, ``arrivals``, ``packet_sizes``), built-in ones included."""

    def __init__(self, kind: str, hint: Any, built_in: Mapping[str, Value]) -> None:
        self._kind, self._hint = kind, hint
        self._values: dict[str, Value] = dict(built_in)
        self._unused: dict[str, str] = {}

    def define(self, parts: Mapping[str, Any], places: Places) -> None:
        """Adds the profiles of a document."""
        for name, part in parts.items():
            with places.at(self._kind, name):
                if name in self._values:
                    raise ScenarioError(f"{name!r} has a fixed meaning", hint="choose another name")
                self._values[name] = self.resolve(part)
            self._unused[name] = name

    def resolve(self, part: Any) -> Value:
        """The value of a name or of a map in place."""
        if not isinstance(part, str):
            return cast(Value, from_plain(self._hint, plain_of(part)))
        if part not in self._values:
            raise UnknownNameError.among(self._kind, part, self._values)
        self._unused.pop(part, None)
        return self._values[part]

    def log_unused(self, log: CoverageLog, places: Places) -> None:
        """Reports what was defined and never named."""
        for name in self._unused:
            log.ignored(f"{self._kind} {name}", places.of(self._kind, name), "defined, but not used")
