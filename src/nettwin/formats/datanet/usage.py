"""linkUsage.txt: what was measured at each port and each of its queues."""

from collections import Counter

import numpy as np

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.datanet.entries import pair_entries
from nettwin.formats.datanet.graph import Graph
from nettwin.performance import LinkPerformance, QueuePerformance
from nettwin.scenario import Topology
from nettwin.scenario.arrays import FloatArray

PLACE = "linkUsage.txt"
UTILIZATION, LOSS, OCCUPANCY, LARGEST, SIZE = range(5)
SMALLEST, GREATEST = 1e-30, 1e30
"""No simulation measures less or more; products and quotients of such numbers stay finite."""
"""Fields of a queue. SIZE is the mean size of the packets that were sent."""


def parse_link_usage(line: str, graph: Graph, coverage: CoverageLog) -> tuple[QueuePerformance, LinkPerformance]:
    """Queues and links as recorded; NaN where nothing was (2020 has no such file)."""
    topology = graph.topology
    queues = np.full((topology.n_queues, 5), np.nan)
    links = np.full((topology.n_links, 2), np.nan)
    if line.strip():
        entries = pair_entries(line, topology.n_nodes, PLACE)
        _fill(entries, topology, queues, links, coverage)
    return _queue_performance(queues, graph), _link_performance(links, topology)


def _fill(entries: list[str], topology: Topology, queues: FloatArray, links: FloatArray, coverage: CoverageLog) -> None:
    ends = list(zip(topology.link_source.tolist(), topology.link_target.tolist(), strict=True))
    is_parallel = {pair: count > 1 for pair, count in Counter(ends).items()}
    for index, (source, target) in enumerate(ends):
        entry = entries[source * topology.n_nodes + target]
        if is_parallel[source, target]:
            coverage.unknown("usage of parallel links", PLACE, "one entry for several links: left out")
        elif not entry.startswith("-1"):
            own = slice(topology.queues.offsets[index], topology.queues.offsets[index + 1])
            links[index], queues[own] = _entry(entry, own.stop - own.start, f"{PLACE}: {source} -> {target}")
            coverage.modelled("port", PLACE)
    coverage.ignored("largest occupancy", PLACE, "a performance holds means", topology.n_queues)


def _entry(text: str, n_queues: int, place: str) -> tuple[FloatArray, FloatArray]:
    """Port: utilization, loss, mean size; then the same with occupancy per queue, behind colons (2022) or a comma (2021)."""
    try:
        numbers = np.array(text.replace(":", ",").split(","), dtype=np.float64)
        port, queues = numbers[:2], numbers[3:].reshape(n_queues, 5)
    except ValueError as error:
        raise FormatError(f"not 3 numbers and 5 per queue: {error}", where=place) from None
    if not np.all((numbers == 0) | ((numbers >= SMALLEST) & (numbers <= GREATEST))):
        raise FormatError("a negative or infinite number, or one out of all measure", where=place)
    return port, queues


def _queue_performance(recorded: FloatArray, graph: Graph) -> QueuePerformance:
    """Recorded is mean packets times mean size (bits, 2022; 2021 has no size) over utilization, which is capacity times sojourn."""
    capacity = graph.topology.capacity_bps[graph.topology.queues.link]
    utilization, size = recorded[:, UTILIZATION], recorded[:, SIZE]
    bits = recorded[:, OCCUPANCY] if graph.buffers_in_bits else recorded[:, OCCUPANCY] * size
    is_used = utilization > 0
    packets = np.divide(bits * utilization, size, out=np.where(np.isnan(utilization), np.nan, 0.0), where=is_used & (size > 0))
    return QueuePerformance(
        utilization=utilization,
        occupancy_packets=packets,
        occupancy_bits=np.full(len(recorded), np.nan),
        loss_ratio=recorded[:, LOSS],
        delay_s=np.where(is_used, bits / capacity, np.nan),
    )


def _link_performance(recorded: FloatArray, topology: Topology) -> LinkPerformance:
    utilization, loss = recorded.T
    return LinkPerformance(utilization=utilization, loss_ratio=loss, throughput_bps=utilization * topology.capacity_bps)
