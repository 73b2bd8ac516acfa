"""What is assumed where a file is silent. Every use of it stands in the coverage report."""

import math
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.formats.numbers import number, whole_number
from nettwin.scenario import Queue, Scheduling


class MetricRule(StrEnum):
    """Where IGP metrics come from that a file does not give."""

    DISTANCE = "distance"
    """Kilometres, at least 1; 1 everywhere if any length is unknown."""
    HOPS = "hops"
    """1 everywhere."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Defaults for what topology collections leave out: capacities, traffic, metrics, buffers."""

    seed: int = 0
    max_utilization: float = 0.7
    """Utilization of the busiest link, under shortest paths, that missing capacities (or missing traffic) are chosen for."""
    total_bps: float | None = None
    """Sum of all demands: generated ones add up to it, given ones are scaled to it. None: given ones stay as they are."""
    node_bps: float = 1e9
    """Missing demands, where capacities are missing too, add up to this times the number of nodes."""
    max_demands: int = 100_000
    """Missing demands are made between so many of the heaviest nodes that there are no more demands than this."""
    metric: MetricRule = MetricRule.DISTANCE
    both_ways: bool | None = None
    """Whether each demand of a triangular matrix (no pair has both directions) is also sent back. None: as the format has it."""
    buffer_packets: float = 500
    """FIFO buffer of every port, including the packet in service."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "metric", MetricRule(self.metric))
        for name in ("max_utilization", "node_bps", "max_demands", "buffer_packets"):
            _check(0 < getattr(self, name) < math.inf, name, getattr(self, name))
        _check(self.total_bps is None or 0 < self.total_bps < math.inf, "total_bps", self.total_bps)
        _check(self.seed >= 0, "seed", self.seed)

    @property
    def scheduling(self) -> Scheduling:
        """The output port of every link."""
        return Scheduling(queues=(Queue(buffer_packets=self.buffer_packets),))

    def updated(self, query: str, where: str) -> "Assumptions":
        """With values from ``max_utilization=0.8&seed=3``. Raises UnknownNameError, FormatError or ScenarioError."""
        changes: dict[str, object] = {}
        for option in query.split("&") if query else ():
            name, _, text = option.partition("=")
            changes[name] = _value(name, text, where)
        return replace(self, **changes)  # type: ignore[arg-type]


def _value(name: str, text: str, where: str) -> object:
    if name == "metric":
        known = [rule.value for rule in MetricRule]
        if text not in known:
            raise UnknownNameError.among("metric rule", text, known, where=where)
        return MetricRule(text)
    if name == "both_ways":
        return bool(whole_number(text, name, where))
    if name in ("seed", "max_demands"):
        return whole_number(text, name, where)
    names = [field.name for field in fields(Assumptions)]
    if name not in names:
        raise UnknownNameError.among("option", name, names, where=where)
    return number(text, name, where)


def _check(condition: bool, name: str, value: object) -> None:
    if not condition:
        raise ScenarioError(f"{name} is {value}", where="assumptions", hint="it must be positive and finite")
