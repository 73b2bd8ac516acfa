"""A scenario -> a nettwin document, as plain data in the order in which people read it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nettwin.formats.tables import is_awkward, table_text
from nettwin.formats.yaml.demands import COLUMNS
from nettwin.formats.yaml.names import Names
from nettwin.formats.yaml.policy import NEXT_LINK_COLUMNS
from nettwin.formats.yaml.profiles import ARRIVALS, PACKET_SIZES, SCHEDULING
from nettwin.formats.yaml.schema import VERSION
from nettwin.scenario import ForwardingTable, Link, Node, Scenario, Segment
from nettwin.scenario.plain import KIND, kind_name, to_plain
from nettwin.scenario.quantities import RATES, TIMES, exact_text


def document_of(scenario: Scenario, *, has_text_tables: bool) -> dict[str, Any]:
    """The document; its tables are texts for people or lists for machines."""
    topology, write_table = scenario.topology, _text_table if has_text_tables else _list_table
    scheduling = _ProfileNames(SCHEDULING)
    traffic = _Traffic(scenario)
    document = {
        "nettwin": VERSION,
        "name": scenario.name,
        "description": scenario.description,
        "metadata": dict(topology.metadata),
        "nodes": [_node(node) for node in topology.nodes],
        "links": list(_links(topology.links, scheduling)),
        "traffic": {"demands": write_table(*traffic.table())} if scenario.traffic.n_demands else {},
        "routing": _routing(scenario, write_table),
        "observation": to_plain(scenario.observation),
    }
    profiles = {"scheduling": scheduling, "arrivals": traffic.arrivals, "packet_sizes": traffic.packet_sizes}
    document |= {name: names.definitions() for name, names in profiles.items()}
    order = ("nettwin", "name", "description", "metadata", *profiles, "nodes", "links", "traffic", "routing", "observation")
    return {key: _whole(document[key]) for key in order if document[key]}


def _whole(plain: Any) -> Any:
    """Whole numbers without a fraction, which only tires the reader's eye."""
    if isinstance(plain, dict):
        return {key: _whole(value) for key, value in plain.items()}
    if isinstance(plain, list):
        return [_whole(value) for value in plain]
    return _number(plain) if isinstance(plain, float) else plain


class _ProfileNames:
    """Gives each distinct value a name, the built-in one where there is one."""

    def __init__(self, built_in: Mapping[str, Any]) -> None:
        self._built_in = set(built_in)
        self._names: dict[Any, str] = {value: name for name, value in built_in.items()}

    def name_of(self, value: Any) -> str:
        if value not in self._names:
            stem = getattr(value, "discipline", None) or kind_name(type(value))
            taken = set(self._names.values())
            numbered = (f"{stem}-{n}" for n in range(2, len(taken) + 3))
            self._names[value] = next(name for name in (str(stem), *numbered) if name not in taken)
        return self._names[value]

    def definitions(self) -> dict[str, Any]:
        """What must be defined in the document."""
        return {name: _profile(value) for value, name in self._names.items() if name not in self._built_in}


def _profile(value: Any) -> Any:
    """Its fields, and its kind where it is one of several (a scheduling is not)."""
    plain = to_plain(value)
    return plain if hasattr(value, "discipline") else {KIND: kind_name(type(value)), **plain}


def _node(node: Node) -> Any:
    plain = to_plain(node)
    return node.id if set(plain) == {"id"} else plain


def _links(links: tuple[Link, ...], scheduling: _ProfileNames) -> Iterator[dict[str, Any]]:
    """Cables for neighbours that are the two directions of one circuit, single directions for the rest."""
    link_names, circuit_names = Names("link"), Names("circuit")
    circuits: set[str] = set()
    index = 0
    while index < len(links):
        link, back = links[index], links[index + 1] if index + 1 < len(links) else None
        if back and link.circuit not in circuits and _is_cable(link, back):
            circuits.add(link.circuit)
            yield _cable(link, back, link_names, circuit_names) | _attributes(link, scheduling)
            index += 2
        else:
            yield _direction(link, link_names) | _attributes(link, scheduling)
            index += 1


def _is_cable(link: Link, back: Link) -> bool:
    return bool(link.circuit) and replace(back, id=link.id, source=back.target, target=back.source) == link


