"""Departures are smoother than arrivals: the variability that one port passes to the next.

Whitt, "The Queueing Network Analyzer", Bell System Technical Journal 1983: departures have ca2 + rho**2 * (cs2 - ca2), and a
stream that is a random share of them keeps that share of the change. A queue evens out only what is faster than itself: Whitt & You,
"A robust queueing network analyzer based on indices of dispersion", Naval Research Logistics 2022.
"""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.burstiness import Burstiness
from nettwin.queueing.calibration import Calibration
from nettwin.queueing.carrying import Arrivals
from nettwin.queueing.ports import Ports
from nettwin.queueing.streams import Streams
from nettwin.scenario.arrays import FloatArray

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
    link = into.from_link
    relaxation_s = known.table.unit_s * (1 + 1 / (1 - np.minimum(traffic.utilization, _FULL)) ** 2)
    window = np.maximum(np.minimum(relaxation_s[link], window_s[into.to]), known.table.unit_s[link])
    arriving = _arrival_variability(ports, into, traffic, window, known)
    service = np.maximum(traffic.size_variation[link], calibration.least_departure_variability)
    change = traffic.utilization[link] ** 2 * (service - arriving) * np.minimum(1, relaxation_s[link] / window_s[into.to])
    share = into.packet_rate / np.maximum(known.port_rate[link], 1e-300)
    change = np.maximum(change, -arriving) * share * into.mean_square_rate
    return np.bincount(into.to, change, ports.n_queues).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Variability:
    """What is known of the arrivals before losses, what remains of it, and what upstream changed so far."""

    table: Burstiness
    port_rate: FloatArray  # [link] packets/s before losses
    left: FloatArray  # [queue + 1] share of the excess that losses leave
    smoothed: FloatArray  # [queue] change of the excess


def _arrival_variability(ports: Ports, into: Streams, traffic: PortTraffic, window_s: FloatArray, known: Variability) -> FloatArray:
    link = into.from_link
    unit = known.table.unit_s[link]
    excess = ports.per_link(known.smoothed)[link]
    for slot in range(ports.slots.shape[1]):
        queue = ports.slots[link, slot]
        excess = excess + known.table.at(queue, unit, window_s) * known.left[queue]
    return np.maximum(1 + excess / (traffic.packet_rate * traffic.mean_bits**2)[link], 0.0)
