"""One line, put together: the scenario that ran on the testbed and the delays that were measured."""

from dataclasses import replace

import numpy as np

from nettwin.formats.coverage import CoverageLog
from nettwin.formats.testbed.columns import Flows, capacities_bps, column, flows_of
from nettwin.formats.testbed.fields import report_fields
from nettwin.formats.testbed.files import Record
from nettwin.formats.testbed.sources import arrivals_of
from nettwin.formats.testbed.windows import WINDOW_S
from nettwin.formats.testbed.wiring import Wiring, wire
from nettwin.performance import DemandPerformance, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario import (
    ArrivalProcess,
    Demand,
    ExplicitPath,
    FixedSize,
    Link,
    Node,
    Observation,
    Queue,
    RoutingPolicy,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)
from nettwin.scenario.arrays import FloatArray

HEADER_BITS = 336.0
"""Each packet takes so much more on the wire than the lines say: Ethernet with VLAN tag, check sum, preamble and gap (42 bytes).
The windowed recordings state it for every link."""
SWITCH_BUFFER_S, ROUTER_BUFFER_S = 0.0145, 0.139
"""Where the delays of overloaded ports stand still: 14.5 ms at 1 Gbit/s for switches, 139 ms for routers."""
EXPERIMENT_S = 5.0


def assemble(record: Record, name: str, coverage: CoverageLog) -> tuple[Scenario, Performance]:
    """Scenario and recording of one line. Raises FormatError with the field that cannot be understood."""
    flows, capacity = flows_of(record), capacities_bps(record)
    wiring = wire(flows, capacity.tolist())
    topology = _topology(wiring, capacity, coverage)
    traffic = _traffic(flows, wiring, topology, _headers(record, len(capacity)), arrivals_of(record, len(flows.ids), coverage))
    scenario = Scenario(
        topology=topology,
        traffic=traffic,
        policy=RoutingPolicy(explicit_paths=_paths(flows)),
        observation=Observation(duration_s=_duration_s(record)),
        name=name,
        description="measured on a hardware testbed",
    )
    _report(record, flows, coverage)
    return scenario, _performance(scenario, flows)


def _topology(wiring: Wiring, capacity_bps: FloatArray, coverage: CoverageLog) -> Topology:
    links = []
    for index, ((tail, head), capacity) in enumerate(zip(wiring.ends, capacity_bps.tolist(), strict=True)):
        seconds = ROUTER_BUFFER_S if tail in wiring.routers else SWITCH_BUFFER_S
        links.append(Link(str(index), tail, head, capacity, scheduling=Scheduling(queues=(Queue(buffer_bits=seconds * capacity),))))
    coverage.modelled("link_capacity", "link_capacity", count=len(links))
    note = f"assumed: FIFO, {1e3 * SWITCH_BUFFER_S:g} ms at switches and {1e3 * ROUTER_BUFFER_S:g} ms at routers"
    coverage.modelled("buffer", note=note, count=len(links))
    return Topology(tuple(Node(name) for name in wiring.nodes), tuple(links))


def _traffic(flows: Flows, wiring: Wiring, topology: Topology, header_bits: float, arrivals: list[ArrivalProcess]) -> Traffic:
    wire_bits = flows.size_bits + header_bits
    demands = [
        Demand(
            source=wiring.ends[path[0]][0],
            target=wiring.ends[path[-1]][1],
            rate_bps=float(rate * bits / size),
            arrivals=process,
            packet_sizes=FixedSize(float(bits)),
            id=name,
        )
        for name, path, rate, size, bits, process in zip(
            flows.ids, flows.paths, flows.rate_bps, flows.size_bits, wire_bits, arrivals, strict=True
        )
    ]
    return Traffic.of(demands, topology)


def _paths(flows: Flows) -> dict[str, tuple[ExplicitPath, ...]]:
    return {name: (ExplicitPath(tuple(map(str, path))),) for name, path in zip(flows.ids, flows.paths, strict=True)}


def _headers(record: Record, n_links: int) -> float:
    """Those of the first link where they are given: they are equal on all links of all recordings."""
    return float(column(record, "link_pkt_header_size", n_links)[0]) if record.get("link_pkt_header_size") else HEADER_BITS


def _duration_s(record: Record) -> float:
    if "window" in record:
        return WINDOW_S
    per_flow = record.get("flow_traffic_per_seg")
    return WINDOW_S * len(per_flow[0]) if isinstance(per_flow, list) and per_flow else EXPERIMENT_S


def _performance(scenario: Scenario, flows: Flows) -> Performance:
    demands = replace(DemandPerformance.unknown(len(flows.ids), 0), delay_s=flows.delay_s, offered_bps=np.array(scenario.traffic.rate_bps))
    topology = scenario.topology
    return Performance(
        demands=demands,
        queues=QueuePerformance.unknown(topology.n_queues),
        links=LinkPerformance.unknown(topology.n_links),
        quantile_levels=(),
        engine="recorded on a hardware testbed",
    )


def _report(record: Record, flows: Flows, coverage: CoverageLog) -> None:
    coverage.modelled("flow", "flow_id", "rates and sizes with the headers of the wire", len(flows.ids))
    coverage.modelled("mean delay", "flow_delay_ms", count=int(np.isfinite(flows.delay_s).sum()))
    report_fields(record, coverage)