def _cable(link: Link, back: Link, link_names: Names, circuit_names: Names) -> dict[str, Any]:
    named = {} if circuit_names.free(f"{link.source}--{link.target}") == link.circuit else {"id": link.circuit}
    circuit_names.take(link.circuit)
    is_default = [link_names.free(f"{one.source}->{one.target}") == one.id for one in (link, back)]
    ids = {} if all(is_default) else {"link_ids": [link.id, back.id]}
    for one in (link, back):
        link_names.take(one.id)
    return {**named, "ends": [link.source, link.target], **ids}


def _direction(link: Link, link_names: Names) -> dict[str, Any]:
    named = {} if link_names.free(f"{link.source}->{link.target}") == link.id else {"id": link.id}
    link_names.take(link.id)
    return {**named, "source": link.source, "target": link.target, **({"circuit": link.circuit} if link.circuit else {})}


def _attributes(link: Link, scheduling: _ProfileNames) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(link)
    for name in ("id", "source", "target", "circuit"):
        plain.pop(name, None)
    plain["capacity_bps"] = _short(link.capacity_bps, RATES)
    if "propagation_delay_s" in plain:
        plain["propagation_delay_s"] = _short(link.propagation_delay_s, TIMES)
    if "scheduling" in plain:
        plain["scheduling"] = scheduling.name_of(link.scheduling)
    return plain


def _short(value: float, units: Any) -> Any:
    """With a unit where that is short and exact, else the number."""
    text = exact_text(value, units)
    return text if " " in text else _number(value)


def _number(value: float) -> int | float:
    return int(value) if abs(value) < 1e15 and value == int(value) else value


class _Traffic:
    """The demands as a table, and the profiles that it names."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.arrivals, self.packet_sizes = _ProfileNames(ARRIVALS), _ProfileNames(PACKET_SIZES)

    def table(self) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Columns and rows; columns that say nothing are left out."""
        traffic, nodes = self._scenario.traffic, self._scenario.topology.nodes
        names = [node.id for node in nodes]
        columns: dict[str, list[Any]] = {
            "source": [names[i] for i in traffic.source.tolist()],
            "target": [names[i] for i in traffic.target.tolist()],
            "rate_bps": [_number(rate) for rate in traffic.rate_bps.tolist()],
            "traffic_class": traffic.traffic_class.tolist(),
            "arrivals": _named(traffic.arrivals, traffic.arrival_index, self.arrivals),
            "packet_sizes": _named(traffic.packet_sizes, traffic.packet_size_index, self.packet_sizes),
            "id": list(traffic.ids),
        }
        defaults: dict[str, set[Any]] = {"traffic_class": {0}, "arrivals": {"poisson"}, "packet_sizes": {"internet-mix"}, "id": set()}
        kept = [name for name in COLUMNS if name not in defaults or set(columns[name]) - defaults[name]]
        return kept, list(zip(*(columns[name] for name in kept), strict=True))


def _named(values: tuple[Any, ...], index: np.ndarray, names: _ProfileNames) -> list[str]:
    used = {row: names.name_of(values[row]) for row in np.unique(index).tolist()}
    return [used[row] for row in index.tolist()]


def _routing(scenario: Scenario, write_table: Any) -> dict[str, Any]:
    policy = scenario.policy
    plain: dict[str, Any] = {}
    if isinstance(policy.base, ForwardingTable):
        plain["base"] = {KIND: "forwarding-table", "next_link": write_table(list(NEXT_LINK_COLUMNS), _ports(scenario, policy.base))}
    elif not policy.base.has_ecmp:
        plain["base"] = {KIND: "shortest-paths", "has_ecmp": False}
    plain["explicit_paths"] = {demand: [to_plain(path) for path in paths] for demand, paths in policy.explicit_paths.items()}
    plain["segment_lists"] = {
        demand: [{**to_plain(one), "segments": [to_plain(segment, Segment) for segment in one.segments]} for one in lists]
        for demand, lists in policy.segment_lists.items()
    }
    return {key: value for key, value in plain.items() if value}


def _ports(scenario: Scenario, table: ForwardingTable) -> list[tuple[str, str, str]]:
    nodes, links = scenario.topology.nodes, scenario.topology.links
    return [
        (nodes[node].id, nodes[target].id, links[table.next_link[node, target]].id)
        for node, target in zip(*np.nonzero(table.next_link >= 0), strict=True)
    ]


def _list_table(columns: list[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    return {"columns": columns, "rows": [list(row) for row in rows]}


def _text_table(columns: list[str], rows: list[tuple[Any, ...]]) -> Any:
    if any(is_awkward(cell) for row in rows for cell in row):
        return _list_table(columns, rows)
    return table_text(columns, rows)
