"""What arrives where, and what a port leaves to each of its queues: the load side of an explanation."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.apps.explain.parts import QueueLoad
from nettwin.controlplane import route
from nettwin.performance import HopPerformance, Performance
from nettwin.queueing.fitting import fitted
from nettwin.scenario import (
    AutocorrelatedExponential,
    CarriedOnOff,
    Discipline,
    ModulatedExponential,
    OnOff,
    Scenario,
)
from nettwin.scenario.arrays import FloatArray

BURSTY = (OnOff, CarriedOnOff, ModulatedExponential, AutocorrelatedExponential)
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Answered:
    """A question with its answer, whole and hop by hop."""

    scenario: Scenario
    performance: Performance
    hops: HopPerformance

    @cached_property
    def surviving(self) -> FloatArray:  # [hop] share of the demand's packets on this path that get here
        kept = np.log(np.maximum(1 - self.hops.loss_ratio, _TINY))
        before = np.concatenate([[0.0], np.cumsum(kept)])[:-1]
        first = np.searchsorted(self.hops.path, self.hops.path)
        return np.asarray(np.exp(before - before[first]))

    @cached_property
    def too_long(self) -> FloatArray:  # [hop] share of the demand's packets that come to this hop and are longer than its buffer
        return np.asarray(1 - fitted(self.scenario, route(self.scenario)).hop_fits)

    @cached_property
    def arriving_share(self) -> FloatArray:  # [hop] share of all packets of the demand that arrive at this hop
        return np.asarray(route(self.scenario).path_share[self.hops.path] * self.surviving)

    @cached_property
    def load(self) -> FloatArray:  # [hop] share of the link's capacity that arrives at this hop, of one demand on one path
        rate_bps = self.scenario.traffic.rate_bps[self.hops.demand] * self.arriving_share
        return np.asarray(rate_bps / self.scenario.topology.capacity_bps[self.hops.link])

    @cached_property
    def offered(self) -> FloatArray:  # [queue]
        return np.bincount(self.hops.queue, self.load, self.scenario.topology.n_queues).astype(np.float64)

    @cached_property
    def bursty(self) -> FloatArray:  # [queue] the part of it from sources that send in bursts
        is_bursty = np.array([isinstance(process, BURSTY) for process in self.scenario.traffic.arrivals])
        chosen = is_bursty[self.scenario.traffic.arrival_index][self.hops.demand]
        return np.bincount(self.hops.queue, self.load * chosen, self.scenario.topology.n_queues).astype(np.float64)


def precedes(scenario: Scenario, queue: int) -> FloatArray:  # [queue of the port]
    """How far each queue of the same port takes the server from this one: 1 a higher priority, 0 a lower one, or itself.

    Under schedulers with weights the others count as far as this queue wants more than its weight grants.
    """
    topology = scenario.topology
    link = topology.queues.link[queue]
    first, last = topology.queues.offsets[link], topology.queues.offsets[link + 1]
    others = np.arange(first, last)
    if topology.links[link].scheduling.discipline is Discipline.STRICT_PRIORITY:
        return np.asarray(others < queue, dtype=np.float64)
    return np.asarray(others != queue, dtype=np.float64)


def queue_load(answered: Answered, queue: int) -> QueueLoad:
    """What one queue has to carry and what it can have."""
    scenario, topology = answered.scenario, answered.scenario.topology
    index = int(topology.queues.link[queue])
    link, first, last = topology.links[index], topology.queues.offsets[index], topology.queues.offsets[index + 1]
    weights = topology.queues.weight[first:last]
    carried = _carried(answered)[first:last]
    ahead = float((precedes(scenario, queue) * carried).sum())
    weight_ratio = float(weights[queue - first] / weights.sum())
    is_strict = link.scheduling.discipline is Discipline.STRICT_PRIORITY
    return QueueLoad(
        link=link.id,
        position=int(queue - first),
        n_queues=len(weights),
        discipline=link.scheduling.discipline.value,
        weight_ratio=weight_ratio,
        capacity_bps=link.capacity_bps,
        offered=float(answered.offered[queue]),
        ahead=ahead,
        left=max(1 - ahead, 0.0 if is_strict else weight_ratio),
        bursty_ratio=float(answered.bursty[queue] / max(answered.offered[queue], _TINY)),
        buffer_bits=float(topology.queues.buffer_bits[queue]),
        buffer_packets=float(topology.queues.buffer_packets[queue]),
    )


def _carried(answered: Answered) -> FloatArray:  # [queue] utilization; from what is offered where the engine makes no claim
    claimed = answered.performance.queues.utilization
    return np.where(np.isnan(claimed), np.minimum(answered.offered, 1.0), claimed)
