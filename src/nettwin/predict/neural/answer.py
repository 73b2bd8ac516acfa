"""From the relative outputs of the models to a Performance, with intervals and trust."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nettwin.performance import (
    DemandPerformance,
    HopPerformance,
    Interval,
    LinkPerformance,
    Performance,
    QueuePerformance,
)
from nettwin.predict.neural.calibration import Calibration, groups
from nettwin.predict.neural.capped import capped_mean
from nettwin.predict.neural.ensemble import EnsembleOutputs
from nettwin.predict.neural.prior import Prior
from nettwin.predict.neural.sampling import sampling_error
from nettwin.scenario.arrays import BoolArray, FloatArray

_TRUSTED = 0.5
_LEAST_WAIT_SHARE = 0.02  # a strange queue that makes less of the delay than this harms no trust
_MOST_EXPONENT = 5.0
_MOST_WRONG = 3.5  # times what is waited: as far as the network can move a wait, a factor of exp(1.5)


@dataclass(frozen=True, slots=True)
class Beliefs:
    """How an answer is hedged."""

    calibration: Calibration
    coverage: float = 0.9


def performance_of(prior: Prior, outputs: EnsembleOutputs, beliefs: Beliefs) -> Performance:
    """All figures of one scenario."""
    demands = _demands(prior, outputs)
    queues = _queues(prior, outputs)
    links = _links(prior, queues)
    return Performance(
        demands=demands,
        queues=queues,
        links=links,
        interval=_interval(prior, outputs, (demands, queues), beliefs),
        is_trusted=is_trusted(prior, outputs),
        engine="neural",
    )


def hop_performance(prior: Prior, outputs: EnsembleOutputs) -> HopPerformance:
    """The same answer hop by hop: the terms of its sums."""
    hops, physics = prior.state.network.hops, prior.graph.physics
    topology = prior.scenario.topology
    reference = physics.reference_s[hops.demand]
    propagation = topology.propagation_delay_s[hops.link]
    # what the path's fixed part holds besides propagation, in the proportion of the links' slowness
    per_bit = 1 / topology.capacity_bps[hops.link]
    transmission = physics.path_fixed * reference - hops.sum_over_path(propagation)
    spread = per_bit / np.maximum(hops.sum_over_path(per_bit), 1e-300)[hops.path]
    return HopPerformance(
        path=hops.path,
        demand=hops.demand[hops.path],
        link=hops.link,
        queue=hops.queue,
        propagation_s=propagation,
        transmission_s=np.maximum(transmission, 0.0)[hops.path] * spread,
        wait_s=outputs.hop_wait * reference[hops.path],
        loss_ratio=outputs.hop_loss,
        path_demand=hops.demand,
        delivered_share=outputs.path_weight,
    )


def _demands(prior: Prior, outputs: EnsembleOutputs) -> DemandPerformance:
    theory, reference = prior.answer.demands, prior.graph.physics.reference_s
    traffic, cap = prior.scenario.traffic, prior.scenario.observation.delay_cap_s
    known = np.where(np.isfinite(theory.delay_s) & (outputs.loss < 1 - 1e-9), 0.0, np.nan)
    quantiles = outputs.quantiles * reference[:, None]
    delay = capped_mean(outputs.delay * reference, quantiles, cap)
    is_routed = np.isfinite(theory.delay_s)
    loss = np.where(is_routed, outputs.loss, theory.loss_ratio)
    bits = theory.throughput_bps / np.maximum(traffic.rate_bps * (1 - theory.loss_ratio), 1e-300)  # long packets are lost more often
    return DemandPerformance(
        delay_s=delay + known,
        delay_variation_s=outputs.variation * reference + known,
        ipdv_s=outputs.ipdv * reference + known,
        delay_quantiles_s=np.minimum(quantiles, cap) + known[:, None],
        loss_ratio=loss,
        offered_bps=traffic.rate_bps,
        throughput_bps=np.where(is_routed, traffic.rate_bps * np.minimum((1 - loss) * np.clip(bits, 0.0, 1.0), 1.0), 0.0),
    )


def _queues(prior: Prior, outputs: EnsembleOutputs) -> QueuePerformance:
    theory, carried = prior.answer.queues, prior.state.carried
    change = outputs.queue_sent / np.maximum(carried.sent_packet_rate, 1e-300)
    used = np.isfinite(theory.delay_s) & (carried.sent_packet_rate > 0)
    change = np.where(used, np.clip(change, 0.0, 10.0), 1.0)
    capacity = prior.state.network.ports.queue_capacity_bps
    size = np.where(used, carried.sent_bit_rate / np.maximum(carried.sent_packet_rate, 1e-300), 0.0)
    delay = np.where(used, outputs.queue_wait * prior.queue_unit_s + size / capacity, np.nan)
    occupancy = np.where(used, carried.sent_packet_rate * change * np.nan_to_num(delay), 0.0)
    return QueuePerformance(
        utilization=np.minimum(theory.utilization * change, 1.0),
        occupancy_packets=np.minimum(occupancy, _room_packets(prior)),
        occupancy_bits=np.minimum(occupancy * size, prior.state.network.ports.buffer_bits + size),
        loss_ratio=np.where(used, np.clip(outputs.queue_loss, 0.0, 1.0), theory.loss_ratio),
        delay_s=delay,
    )


def _room_packets(prior: Prior) -> FloatArray:  # [queue]
    ports = prior.state.network.ports
    return ports.buffer_packets + np.where(ports.holds_packet_in_service, 0.0, 1.0)


def _links(prior: Prior, queues: QueuePerformance) -> LinkPerformance:
    ports = prior.state.network.ports
    utilization = np.minimum(ports.per_link(queues.utilization), 1.0)
    offered = prior.state.carried.arriving.packet_rate
    lost, total = ports.per_link(offered * queues.loss_ratio), ports.per_link(offered)
    return LinkPerformance(
        utilization=utilization,
        loss_ratio=np.where(total > 0, np.clip(lost / np.maximum(total, 1e-300), 0.0, 1.0), 0.0),
        throughput_bps=utilization * ports.capacity_bps,
    )


def is_trusted(prior: Prior, outputs: EnsembleOutputs) -> BoolArray:  # [demand]
    """Whether every queue that matters to a demand lies in the range of the training data."""
    hops = prior.state.network.hops
    fixed = prior.graph.physics.path_fixed
    wait = outputs.hop_wait / np.maximum(fixed + hops.sum_over_path(outputs.hop_wait), 1e-12)[hops.path]
    matters = (wait > _LEAST_WAIT_SHARE) | (outputs.hop_loss > 1e-3)
    strange = matters & (outputs.trust[hops.queue] < _TRUSTED)
    return np.asarray(np.bincount(hops.demand[hops.path], strange, prior.scenario.traffic.n_demands) == 0)


def demand_load(prior: Prior) -> FloatArray:  # [demand]
    """Largest offered load over capacity of a port on the paths of each demand."""
    ports, hops = prior.state.network.ports, prior.state.network.hops
    load = ports.per_link(prior.state.network.offered.bit_rate) / ports.capacity_bps
    largest = np.zeros(prior.scenario.traffic.n_demands)
    np.maximum.at(largest, hops.demand[hops.path], load[hops.link])
    return largest


def queue_load(prior: Prior) -> FloatArray:  # [queue]
    """Offered load over capacity of each queue's port."""
    ports = prior.state.network.ports
    return np.asarray((ports.per_link(prior.state.network.offered.bit_rate) / ports.capacity_bps)[ports.link_of_queue])


