"""Departures are smoother than arrivals: the variability that one port passes to the next.

Whitt, "The Queueing Network Analyzer", Bell System Technical Journal 1983: departures have ca2 + rho**2 * (cs2 - ca2), and a
stream that is a random share of them keeps that share of the change. A queue evens out only what is faster than itself: Whitt & You,
"A robust queueing network analyzer based on indices of dispersion", Naval Research Logistics 2022.
"""

from dataclasses import dataclass

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.burstiness import Burstiness, place_of
from nettwin.queueing.calibration import Calibration
from nettwin.queueing.carrying import Arrivals
from nettwin.queueing.ports import Ports
from nettwin.queueing.streams import Streams
from nettwin.scenario.arrays import FloatArray, IntArray

_FULL = 0.9999


@dataclass(frozen=True, eq=False)
class PortTraffic:
    """All that arrives at and leaves each port. [link]"""

    packet_rate: FloatArray
    mean_bits: FloatArray
    size_variation: FloatArray  # squared coefficient of variation
    utilization: FloatArray  # carried


def port_traffic(ports: Ports, arriving: Arrivals, carried: FloatArray) -> PortTraffic:
    """Sums over the queues of each port; ``carried`` is the utilization per queue."""
    rate = np.maximum(ports.per_link(arriving.packet_rate), 1e-12)
    mean = np.maximum(ports.per_link(arriving.bit_rate) / rate, 1e-12)
    variation = ports.per_link(arriving.second_moment_rate) / rate / mean**2 - 1
    return PortTraffic(rate, mean, variation, np.minimum(ports.per_link(carried), 1.0))


def smoothed_excess(
    ports: Ports, into: Streams, traffic: PortTraffic, window_s: FloatArray, known: "Variability", calibration: Calibration
) -> FloatArray:  # [queue]
    """What upstream ports change in the excess of each queue's arrivals, before losses; ``window_s`` is per queue."""
    table = known.table
    by_link = np.stack(
        [
            table.unit_s,
            np.minimum(traffic.utilization, 1.0),
            np.maximum(traffic.size_variation, calibration.least_departure_variability),
            traffic.packet_rate * traffic.mean_bits**2,
            known.port_rate,
            ports.per_link(known.smoothed),
        ],
        axis=1,
    )
    by_pair = np.stack([into.packet_rate, into.mean_square_rate], axis=1)
    return np.asarray(_smoothed((into.from_link, into.to, by_pair), by_link, window_s, (ports.slots, table.excess, known.left)))


@dataclass(frozen=True, eq=False)
class Variability:
    """What is known of the arrivals before losses, what remains of it, and what upstream changed so far."""

    table: Burstiness
    port_rate: FloatArray  # [link] packets/s before losses
    left: FloatArray  # [queue + 1] share of the excess that losses leave
    smoothed: FloatArray  # [queue] change of the excess


@compiled
def _smoothed(
    pairs: tuple[IntArray, IntArray, FloatArray], links: FloatArray, window_s: FloatArray, known: tuple[IntArray, FloatArray, FloatArray]
) -> FloatArray:  # [queue]
    from_link, to, rates = pairs
    slots, table, left = known
    change = np.zeros(len(window_s))
    for pair in range(len(to)):
        link, queue = from_link[pair], to[pair]
        unit, utilization, service, work, port_rate, excess = links[link]
        relaxation_s = unit * (1 + 1 / (1 - min(utilization, _FULL)) ** 2)
        column = place_of(max(min(relaxation_s, window_s[queue]), unit) / unit)
        whole = int(column)
        for slot in range(slots.shape[1]):
            other = slots[link, slot]
            excess += (table[other, whole] * (1 - (column - whole)) + table[other, whole + 1] * (column - whole)) * left[other]
        arriving = max(1 + excess / work, 0.0)
        moved = utilization**2 * (service - arriving) * min(1.0, relaxation_s / window_s[queue])
        change[queue] += max(moved, -arriving) * rates[pair, 0] / max(port_rate, 1e-300) * rates[pair, 1]
    return change
