"""A scenario -> tables."""

from collections.abc import Iterable, Sequence
from typing import Any

from nettwin.formats.coverage import CoverageLog
from nettwin.formats.csv_tables.cells import escaped, listed, profile_text, scheduling_cells
from nettwin.formats.csv_tables.reading import DEMANDS, LINK_COLUMNS, LINKS, NODE_COLUMNS, NODES, PATH_COLUMNS, PATHS
from nettwin.formats.numbers import number_text
from nettwin.formats.tables import table_text
from nettwin.formats.yaml.demands import COLUMNS as DEMAND_COLUMNS
from nettwin.formats.yaml.profiles import ARRIVALS, PACKET_SIZES
from nettwin.scenario import ArrivalProcess, Link, LinkPlanning, Node, Observation, PacketSizes, PacketTrace, Scenario, ShortestPaths
from nettwin.scenario.plain import to_plain


def tables_of(scenario: Scenario, log: CoverageLog) -> dict[str, str]:
    """The text of each file. What tables cannot hold is reported as ignored."""
    topology = scenario.topology
    tables = {
        NODES: _text(NODE_COLUMNS, map(_node, topology.nodes), always=("id",)),
        LINKS: _text(LINK_COLUMNS, map(_link, topology.links), always=("source", "target")),
        DEMANDS: _text(DEMAND_COLUMNS, _demands(scenario, log), always=("source", "target", "rate_bps")),
    }
    paths = [{"demand": d, "share": p.share, "links": listed(p.links)} for d, ps in scenario.policy.explicit_paths.items() for p in ps]
    if paths:
        tables[PATHS] = _text(PATH_COLUMNS, paths, always=PATH_COLUMNS)
    _log(scenario, log)
    return tables


def _text(columns: Sequence[str], rows: Iterable[dict[str, Any]], always: Sequence[str]) -> str:
    """Columns that are empty throughout are left out."""
    rows = list(rows)
    kept = [name for name in columns if name in always or any(row.get(name, "") != "" for row in rows)]
    return table_text(kept, [[_cell(row.get(name, "")) for name in kept] for row in rows])


def _cell(value: Any) -> Any:
    return escaped(value) if isinstance(value, str) else number_text(value) if isinstance(value, float) else value


def _node(node: Node) -> dict[str, Any]:
    cells: dict[str, Any] = {"id": node.id, "label": node.label, "tags": listed(node.tags), "is_up": "" if node.is_up else "false"}
    return cells | ({"x": node.position[0], "y": node.position[1]} if node.position else {})


def _link(link: Link) -> dict[str, Any]:
    return {
        "id": link.id,
        "source": link.source,
        "target": link.target,
        "capacity_bps": link.capacity_bps,
        "propagation_delay_s": link.propagation_delay_s,
        "metric": link.metric,
        "circuit": link.circuit,
        "risk_groups": listed(link.risk_groups),
        "tags": listed(link.tags),
        "is_up": "" if link.is_up else "false",
        **scheduling_cells(to_plain(link.scheduling)),
    }


def _demands(scenario: Scenario, log: CoverageLog) -> list[dict[str, Any]]:
    traffic, names = scenario.traffic, [node.id for node in scenario.topology.nodes]
    arrivals = [_profile(value, ArrivalProcess, log) for value in traffic.arrivals]
    sizes = [_profile(value, PacketSizes, log) for value in traffic.packet_sizes]
    return [
        {
            "source": names[traffic.source[i]],
            "target": names[traffic.target[i]],
            "rate_bps": float(traffic.rate_bps[i]),
            "traffic_class": int(traffic.traffic_class[i]) or "",
            "arrivals": arrivals[traffic.arrival_index[i]],
            "packet_sizes": sizes[traffic.packet_size_index[i]],
            "id": traffic.ids[i] if traffic.ids else "",
        }
        for i in range(traffic.n_demands)
    ]


def _profile(value: Any, hint: Any, log: CoverageLog) -> str:
    if isinstance(value, PacketTrace):
        log.ignored("packet trace", note="too long for a cell: the demand becomes Poisson")
        return ""
    built_in = {value: name for name, value in {**ARRIVALS, **PACKET_SIZES}.items()}
    return built_in.get(value) or profile_text(to_plain(value, hint))


def _log(scenario: Scenario, log: CoverageLog) -> None:
    links, policy = scenario.topology.links, scenario.policy
    log.modelled("nodes", count=scenario.topology.n_nodes)
    log.modelled("links", count=len(links))
    log.modelled("demands", count=scenario.traffic.n_demands)
    lost = {
        "modules and costs": sum(link.planning != LinkPlanning() for link in links),
        "base of the routing policy": int(policy.base != ShortestPaths()),
        "segment lists": len(policy.segment_lists),
        "observation window": int(scenario.observation != Observation()),
        "description": int(bool(scenario.description)),
        "metadata": len(scenario.topology.metadata),
    }
    for item, count in lost.items():
        log.ignored(item, note="the tables have no place for it", count=count)