Parts = tuple[DemandPerformance, QueuePerformance]


def _interval(prior: Prior, outputs: EnsembleOutputs, parts: Parts, beliefs: Beliefs) -> Interval:
    demands, queues = parts
    chance = sampling_error(prior)
    group = groups(prior.parts.nodes_by_demand, demand_load(prior))
    own, calibration, coverage = outputs.scales, beliefs.calibration, beliefs.coverage

    def reach(figure: str, column: int, chance: FloatArray) -> FloatArray:
        return calibration.factor(figure, group, coverage) * np.sqrt(own[:, column] ** 2 + chance**2)

    stretch = {
        "delay_s": reach("delay", 0, chance),
        "delay_variation_s": reach("variation", 1, 2 * chance),
        "ipdv_s": reach("ipdv", 3, chance),
    }
    quantiles = reach("quantiles", 2, 2 * chance)[:, None]
    root = np.where(demands.loss_ratio < 1, reach("loss", 4, np.zeros(len(chance))), 0.0)
    bounds = []
    for sign in (-1.0, 1.0):
        columns = {name: getattr(demands, name) * _power(sign * width) for name, width in stretch.items()}
        loss = moved_loss(demands.loss_ratio, sign * root)
        kept = (1 - moved_loss(demands.loss_ratio, -sign * root)) / np.maximum(1 - demands.loss_ratio, 1e-9)
        bounds.append(
            replace(
                demands,
                **columns,
                delay_quantiles_s=demands.delay_quantiles_s * _power(sign * quantiles),
                loss_ratio=loss,
                throughput_bps=np.minimum(demands.throughput_bps * kept, demands.offered_bps),
            )
        )
    chance_s = calibration.factor("delay", group, coverage) * chance * np.nan_to_num(demands.delay_s)
    most = _at_most_uncertain(prior, outputs, demands, 2 * chance_s)
    lower, upper = (_not_below(_narrowed(bound, demands, most), prior) for bound in bounds)
    queue_bounds = _queue_bounds(prior, outputs, queues, beliefs)
    return Interval(coverage=coverage, lower=lower, upper=upper, **queue_bounds)


