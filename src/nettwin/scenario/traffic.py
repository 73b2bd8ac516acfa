"""What the users of the network want to send: demands as columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.scenario.arrays import FloatArray, IntArray, frozen, own
from nettwin.scenario.arrivals import ArrivalProcess, Poisson
from nettwin.scenario.packet_sizes import INTERNET_MIX, PacketSizes
from nettwin.scenario.topology import Topology

Item = TypeVar("Item")

MAX_CLASSES = 256
"""As many as the values of an octet: the DSCP has 64, the old type of service 256."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One row of Traffic, with names: a need from source to target."""

    source: str
    target: str
    rate_bps: float
    traffic_class: int = 0
    arrivals: ArrivalProcess = Poisson()
    packet_sizes: PacketSizes = INTERNET_MIX
    id: str = ""
    """Empty: named after its ends, ``source->target`` (and ``/class`` above 0)."""


@dataclass(frozen=True, eq=False)
class Traffic:
    """Demands as columns; arrival processes and packet sizes are tables that the rows point into."""

    source: IntArray  # [demand] node index
    target: IntArray  # [demand] node index
    rate_bps: FloatArray  # [demand] mean offered rate
    traffic_class: IntArray  # [demand] 0 is the first
    arrival_index: IntArray  # [demand] row of arrivals
    packet_size_index: IntArray  # [demand] row of packet_sizes
    arrivals: tuple[ArrivalProcess, ...] = (Poisson(),)
    packet_sizes: tuple[PacketSizes, ...] = (INTERNET_MIX,)
    ids: tuple[str, ...] = ()
    """One per demand, or none at all: then a scenario names them after their ends."""

    def __post_init__(self) -> None:
        for name in ("source", "target", "arrival_index", "packet_size_index"):
            object.__setattr__(self, name, own(getattr(self, name), np.int32))
        classes = np.asarray(self.traffic_class)
        self._check_rows((classes >= 0) & (classes < MAX_CLASSES), f"traffic_class is not between 0 and {MAX_CLASSES - 1}")
        object.__setattr__(self, "traffic_class", own(self.traffic_class, np.int16))
        object.__setattr__(self, "rate_bps", own(self.rate_bps, np.float64))
        self._check()

    def _check(self) -> None:
        columns = (self.target, self.rate_bps, self.traffic_class, self.arrival_index, self.packet_size_index)
        if any(column.shape != self.source.shape for column in columns) or self.source.ndim != 1:
            raise ScenarioError("columns differ in length", where="traffic", hint="give one value per demand in each")
        self._check_rows(self.source != self.target, "source and target are the same node")
        self._check_rows(np.isfinite(self.rate_bps) & (self.rate_bps >= 0), "rate_bps is negative or not finite")
        for name, table in (("arrival_index", self.arrivals), ("packet_size_index", self.packet_sizes)):
            column = getattr(self, name)
            self._check_rows((column >= 0) & (column < len(table)), f"{name} points outside its table")
        if self.ids and (len(self.ids) != self.n_demands or len(set(self.ids)) != self.n_demands):
            raise ScenarioError("demand ids are not one per demand, each once", where="traffic", hint="make them unique, or give none")

    def _check_rows(self, good: np.ndarray, what: str) -> None:
        if not bool(np.all(good)):
            row = int(np.argmin(good))
            name = f" ({self.ids[row]})" if row < len(self.ids) else ""
            raise ScenarioError(what, where=f"demand {row}{name}", hint="mend or remove this row")

    @property
    def n_demands(self) -> int:
        return len(self.source)

    @property
    def n_classes(self) -> int:
        return int(self.traffic_class.max(initial=0)) + 1

    @cached_property
    def mean_size_bits(self) -> FloatArray:  # [demand]
        return frozen(np.array([sizes.mean_bits for sizes in self.packet_sizes])[self.packet_size_index])

    @cached_property
    def packet_rate(self) -> FloatArray:  # [demand] packets per second
        return frozen(self.rate_bps / self.mean_size_bits)

    @classmethod
    def of(cls, demands: Iterable[Demand], topology: Topology) -> "Traffic":
        """Columns from rows with names. Raises UnknownNameError for an end that is no node."""
        rows = list(demands)
        arrivals, arrival_index = _interned([row.arrivals for row in rows])
        sizes, size_index = _interned([row.packet_sizes for row in rows])
        return cls(
            source=_nodes([row.source for row in rows], topology),
            target=_nodes([row.target for row in rows], topology),
            rate_bps=np.array([row.rate_bps for row in rows], dtype=np.float64),
            traffic_class=np.array([row.traffic_class for row in rows]),
            arrival_index=arrival_index,
            packet_size_index=size_index,
            arrivals=arrivals or (Poisson(),),
            packet_sizes=sizes or (INTERNET_MIX,),
            ids=_demand_ids(rows),
        )

    @classmethod
    def from_matrix(
        cls, rate_bps: FloatArray, *, arrivals: ArrivalProcess = Poisson(), packet_sizes: PacketSizes = INTERNET_MIX, traffic_class: int = 0
    ) -> "Traffic":
        """One demand for each positive entry of a traffic matrix [source, target]."""
        source, target = np.nonzero(rate_bps)
        zeros = np.zeros(len(source), dtype=np.int32)
        return cls(
            source=source.astype(np.int32),
            target=target.astype(np.int32),
            rate_bps=rate_bps[source, target],
            traffic_class=zeros + traffic_class,
            arrival_index=zeros,
            packet_size_index=zeros,
            arrivals=(arrivals,),
            packet_sizes=(packet_sizes,),
        )

    def rows(self, topology: Topology) -> list[Demand]:
        """The demands as rows with names: the inverse of ``of``."""
        names = [node.id for node in topology.nodes]
        return [
            Demand(
                source=names[self.source[i]],
                target=names[self.target[i]],
                rate_bps=float(self.rate_bps[i]),
                traffic_class=int(self.traffic_class[i]),
                arrivals=self.arrivals[self.arrival_index[i]],
                packet_sizes=self.packet_sizes[self.packet_size_index[i]],
                id=self.ids[i] if self.ids else "",
            )
            for i in range(self.n_demands)
        ]


