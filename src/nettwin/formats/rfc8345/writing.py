"""A scenario's topology -> an RFC 8345 document."""

from typing import Any

from nettwin.formats.coverage import CoverageLog
from nettwin.formats.losses import Holds, log_losses
from nettwin.formats.rfc8345.bandwidth import bandwidth_text, capacity_bps
from nettwin.scenario import Link, Node, Scenario, Topology

LARGEST = 2**32 - 1


def document_of(scenario: Scenario, log: CoverageLog) -> dict[str, Any]:
    """``ietf-network:networks`` with one network."""
    topology = scenario.topology
    points = _points(topology)
    points_of_node: dict[str, dict[str, None]] = {node.id: {} for node in topology.nodes}
    for link in topology.links:
        for end in (link.source, link.target):
            points_of_node[end][points[link.id]] = None
    groups = _Groups(topology, log)
    network = {
        "network-id": scenario.name or "nettwin",
        "network-types": {"ietf-te-topology:te-topology": {}},
        "node": [_node(node, index, points_of_node[node.id], log) for index, node in enumerate(topology.nodes)],
        "ietf-network-topology:link": [_link(link, points[link.id], groups, log) for link in topology.links],
    }
    log.modelled("node", count=topology.n_nodes)
    log.modelled("link", count=topology.n_links)
    kept = Holds.POSITIONS | Holds.DELAYS | Holds.METRICS | Holds.RISK_GROUPS | Holds.FAILURES | Holds.LINK_IDS | Holds.LABELS
    log_losses(scenario, log, kept)
    return {"ietf-network:networks": {"network": [network]}}


def _points(topology: Topology) -> dict[str, str]:
    """The termination points of each link: called after its circuit where that is a pair, else after the link."""
    points = {link.id: link.id for link in topology.links}
    for name, members in topology.circuits.items():
        links = [topology.links[index] for index in members]
        if len(links) == 2 and (links[0].source, links[0].target) == (links[1].target, links[1].source):
            points |= {link.id: name for link in links}
    return points


def _node(node: Node, index: int, points: dict[str, None], log: CoverageLog) -> dict[str, Any]:
    te: dict[str, Any] = {"te-node-attributes": {"name": node.label or node.id, "admin-status": _status(node.is_up)}}
    if node.position is not None:
        if abs(node.position[0]) <= 180 and abs(node.position[1]) <= 90:
            te["geolocation"] = {"longitude": repr(node.position[0]), "latitude": repr(node.position[1])}
        else:
            log.ignored("node position", node.id, "no degrees")
    return {
        "node-id": node.id,
        "ietf-network-topology:termination-point": [{"tp-id": point} for point in points],
        "ietf-te-topology:te-node-id": _quad(index + 1),
        "ietf-te-topology:te": te,
    }


def _link(link: Link, point: str, groups: "_Groups", log: CoverageLog) -> dict[str, Any]:
    attributes = {
        "admin-status": _status(link.is_up),
        "max-link-bandwidth": {"te-bandwidth": {"generic": _bandwidth(link, log)}},
        "te-delay-metric": _rounded(_microseconds(link.propagation_delay_s), "link propagation_delay_s", link.id, log),
        "te-igp-metric": _rounded(link.metric, "link metric", link.id, log) or 1,
        **({"te-srlgs": {"value": groups.of(link)}} if link.risk_groups else {}),
    }
    return {
        "link-id": link.id,
        "source": {"source-node": link.source, "source-tp": point},
        "destination": {"dest-node": link.target, "dest-tp": point},
        "ietf-te-topology:te": {"te-link-attributes": attributes},
    }


def _bandwidth(link: Link, log: CoverageLog) -> str:
    text = bandwidth_text(link.capacity_bps)
    if capacity_bps(text, "") != link.capacity_bps:
        log.ignored("digits of link capacity_bps", link.id, "rounded to an IEEE single of bytes per second")
    return text


def _microseconds(time_s: float) -> float:
    """Whole where only the change of units spoiled it."""
    value = time_s * 1e6
    return float(round(value)) if abs(round(value) - value) <= 1e-9 * value else value


def _rounded(value: float, item: str, place: str, log: CoverageLog) -> int:
    number = min(round(value), LARGEST)
    if number != value:
        log.ignored(f"digits of {item}", place, "rounded to a whole number of 32 bits")
    return number


class _Groups:
    """Numbers for risk groups: their names where they are numbers, else free ones."""

    def __init__(self, topology: Topology, log: CoverageLog) -> None:
        self._numbers: dict[str, int] = {}
        names = list(topology.risk_groups)
        taken = {int(name) for name in names if _is_number(name)}
        free = iter(number for number in range(1, len(names) + len(taken) + 1) if number not in taken)
        for name in names:
            self._numbers[name] = int(name) if _is_number(name) else next(free)
            if not _is_number(name):
                log.ignored("name of a risk group", name, f"it became SRLG {self._numbers[name]}")

    def of(self, link: Link) -> list[int]:
        """The numbers of a link's groups."""
        return [self._numbers[name] for name in link.risk_groups]


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= 10 and int(name) <= LARGEST and str(int(name)) == name


def _status(is_up: bool) -> str:
    return "up" if is_up else "down"


def _quad(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
