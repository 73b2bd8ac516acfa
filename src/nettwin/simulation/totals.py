"""What was counted in one or several runs."""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from nettwin.scenario.arrays import FloatArray
from nettwin.simulation.records import State
from nettwin.simulation.sketch import Counts

DEMAND_SUMS = ("delivered", "delivered_bits", "delay_sum", "delay_square_sum", "ipdv_sum", "ipdv_pairs", "sent", "sent_bits", "lost")
QUEUE_SUMS = ("arrived", "arrived_bits", "dropped", "served", "served_bits", "sojourn_s", "busy_s", "packet_seconds", "bit_seconds")

Columns = dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums over the measured time, added up over runs."""

    measured_s: float
    demands: Columns  # [demand] each
    queues: Columns  # [queue of the layout] each
    delay_max_s: FloatArray  # [demand]
    sketch: Counts  # [demand, bin]
    batches: FloatArray  # [batch, (delivered, delay_sum, lost), demand]
    n_packets: int
    n_hops: int

    @classmethod
    def of(cls, state: State, measured_s: float, batches: FloatArray) -> "Totals":
        """What this state has counted so far."""
        clock = state.clock[0]
        return cls(
            measured_s=measured_s,
            demands={name: state.tallies[name].copy() for name in DEMAND_SUMS},
            queues={name: state.queues[name].copy() for name in QUEUE_SUMS},
            delay_max_s=state.tallies["delay_max"].copy(),
            sketch=state.sketch,
            batches=batches,
            n_packets=int(clock["n_packets"]),
            n_hops=int(clock["n_hops"]),
        )

    def __add__(self, other: "Totals") -> "Totals":
        np.add(self.sketch, other.sketch, out=self.sketch)  # by far the largest part: a third one would be too much
        return Totals(
            measured_s=self.measured_s + other.measured_s,
            demands={name: self.demands[name] + other.demands[name] for name in DEMAND_SUMS},
            queues={name: self.queues[name] + other.queues[name] for name in QUEUE_SUMS},
            delay_max_s=np.maximum(self.delay_max_s, other.delay_max_s),
            sketch=self.sketch,
            batches=np.concatenate([self.batches, other.batches]),
            n_packets=self.n_packets + other.n_packets,
            n_hops=self.n_hops + other.n_hops,
        )


def merged(runs: list[Totals]) -> Totals:
    """The sum, in the order given, so that rounding does not depend on which run ended first."""
    return reduce(Totals.__add__, runs)


def forget(state: State) -> None:
    """Set all counts to zero, as for the next window."""
    for name in (*DEMAND_SUMS, "delay_max"):
        state.tallies[name] = 0.0
    for name in QUEUE_SUMS:
        state.queues[name] = 0.0
    state.sketch[:] = 0
