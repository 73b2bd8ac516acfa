"""topohub's JSON files: networkx node-link data with positions, distances in kilometres, and demands in Mbit/s."""

import json
from pathlib import Path
from typing import Any

from nettwin.formats.assumptions import Assumptions
from nettwin.formats.circuits import undirected_pairs
from nettwin.formats.completion import complete
from nettwin.formats.coverage import CoverageLog, CoverageReport
from nettwin.formats.imported import Imported
from nettwin.formats.losses import Holds, log_losses
from nettwin.formats.safe_input import parse_json, read_bytes
from nettwin.formats.topohub.document import DEMAND_MODEL, MBIT, UNITS_BPS, draft_of
from nettwin.generate.geography import FIBRE_SPEED_M_PER_S, fibre_delay_of_length_s
from nettwin.scenario import Link, Node, Scenario

NAME = "topohub-json"
DESCRIPTION = "topohub's JSON: node-link data with positions, distances and demands; capacities are made"
EXTENSIONS = (".topohub.json",)

HOLDS = Holds.DEMANDS | Holds.POSITIONS | Holds.DELAYS | Holds.METRICS | Holds.TAGS | Holds.LINK_IDS


def recognizes(path: Path, head: bytes) -> bool:
    """Whether it is a JSON object with what only topohub has: ``demands`` of the graph, or ``ecmp_fwd`` of edges."""
    is_object = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"directed"' in head and b'"multigraph"' in head
    is_ours = b'"nettwin"' in head  # node-link JSON that holds a whole scenario
    return is_object and not is_ours and (b'"demands"' in head or b'"ecmp_fwd"' in head)


def read(path: Path, assumptions: Assumptions = Assumptions()) -> Imported:
    """The network in a file, completed with assumptions where it is silent."""
    log = CoverageLog()
    document = parse_json(read_bytes(path), where=str(path))
    return Imported(complete(draft_of(document, assumptions, log, str(path)), assumptions, log), log.report())


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes it with topohub's names; capacities, metrics and other delays than a fibre's stand beside them."""
    log = CoverageLog()
    path.write_text(json.dumps(_document(scenario, log), indent=0, allow_nan=False), encoding="utf-8")
    log.modelled("node", count=scenario.topology.n_nodes)
    log.modelled("link", count=scenario.topology.n_links)
    log_losses(scenario, log, HOLDS)
    return log.report()


def _document(scenario: Scenario, log: CoverageLog) -> dict[str, Any]:
    index = scenario.topology.node_index
    pairs = undirected_pairs(scenario.topology)
    links = scenario.topology.links if pairs is None else tuple(pair.forward for pair in pairs)
    graph = {**scenario.topology.metadata, "name": scenario.name, DEMAND_MODEL: "directed", "demands": _demands(scenario, log)}
    return {
        "directed": pairs is None,
        "multigraph": len({frozenset((link.source, link.target)) for link in links}) < len(links),
        "graph": graph,
        "nodes": [_node(node, number) for number, node in enumerate(scenario.topology.nodes)],
        "edges": [_edge(link, index[link.source], index[link.target], is_directed=pairs is None) for link in links],
    }


def _demands(scenario: Scenario, log: CoverageLog) -> dict[str, dict[str, float]]:
    traffic, matrix = scenario.traffic, dict[str, dict[str, float]]()
    unit_bps = UNITS_BPS.get(scenario.name, MBIT)
    for source, target, rate in zip(traffic.source.tolist(), traffic.target.tolist(), traffic.rate_bps.tolist(), strict=True):
        row = matrix.setdefault(str(source), {})
        row[str(target)] = row.get(str(target), 0.0) + rate / unit_bps
    n_pairs = sum(map(len, matrix.values()))
    log.modelled("demand", count=n_pairs)
    log.ignored("demand of a pair that has another", note="the rates are added up", count=traffic.n_demands - n_pairs)
    return matrix


def _node(node: Node, number: int) -> dict[str, Any]:
    position = {"pos": list(node.position)} if node.position else {}
    return {"id": number, "name": node.id, **position, **_tags(node)}


def _edge(link: Link, source: int, target: int, *, is_directed: bool) -> dict[str, Any]:
    length_km = link.propagation_delay_s * FIBRE_SPEED_M_PER_S / 1e3
    edge = {"source": source, "target": target, "dist": length_km, "capacity_bps": link.capacity_bps, "metric": link.metric}
    if fibre_delay_of_length_s(1e3 * length_km) != link.propagation_delay_s:
        edge["propagation_delay_s"] = link.propagation_delay_s
    names = {"link_id": link.id} if is_directed else {}
    return {**edge, **names, **({"circuit": link.circuit} if link.circuit else {}), **_tags(link)}


def _tags(item: Node | Link) -> dict[str, Any]:
    return {"tags": list(item.tags)} if item.tags else {}
