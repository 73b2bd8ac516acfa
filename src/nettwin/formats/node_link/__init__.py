"""Node-link JSON, as networkx and d3 write it: ours keeps a whole scenario, others' are completed with assumptions."""

import json
from pathlib import Path

from nettwin.formats.assumptions import Assumptions
from nettwin.formats.coverage import CoverageReport
from nettwin.formats.imported import Imported
from nettwin.formats.node_link.foreign import foreign_scenario
from nettwin.formats.node_link.graph import node_link_graph
from nettwin.formats.node_link.own import OWN, node_link_of, own_scenario
from nettwin.formats.safe_input import parse_json, read_bytes
from nettwin.scenario import Scenario

NAME = "node-link"
DESCRIPTION = "node-link JSON of networkx or d3; a graph that nettwin wrote keeps the whole scenario"
EXTENSIONS = (".node-link.json",)

__all__ = ["DESCRIPTION", "EXTENSIONS", "NAME", "import_node_link", "node_link_of", "read", "recognizes", "write"]


def recognizes(path: Path, head: bytes) -> bool:
    """A JSON object with nodes that is not in another format."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"nodes"' in head


def read(path: Path, assumptions: Assumptions = Assumptions()) -> Imported:
    """The network in a file."""
    return import_node_link(parse_json(read_bytes(path), where=str(path)), str(path), assumptions)


def import_node_link(data: object, where: str, assumptions: Assumptions = Assumptions()) -> Imported:
    """The network in node-link data. Raises FormatError where it is none."""
    graph = node_link_graph(data, where)
    return own_scenario(graph) if OWN in graph.data else foreign_scenario(graph, assumptions)


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes all of a scenario."""
    path.write_text(json.dumps(node_link_of(scenario), ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8")
    return CoverageReport()
