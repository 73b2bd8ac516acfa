"""Kinds of values that only one key has."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from nettwin.errors import FormatError
from nettwin.intents.language.kinds import NUMBER, RATE, SECONDS, SHARE, Count, Schema, Text, wrong
from nettwin.intents.language.place import Place
from nettwin.intents.slo import TIMES, Metric, Slo
from nettwin.scenario import CapacityModule

_NODE = Text("the name of a node")


@dataclass(frozen=True, slots=True)
class Bounded:
    """A bound as it is written: whether it has a unit, and which."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A time or a share; which of them, the metric says."""

    def read(self, plain: Any, place: Place) -> Bounded:
        text = plain.strip() if isinstance(plain, str) else ""
        if text.endswith("%"):
            return Bounded(SHARE.read(plain, place), "share")
        has_unit = text[-1:].isalpha()
        return Bounded(SECONDS.read(plain, place), "time" if has_unit else "")

    def write(self, value: Any) -> Any:
        return value

    def schema(self) -> Schema:
        return {"anyOf": [SECONDS.schema(), SHARE.schema()]}


def slo_of(metric: Metric, bound: Bounded, **others: Any) -> Slo:
    """Raises FormatError for a bound in the unit of another metric."""
    wanted, example = ("time", "25 ms") if metric in TIMES else ("share", "0.1 %")
    if bound.unit not in ("", wanted):
        raise FormatError(f"the bound is a {bound.unit}", hint=f"{metric} is a {wanted}, as {example}")
    return Slo(metric=metric, bound=bound.value, **others)


def written_bound(slo: Slo) -> Any:
    """With its unit."""
    return (SECONDS if slo.metric in TIMES else SHARE).write(slo.bound)


@dataclass(frozen=True, slots=True)
class Waypoint:
    """``fw1 | fw2``: one of several nodes; as a list where a name holds a bar itself."""

    def read(self, plain: Any, place: Place) -> tuple[str, ...]:
        if isinstance(plain, list | tuple) and plain:
            return tuple(_NODE.read(name, place.inside(index)) for index, name in enumerate(plain))
        names = [name.strip() for name in _NODE.read(plain, place).split("|")]
        if not all(names):
            raise wrong(plain, "names of nodes", place, "as fw1 | fw2")
        return tuple(names)

    def write(self, value: tuple[str, ...]) -> Any:
        return list(value) if any("|" in name or name != name.strip() for name in value) else " | ".join(value)

    def schema(self) -> Schema:
        return {"anyOf": [_NODE.schema(), {"type": "array", "items": _NODE.schema(), "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class OneOrTwoSelectors:
    """``gold``; or two, whose paths must be disjoint."""

    def read(self, plain: Any, place: Place) -> dict[str, str]:
        names = plain if isinstance(plain, list | tuple) else [plain]
        if not 1 <= len(names) <= 2:
            raise wrong(plain, "one selector or two", place)
        read = [Text("the name of a selector").read(name, place) for name in names]
        return dict(zip(("selected", "disjoint_from"), read, strict=False))

    def write(self, value: Any) -> Any:
        return value.selected

    def schema(self) -> Schema:
        return {"anyOf": [Text().schema(), {"type": "array", "items": Text().schema(), "minItems": 1, "maxItems": 2}]}


@dataclass(frozen=True, slots=True)
class Splits:
    """4, or the range ``[1, 4]``."""

    def read(self, plain: Any, place: Place) -> int:
        if isinstance(plain, list | tuple):
            if len(plain) != 2 or plain[0] != 1:
                raise wrong(plain, "a range from 1 on", place, "as [1, 4]")
            plain = plain[1]
        return Count(1).read(plain, place)

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        pair = {"type": "array", "prefixItems": [{"const": 1}, Count(1).schema()], "minItems": 2, "maxItems": 2}
        return {"anyOf": [Count(1).schema(), pair]}


@dataclass(frozen=True, slots=True)
class Modules:
    """``{100G: 40, 400G: 120}``: what each capacity costs."""

    def read(self, plain: Any, place: Place) -> tuple[CapacityModule, ...]:
        if not isinstance(plain, Mapping):
            raise wrong(plain, "capacities and their costs", place, "as {100G: 40}")
        return tuple(self._module(name, cost, place.inside(name)) for name, cost in plain.items())

    def _module(self, name: Any, cost: Any, place: Place) -> CapacityModule:
        if isinstance(cost, bool) or not isinstance(cost, int | float) or not cost >= 0:
            raise wrong(cost, "a cost", place, "0 or more")
        capacity_bps = RATE.read(name, place)
        if not capacity_bps > 0:
            raise wrong(name, "a capacity", place, "as 100G")
        return CapacityModule(capacity_bps, float(cost))

    def write(self, value: tuple[CapacityModule, ...]) -> Any:
        return {str(RATE.write(module.capacity_bps)): NUMBER.write(module.cost) for module in value}

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}


def proxy(pairs: dict[Any, Any]) -> Mapping[Any, Any]:
    """Pairs that nobody can change."""
    return MappingProxyType(pairs)