def _at_most_uncertain(
    prior: Prior, outputs: EnsembleOutputs, demands: DemandPerformance, chance_s: FloatArray
) -> tuple[FloatArray, FloatArray]:  # [demand], [demand, level]
    """How far a delay and its quantiles can be off at all: light in a fibre is not uncertain, only what is waited is."""
    graph, reference = prior.graph, prior.graph.physics.reference_s
    fixed = np.bincount(graph.path_demand, outputs.path_weight * graph.physics.path_fixed, graph.n_demands) * reference
    waited = np.maximum(outputs.delay * reference - fixed, 0.0)
    above = np.maximum(demands.delay_quantiles_s - (graph.physics.demand_floor * reference)[:, None], 0.0)
    return _MOST_WRONG * waited + chance_s, _MOST_WRONG * above + chance_s[:, None]


def _narrowed(bound: DemandPerformance, demands: DemandPerformance, most: tuple[FloatArray, FloatArray]) -> DemandPerformance:
    """The bound, but no farther from the answer than ``most``."""
    delay, quantiles = demands.delay_s, demands.delay_quantiles_s
    return replace(
        bound,
        delay_s=np.clip(bound.delay_s, delay - most[0], delay + most[0]),
        delay_quantiles_s=np.clip(bound.delay_quantiles_s, quantiles - most[1], quantiles + most[1]),
    )


def _not_below(bound: DemandPerformance, prior: Prior) -> DemandPerformance:
    """No delay can be shorter than that of the smallest packet that waits nowhere."""
    floor = prior.graph.physics.demand_floor * prior.graph.physics.reference_s
    floor = np.minimum(floor, prior.scenario.observation.delay_cap_s) * (1 - 1e-6)
    return replace(bound, delay_s=np.maximum(bound.delay_s, floor), delay_quantiles_s=np.maximum(bound.delay_quantiles_s, floor[:, None]))


def _queue_bounds(prior: Prior, outputs: EnsembleOutputs, queues: QueuePerformance, beliefs: Beliefs) -> dict[str, Any]:
    group = groups(prior.parts.nodes_by_queue, queue_load(prior))
    reach = beliefs.calibration.factor("queue_delay", group, beliefs.coverage) * outputs.queue_scales[:, 0]
    root = beliefs.calibration.factor("queue_loss", group, beliefs.coverage) * outputs.queue_scales[:, 1]
    root = np.where(queues.loss_ratio < 1, root, 0.0)
    result: dict[str, Any] = {}
    for name, sign in (("lower", -1.0), ("upper", 1.0)):
        kept = (1 - moved_loss(queues.loss_ratio, -sign * root)) / np.maximum(1 - queues.loss_ratio, 1e-9)
        utilization = np.minimum(queues.utilization * kept, 1.0)
        bound = replace(
            queues,
            delay_s=queues.delay_s * _power(sign * reach),
            occupancy_packets=np.minimum(queues.occupancy_packets * _power(sign * reach), _room_packets(prior)),
            occupancy_bits=queues.occupancy_bits * _power(sign * reach),
            loss_ratio=moved_loss(queues.loss_ratio, sign * root),
            utilization=utilization,
        )
        result[f"{name}_queues"] = bound
        result[f"{name}_links"] = _links(prior, bound)
    return result


def moved_loss(loss: FloatArray, root: FloatArray) -> FloatArray:
    """A loss whose square root is moved."""
    return np.clip(np.maximum(np.sqrt(loss) + root, 0.0), 0.0, 1.0) ** 2


def _power(exponent: FloatArray) -> FloatArray:
    return np.exp(np.clip(exponent, -_MOST_EXPONENT, _MOST_EXPONENT))
