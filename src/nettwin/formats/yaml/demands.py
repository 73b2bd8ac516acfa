"""The traffic of a document: rows, tables and matrices -> columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nettwin.errors import FormatError, InputError, UnknownNameError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.tables import Table, check_columns, make_table, parse_table
from nettwin.formats.yaml.places import Places
from nettwin.formats.yaml.profiles import ARRIVALS, PACKET_SIZES, Profiles
from nettwin.formats.yaml.schema import HIGHEST_CLASS, Columns, Document, MatrixPart
from nettwin.scenario import INTERNET_MIX, ArrivalProcess, PacketSizes, Poisson, Topology, Traffic
from nettwin.scenario.quantities import RATES, parse_quantity
from nettwin.scenario.traffic import default_demand_id

COLUMNS = ("source", "target", "rate_bps", "traffic_class", "arrivals", "packet_sizes", "id")


def traffic_of(document: Document, topology: Topology, places: Places, log: CoverageLog) -> Traffic:
    """All demands of a document, those of its rows first."""
    reader = _Reader(document, topology, places)
    demands = document.traffic.demands
    if isinstance(demands, tuple):
        for index, part in enumerate(demands):
            with places.at("traffic", "demands", index):
                reader.add({name: getattr(part, name) for name in part.model_fields_set})
    else:
        _add_table(reader, demands, places)
    for index, matrix in enumerate(document.traffic.matrices):
        with places.at("traffic", "matrices", index):
            _add_matrix(reader, matrix, topology, log)
    reader.report(log)
    return reader.traffic()


def table_of(part: str | Columns, where: str) -> Table:
    """The table in a text or in lists."""
    if isinstance(part, str):
        return parse_table(part, where)
    for index, row in enumerate(part.rows):
        if not all(isinstance(cell, str | int | float | None) for cell in row):
            raise FormatError("a cell is a map or a list", where=f"{where} row {index + 1}".strip(), hint="cells are texts and numbers")
    return make_table(part.columns, part.rows, where)


def _add_table(reader: "_Reader", part: str | Columns, places: Places) -> None:
    path = ("traffic", "demands")
    with places.at(*path):
        table = table_of(part, "")
        check_columns(table, COLUMNS, ("source", "target"), "")
    for index, row in enumerate(table.records()):
        try:
            reader.add(row)
        except InputError as error:
            raise error.at(places.of_row(table, index, *path)) from None


def _add_matrix(reader: "_Reader", matrix: MatrixPart, topology: Topology, log: CoverageLog) -> None:
    nodes = matrix.nodes or tuple(node.id for node in topology.nodes)
    for row in (matrix.rate_bps, *matrix.rate_bps):
        if len(row) != len(nodes):
            raise FormatError(f"{len(row)} rows or columns for {len(nodes)} nodes", hint="one row and one column per node")
    attributes = {name: getattr(matrix, name) for name in ("traffic_class", "arrivals", "packet_sizes")}
    for source, rates in zip(nodes, matrix.rate_bps, strict=True):
        for target, rate in zip(nodes, rates, strict=True):
            if rate != 0 and source != target:
                reader.add({"source": source, "target": target, "rate_bps": rate, **attributes})
            elif rate != 0:
                log.ignored("traffic of a node with itself", source, "it never enters the network")


class _Interned:
    """A table of distinct values, and the row of it that each demand uses."""

    def __init__(self, profiles: Profiles[Any]) -> None:
        self._profiles = profiles
        self._row_by_value: dict[Any, int] = {}
        self._row_by_name: dict[str, int] = {}
        self.rows: list[int] = []

    def add(self, part: Any) -> None:
        """Appends the row of a name or of a map in place."""
        row = self._row_by_name.get(part) if isinstance(part, str) else None
        if row is None:
            row = self._row_by_value.setdefault(self._profiles.resolve(part), len(self._row_by_value))
            if isinstance(part, str):
                self._row_by_name[part] = row
        self.rows.append(row)

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(self._row_by_value)


class _Reader:
    """Collects the columns of Traffic, demand by demand."""

    def __init__(self, document: Document, topology: Topology, places: Places) -> None:
        self._topology, self._places = topology, places
        defaults = document.defaults.demand
        self._defaults = {name: getattr(defaults, name) for name in defaults.model_fields_set}
        self._built_in: dict[str, Any] = {"traffic_class": 0, "arrivals": "poisson", "packet_sizes": "internet-mix"}
        arrivals: Profiles[ArrivalProcess] = Profiles("arrivals", ArrivalProcess, ARRIVALS)
        sizes: Profiles[PacketSizes] = Profiles("packet_sizes", PacketSizes, PACKET_SIZES)
        arrivals.define(document.arrivals, places)
        sizes.define(document.packet_sizes, places)
        self._profiles = (arrivals, sizes)
        self._arrivals, self._sizes = _Interned(arrivals), _Interned(sizes)
        self._sources: list[int] = []
        self._targets: list[int] = []
        self._rates: list[float] = []
        self._classes: list[int] = []
        self._ids: list[str] = []

    def add(self, given: Mapping[str, Any]) -> None:
        """One demand; what it leaves out comes from the defaults."""
        row = self._built_in | self._defaults | {name: value for name, value in given.items() if value is not None}
        source, target = self._node(row, "source"), self._node(row, "target")
        if source == target:
            raise FormatError("source and target are the same node", hint="such traffic never enters the network; remove the row")
        self._sources.append(source)
        self._targets.append(target)
        self._rates.append(_rate(row.get("rate_bps")))
        self._classes.append(_class(row["traffic_class"]))
        self._arrivals.add(row["arrivals"])
        self._sizes.add(row["packet_sizes"])
        self._ids.append(str(row.get("id", "")))

    def _node(self, row: Mapping[str, Any], end: str) -> int:
        name = str(row.get(end, ""))
        if name not in self._topology.node_index:
            raise UnknownNameError.among("node", name, self._topology.node_index)
        return self._topology.node_index[name]

    def report(self, log: CoverageLog) -> None:
        log.modelled("demands", count=len(self._rates))
        for profiles in self._profiles:
            profiles.log_unused(log, self._places)

    def traffic(self) -> Traffic:
        """The columns. Demands without ids are named after their ends as soon as one has an id."""
        return Traffic(
            source=np.array(self._sources, dtype=np.int32),
            target=np.array(self._targets, dtype=np.int32),
            rate_bps=np.array(self._rates, dtype=np.float64),
            traffic_class=np.array(self._classes, dtype=np.int16),
            arrival_index=np.array(self._arrivals.rows, dtype=np.int32),
            packet_size_index=np.array(self._sizes.rows, dtype=np.int32),
            arrivals=self._arrivals.values or (Poisson(),),
            packet_sizes=self._sizes.values or (INTERNET_MIX,),
            ids=self._all_ids(),
        )

    def _all_ids(self) -> tuple[str, ...]:
        if not any(self._ids):
            return ()
        names = [node.id for node in self._topology.nodes]
        rows = zip(self._ids, self._sources, self._targets, self._classes, strict=True)
        return tuple(given or default_demand_id(names[s], names[t], c) for given, s, t, c in rows)


def _rate(value: Any) -> float:
    if value is None:
        raise FormatError("rate_bps is missing", hint="give it here, or under defaults: demand:")
    rate = parse_quantity(value, RATES) if isinstance(value, str) else float(value) if not isinstance(value, bool) else -1.0
    if not 0 <= rate < float("inf"):
        raise FormatError(f"rate_bps is {value}", hint="it must be finite and not negative")
    return rate


def _class(value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= HIGHEST_CLASS):
        raise FormatError(f"traffic_class is {text[:30]!r}", hint=f"a whole number from 0 to {HIGHEST_CLASS}")
    return int(text)
