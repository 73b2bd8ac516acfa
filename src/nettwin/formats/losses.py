"""What a scenario holds that a file format has no place for."""

from enum import Flag, auto

from nettwin.formats.assumptions import Assumptions
from nettwin.formats.circuits import undirected_pairs
from nettwin.formats.coverage import CoverageLog
from nettwin.scenario import INTERNET_MIX, LinkPlanning, Observation, Poisson, RoutingPolicy, Scenario


class Holds(Flag):
    """What a format can express beside nodes, links and capacities."""

    DEMANDS = auto()
    POSITIONS = auto()
    DELAYS = auto()
    METRICS = auto()
    PLANNING = auto()
    TAGS = auto()
    RISK_GROUPS = auto()
    FAILURES = auto()
    LABELS = auto()
    LINK_IDS = auto()


def log_losses(scenario: Scenario, log: CoverageLog, holds: Holds) -> None:
    """Reports as ignored what would be missing or different when the file is read again with the default assumptions."""
    for item, count in _losses(scenario, holds):
        log.ignored(item, note="the format has no place for it", count=count)


def _losses(scenario: Scenario, holds: Holds) -> list[tuple[str, int]]:
    links, nodes, traffic = scenario.topology.links, scenario.topology.nodes, scenario.traffic
    plain = Assumptions().scheduling
    policy = scenario.policy

    failed = sum(not link.is_up for link in links) + sum(not node.is_up for node in nodes)
    found = [
        ("scheduling and buffers", sum(link.scheduling != plain for link in links)),
        ("risk groups", 0 if Holds.RISK_GROUPS in holds else sum(bool(link.risk_groups) for link in links)),
        ("failed nodes and links", 0 if Holds.FAILURES in holds else failed),
        ("node labels", 0 if Holds.LABELS in holds else sum(node.label not in ("", node.id) for node in nodes)),
        ("link ids", 0 if Holds.LINK_IDS in holds or undirected_pairs(scenario.topology) else len(links)),
        ("routing policy", int(policy != RoutingPolicy())),
        ("observation window", int(scenario.observation != Observation())),
        ("node positions", 0 if Holds.POSITIONS in holds else sum(node.position is not None for node in nodes)),
        ("propagation delays", 0 if Holds.DELAYS in holds else sum(link.propagation_delay_s > 0 for link in links)),
        ("metrics", 0 if Holds.METRICS in holds else sum(link.metric != 1 for link in links)),
        ("modules and costs", 0 if Holds.PLANNING in holds else sum(link.planning != LinkPlanning() for link in links)),
        ("tags", 0 if Holds.TAGS in holds else sum(bool(link.tags) for link in links) + sum(bool(node.tags) for node in nodes)),
    ]
    if Holds.DEMANDS not in holds:
        return [*found, ("demands", traffic.n_demands)]
    return [
        *found,
        ("traffic classes", int((traffic.traffic_class > 0).sum())),
        ("arrival processes", sum(traffic.arrivals[i] != Poisson() for i in traffic.arrival_index.tolist())),
        ("packet sizes", sum(traffic.packet_sizes[i] != INTERNET_MIX for i in traffic.packet_size_index.tolist())),
    ]
