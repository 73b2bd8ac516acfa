"""The members of a JSON object of YANG data, whatever module names stand before them; what nobody asks for is reported."""

from collections.abc import Mapping
from typing import Any

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog


class Fields:
    """An object that is being read. RFC 7951 names are ``module:name`` where the module changes, and many writers forget it."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise FormatError(f"{str(value)[:60]!r} is no object", where=place)
        self.place = place
        self._values = {str(key).rpartition(":")[2]: (str(key), item) for key, item in value.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def take(self, name: str) -> Any:
        """The value of a member, or None; it counts as read."""
        return self._values.pop(name, ("", None))[1]

    def take_text(self, name: str) -> str:
        """A member that is a name."""
        value = self.take(name)
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            raise FormatError(f"{name} is {str(value)[:60]!r}" if value is not None else f"{name} is missing", where=self.place)
        return str(value)

    def take_list(self, name: str) -> list["Fields"]:
        """A member that is a list of objects."""
        value = self.take(name)
        if not isinstance(value, list | None):
            raise FormatError(f"{name} is no list", where=self.place)
        return [Fields(item, f"{self.place}.{name}[{index}]") for index, item in enumerate(value or ())]

    def take_object(self, name: str) -> "Fields":
        """A member that is an object; an empty one if it is not there."""
        value = self.take(name)
        return Fields({} if value is None else value, f"{self.place}.{name}")

    def merged(self, other: "Fields") -> "Fields":
        """This object with the members of another, objects within them merged likewise."""
        for name, (key, value) in other._values.items():
            mine = self._values.get(name, ("", None))[1]
            both = {**mine, **value} if isinstance(mine, dict) and isinstance(value, dict) else value
            self._values[name] = (key, both)
        return self

    def ignore(self, log: CoverageLog, kind: str, reasons: Mapping[str, str]) -> None:
        """Reports the members that are left: ignored if there is a reason, else unknown."""
        for name, (key, _) in self._values.items():
            if name in reasons:
                log.ignored(f"{kind} {name}", self.place, reasons[name])
            else:
                log.unknown(f"{kind} {key[:100]}", self.place)
        self._values.clear()
