"""Departures are smoother than arrivals: the variability that one port passes to the next.

Whitt, "The Queueing Network Analyzer", Bell System Technical Journal 1983: departures have ca2 + rho**2 * (cs2 - ca2), and a
stream that is a random share of them keeps that share of the change. A queue evens out only what is faster than itself: Whitt & You,
"A robust queueing network analyzer based on indices of dispersion", Naval Research Logistics 2022.
"""

import numpy as np

from nettwin.compiled import compiled
from nettwin.queueing.burstiness import place_of
from nettwin.scenario.arrays import FloatArray, IntArray

_FULL = 0.9999


@compiled
def smoothed_compiled(
    pairs: tuple[IntArray, IntArray, FloatArray], links: FloatArray, window_s: FloatArray, known: tuple[IntArray, FloatArray, FloatArray]
) -> FloatArray:  # [queue]
    """What upstream ports change in the excess of each queue's arrivals, before losses.

    ``pairs`` of a link and a queue, with packets/s and the sum of rate * (mean size)**2; ``links`` [link, 6]: mean packet time,
    utilization, squared variation of sizes, rate * (mean size)**2, packets/s before losses, the last change of its arrivals; ``known``:
    slots, the table of excess, and the share of it that losses leave.
    """
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