def _nodes(names: Sequence[str], topology: Topology) -> IntArray:
    index = topology.node_index
    try:
        return np.array([index[name] for name in names], dtype=np.int32)
    except KeyError as missing:
        row = names.index(missing.args[0])
        raise UnknownNameError.among("node", missing.args[0], index, where=f"demand {row}") from None


def _interned(values: list[Item]) -> tuple[tuple[Item, ...], IntArray]:
    table: dict[Item, int] = {}
    index = np.array([table.setdefault(value, len(table)) for value in values], dtype=np.int32)
    return tuple(table), index


def _demand_ids(rows: list[Demand]) -> tuple[str, ...]:
    if not any(row.id for row in rows):
        return ()
    return named_demands([(row.id, default_demand_id(row.source, row.target, row.traffic_class)) for row in rows])


def named_demands(names: Sequence[tuple[str, str]], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """An id for each pair of an own id, which may be empty, and a default; a default that is taken gets ``#2``, ``#3``, ..."""
    taken = {*taken, *(own_id for own_id, _ in names)}
    next_number: Counter[str] = Counter()
    ids = []
    for own_id, default in names:
        name = own_id or default
        while not own_id and name in taken:
            next_number[default] += 1
            name = f"{default}#{next_number[default] + 1}"
        taken.add(name)
        ids.append(name)
    return tuple(ids)


def default_demand_id(source: str, target: str, traffic_class: int) -> str:
    """How a demand without an id of its own is called."""
    return f"{source}->{target}" + (f"/{traffic_class}" if traffic_class else "")
