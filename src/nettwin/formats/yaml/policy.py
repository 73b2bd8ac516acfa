"""The routing policy of a document."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from nettwin.errors import FormatError, InputError, LimitError, UnknownNameError
from nettwin.formats.tables import check_columns
from nettwin.formats.yaml.demands import table_of
from nettwin.formats.yaml.parts import plain_of
from nettwin.formats.yaml.places import Places
from nettwin.formats.yaml.schema import Document, ForwardingTablePart, ShortestPathsPart
from nettwin.scenario import (
    AdjacencySegment,
    ExplicitPath,
    ForwardingTable,
    NodeSegment,
    RoutingPolicy,
    Scenario,
    SegmentList,
    ShortestPaths,
    Topology,
)
from nettwin.scenario.plain import from_plain

NEXT_LINK_COLUMNS = ("node", "target", "link")
MOST_TABLE_NODES = 4096
"""A forwarding table has a cell for each pair of nodes: 64 MiB at this size."""


def policy_of(document: Document, scenario: Scenario, places: Places) -> RoutingPolicy:
    """The policy; all that it names is in the scenario."""
    part = document.routing
    paths = {demand: part.explicit_paths[demand] for demand in part.explicit_paths}
    return RoutingPolicy(
        base=_base(part.base, scenario.topology, places),
        explicit_paths={
            demand: _exceptions(ExplicitPath, value, scenario, places, "explicit_paths", demand) for demand, value in paths.items()
        },
        segment_lists={
            demand: _exceptions(SegmentList, value, scenario, places, "segment_lists", demand)
            for demand, value in part.segment_lists.items()
        },
    )


def _base(part: Any, topology: Topology, places: Places) -> ShortestPaths | ForwardingTable:
    if isinstance(part, ForwardingTablePart):
        return _forwarding_table(part, topology, places)
    return ShortestPaths(part.has_ecmp) if isinstance(part, ShortestPathsPart) else ShortestPaths()


def _exceptions(hint: Any, parts: Iterable[Any], scenario: Scenario, places: Places, kind: str, demand: str) -> tuple[Any, ...]:
    values = []
    for index, part in enumerate(parts):
        with places.at("routing", kind, demand, index):
            scenario.index_of_demand(demand)
            values.append(from_plain(hint, plain_of(part)))
            _check_names(values[-1], scenario.topology)
    return tuple(values)


def _check_names(value: ExplicitPath | SegmentList, topology: Topology) -> None:
    for step in value.links if isinstance(value, ExplicitPath) else value.segments:
        if isinstance(step, NodeSegment):
            topology.index_of_node(step.node)
        else:
            topology.index_of_link(step.link if isinstance(step, AdjacencySegment) else step)


def _forwarding_table(part: ForwardingTablePart, topology: Topology, places: Places) -> ForwardingTable:
    path = ("routing", "base", "next_link")
    if topology.n_nodes > MOST_TABLE_NODES:
        raise LimitError(f"a forwarding table for {topology.n_nodes} nodes", where=places.of(*path), hint=f"at most {MOST_TABLE_NODES}")
    with places.at(*path):
        table = table_of(part.next_link, "")
        check_columns(table, NEXT_LINK_COLUMNS, NEXT_LINK_COLUMNS, "")
    ports = np.full((topology.n_nodes, topology.n_nodes), -1, dtype=np.int32)
    for index, row in enumerate(table.rows):
        try:
            _set_port(ports, [str(cell) for cell in row], topology)
        except InputError as error:
            raise error.at(places.of_row(table, index, *path)) from None
    return ForwardingTable(ports)


def _set_port(ports: np.ndarray, row: list[str], topology: Topology) -> None:
    node, target, link = topology.index_of_node(row[0]), topology.index_of_node(row[1]), topology.index_of_link(row[2])
    if topology.links[link].source != row[0]:
        raise UnknownNameError(f"the link {row[2]!r} does not start at {row[0]!r}", hint="give a link that does")
    if ports[node, target] >= 0:
        raise FormatError(f"{row[0]!r} has two ports towards {row[1]!r}", hint="one row per node and target")
    ports[node, target] = link
