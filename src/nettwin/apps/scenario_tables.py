"""A scenario as pandas tables, one row per node, link and demand, with the units in ``DataFrame.attrs``."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from nettwin.controlplane import route
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

_UNIT_BY_SUFFIX = {"_s": "s", "_bps": "bit/s", "_bits": "bit", "_packets": "packets", "_ratio": "1", "utilization": "1"}


def node_table(scenario: Scenario) -> pd.DataFrame:
    """Position, degree, and what each node sends and receives."""
    topology, traffic = scenario.topology, scenario.traffic
    n = topology.n_nodes
    positions = [node.position or (np.nan, np.nan) for node in topology.nodes]
    columns = {
        "label": [node.label for node in topology.nodes],
        "x": [position[0] for position in positions],
        "y": [position[1] for position in positions],
        "is_up": topology.node_is_up,
        "n_links_out": np.bincount(topology.link_source, minlength=n),
        "sent_bps": np.bincount(traffic.source, weights=traffic.rate_bps, minlength=n),
        "received_bps": np.bincount(traffic.target, weights=traffic.rate_bps, minlength=n),
    }
    return table(columns, [node.id for node in topology.nodes], "node")


def link_table(scenario: Scenario) -> pd.DataFrame:
    """Ends, capacity, delay, metric, scheduler, and the load that the demands offer if nothing is lost on the way."""
    topology = scenario.topology
    offered = route(scenario).link_load_bps(scenario.traffic.rate_bps, topology.n_links)
    columns = {
        "source": [link.source for link in topology.links],
        "target": [link.target for link in topology.links],
        "is_up": topology.link_is_up,
        "capacity_bps": topology.capacity_bps,
        "propagation_delay_s": topology.propagation_delay_s,
        "metric": topology.metric,
        "discipline": [link.scheduling.discipline.value for link in topology.links],
        "n_queues": [len(link.scheduling.queues) for link in topology.links],
        "offered_bps": offered,
        "offered_utilization": offered / topology.capacity_bps,
    }
    return table(columns, [link.id for link in topology.links], "link")


def demand_table(scenario: Scenario) -> pd.DataFrame:
    """Ends, class, rate, source model, and how many links and how far away the target is (a mean where traffic is split)."""
    traffic = scenario.traffic
    names = np.array([node.id for node in scenario.topology.nodes], dtype=object)
    columns = {
        "source": names[traffic.source],
        "target": names[traffic.target],
        "traffic_class": traffic.traffic_class,
        "rate_bps": traffic.rate_bps,
        "arrivals": np.array([type(process).__name__ for process in traffic.arrivals], dtype=object)[traffic.arrival_index],
        "mean_packet_bits": traffic.mean_size_bits,
        "mean_hops": mean_over_paths(scenario, np.ones(scenario.topology.n_links)),
        "propagation_delay_s": mean_over_paths(scenario, scenario.topology.propagation_delay_s),
    }
    return table(columns, scenario.demand_ids, "demand")


def mean_over_paths(scenario: Scenario, per_link: FloatArray) -> FloatArray:  # [demand]
    """The sum of a figure over the links of a path, mean over the packets that have a path; NaN where there is none."""
    routing = route(scenario)
    weights = routing.path_share[routing.hop_path] * per_link[routing.hop_link]
    total = np.bincount(routing.hop_demand, weights=weights, minlength=routing.n_demands).astype(np.float64)
    is_routed = routing.routed_share > 0
    return np.asarray(np.divide(total, routing.routed_share, out=np.full(routing.n_demands, np.nan), where=is_routed))


def table(columns: Mapping[str, Any], ids: Iterable[str], kind: str) -> pd.DataFrame:
    """A table indexed by id, with the unit of each column that has one in ``attrs["units"]``."""
    result = pd.DataFrame(dict(columns), index=pd.Index(list(ids), name=kind, dtype=object))
    result.attrs["units"] = {name: unit for name in columns if (unit := _unit(name))}
    return result


def _unit(column: str) -> str:
    return next((unit for suffix, unit in _UNIT_BY_SUFFIX.items() if column.endswith(suffix)), "")
