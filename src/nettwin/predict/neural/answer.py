"""From the relative outputs of the models to a Performance, with intervals and trust."""

from dataclasses import dataclass
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
from nettwin.predict.neural.arrays import Arrays, Column
from nettwin.predict.neural.attributes import demand_attributes, link_attributes, queue_attributes
from nettwin.predict.neural.calibration import (
    CHANCE_ADDED,
    LINK_FIGURES,
    NOISE,
    QUANTILES,
    QUEUE_FIGURES,
    Calibration,
    deviations,
    groups,
)
from nettwin.predict.neural.capped import capped_mean
from nettwin.predict.neural.ensemble import FIGURES, EnsembleOutputs
from nettwin.predict.neural.ground import Ground, ground_of
from nettwin.predict.neural.prior import Prior
from nettwin.predict.neural.sampling import sampling_error

_TRUSTED = 0.5
_MOST_COMMON_HOPS = 4.0  # the mean of a queue is 3.1 at most in 700 training networks, and 4 to 12 in rings of 70 nodes and more
_LEAST_WAIT_SHARE = 0.02  # strange queues that make less of the delay than this harm no trust
_MOST_EXPONENT = 5.0
_MOST_WRONG = 3.5  # times what is waited: as far as the network can move a wait, a factor of exp(1.5)

Columns = dict[str, Column]
"""By the names of DemandPerformance, QueuePerformance or LinkPerformance."""
Outputs = Any
"""EnsembleOutputs, or the same of tensors."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    """How an answer is hedged."""

    calibration: Calibration
    coverage: float = 0.9


@dataclass(frozen=True, eq=False)
class Figures:
    """All columns of an answer, as arrays or tensors."""

    demands: Columns
    queues: Columns
    links: Columns
    lower: Columns
    upper: Columns
    lower_queues: Columns
    upper_queues: Columns
    lower_links: Columns
    upper_links: Columns
    is_trusted: Column


def performance_of(prior: Prior, outputs: EnsembleOutputs, beliefs: Beliefs) -> Performance:
    """All figures of one scenario."""
    return wrapped(figures_of(ground_of(prior), outputs, beliefs), beliefs.coverage)


def wrapped(figures: Figures, coverage: float) -> Performance:
    """Numpy columns as a Performance."""
    return Performance(
        demands=DemandPerformance(**figures.demands),
        queues=QueuePerformance(**figures.queues),
        links=LinkPerformance(**figures.links),
        interval=Interval(
            coverage=coverage,
            lower=DemandPerformance(**figures.lower),
            upper=DemandPerformance(**figures.upper),
            lower_queues=QueuePerformance(**figures.lower_queues),
            upper_queues=QueuePerformance(**figures.upper_queues),
            lower_links=LinkPerformance(**figures.lower_links),
            upper_links=LinkPerformance(**figures.upper_links),
        ),
        is_trusted=np.asarray(figures.is_trusted, dtype=np.bool_),
        engine="neural",
    )


def figures_of(ground: Ground, outputs: Outputs, beliefs: Beliefs) -> Figures:
    """The formulas of an answer, on arrays or on tensors."""
    demands, queues = _demands(ground, outputs), _queues(ground, outputs)
    links = _links(ground, queues)
    bounds = _bounds(ground, outputs, demands, beliefs)
    attributes = queue_attributes(ground, outputs, queues["utilization"])
    queue_bounds = _queue_bounds(ground, attributes, queues, beliefs)
    link_bounds = _link_bounds(ground, attributes, links, beliefs)
    return Figures(
        demands=demands,
        queues=queues,
        links=links,
        lower=bounds[0],
        upper=bounds[1],
        lower_queues=queue_bounds[0],
        upper_queues=queue_bounds[1],
        lower_links=link_bounds[0],
        upper_links=link_bounds[1],
        is_trusted=is_trusted(ground, outputs),
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


def _demands(ground: Ground, outputs: Outputs) -> Columns:
    xp, given, cap = ground.arrays, ground.demands, ground.delay_cap_s
    known = xp.where(given.is_routed & (outputs.loss < 1 - 1e-9), 0.0, np.nan)
    quantiles = outputs.quantiles * given.reference_s[:, None]
    delay = capped_mean(outputs.delay * given.reference_s, quantiles, cap, xp)
    loss = xp.where(given.is_routed, outputs.loss, given.theory_loss)
    # long packets are lost more often
    bits = given.theory_throughput_bps / xp.at_least(given.rate_bps * (1 - given.theory_loss), 1e-300)
    sent = given.rate_bps * xp.at_most((1 - loss) * xp.between(bits, 0.0, 1.0), 1.0)
    return {
        "delay_s": delay + known,
        "delay_variation_s": outputs.variation * given.reference_s + known,
        "ipdv_s": outputs.ipdv * given.reference_s + known,
        "delay_quantiles_s": xp.at_most(quantiles, cap) + known[:, None],
        "loss_ratio": loss,
        "offered_bps": given.rate_bps,
        "throughput_bps": xp.where(given.is_routed, sent, 0.0),
    }


def _queues(ground: Ground, outputs: Outputs) -> Columns:
    xp, given = ground.arrays, ground.queues
    sent = xp.at_least(given.sent_packet_rate, 1e-300)
    change = xp.where(given.is_used, xp.between(outputs.queue_sent / sent, 0.0, 10.0), 1.0)
    size = xp.where(given.is_used, given.sent_bit_rate / sent, 0.0)
    delay = xp.where(given.is_used, outputs.queue_wait * given.unit_s + size / given.capacity_bps, np.nan)
    occupancy = xp.where(given.is_used, given.sent_packet_rate * change * xp.known(delay), 0.0)
    return {
        "utilization": xp.at_most(given.theory_utilization * change, 1.0),
        "occupancy_packets": xp.at_most(occupancy, given.room_packets),
        "occupancy_bits": xp.at_most(occupancy * size, given.buffer_bits + size),
        "loss_ratio": xp.where(given.is_used, xp.between(outputs.queue_loss, 0.0, 1.0), given.theory_loss),
        "delay_s": delay,
    }


def _links(ground: Ground, queues: Columns) -> Columns:
    xp, offered = ground.arrays, ground.queues.arriving_packet_rate
    utilization = xp.at_most(ground.per_link(queues["utilization"]), 1.0)
    lost, total = ground.per_link(offered * queues["loss_ratio"]), ground.per_link(offered)
    return {
        "utilization": utilization,
        "loss_ratio": xp.where(total > 0, xp.between(lost / xp.at_least(total, 1e-300), 0.0, 1.0), 0.0),
        "throughput_bps": utilization * ground.queues.link_capacity_bps,
    }


def is_trusted(ground: Ground, outputs: Outputs) -> Column:  # [demand]
    """Whether all that matters to a demand happens in queues like those of the training data.

    Strange are features outside of their range, and packets that have been together longer than anywhere there.
    """
    xp, hops = ground.arrays, ground.hops
    is_strange = ((outputs.trust < _TRUSTED) | (ground.queues.common_hops > _MOST_COMMON_HOPS))[hops.queue]
    total = hops.path_fixed + ground.per_path(outputs.hop_wait)
    waits = ground.per_path(xp.where(is_strange, outputs.hop_wait, 0.0)) > _LEAST_WAIT_SHARE * xp.at_least(total, 1e-12)
    loses = ground.per_path(is_strange & (outputs.hop_loss > 1e-3)) > 0
    return ground.per_demand(waits | loses) == 0


def _bounds(ground: Ground, outputs: Outputs, demands: Columns, beliefs: Beliefs) -> tuple[Columns, Columns]:
    xp, chance = ground.arrays, CHANCE_ADDED**0.5 * deviations(beliefs.coverage) * sampling_error(ground)
    reach = demand_reach(ground, outputs, beliefs)
    reach = {figure: xp.sqrt(far**2 + (NOISE[figure] * chance) ** 2) if figure in NOISE else far for figure, far in reach.items()}
    reach["loss"] = xp.where(demands["loss_ratio"] < 1, reach["loss"], 0.0)
    reach["quantiles"] = xp.joined([reach[level][:, None] for level in QUANTILES])
    most = _at_most_uncertain(ground, outputs, demands, 2 * chance * xp.known(demands["delay_s"]))
    return _bound(ground, demands, reach, most, -1.0), _bound(ground, demands, reach, most, 1.0)


def demand_reach(ground: Ground, outputs: Outputs, beliefs: Beliefs) -> Columns:  # [demand]
    """How far the interval of each figure reaches in the steady state."""
    group = groups(ground.demands.n_nodes, ground.demands.load, ground.arrays)
    return {
        figure: beliefs.calibration.reach(figure, attributes, group, beliefs.coverage, ground.arrays)
        for figure, attributes in demand_columns(ground, outputs).items()
    }


def demand_columns(ground: Ground, outputs: Outputs) -> dict[str, Columns]:
    """What the expected error of each figure depends on."""
    common = demand_attributes(ground, outputs)
    own = {name: {"expected": ground.arrays.log(outputs.scales[:, column]), **common} for column, name in enumerate(FIGURES)}
    return {name: own[name] for name in FIGURES if name != "quantiles"} | dict.fromkeys(QUANTILES, own["quantiles"])


def _bound(ground: Ground, demands: Columns, reach: Columns, most: tuple[Column, Column], sign: float) -> Columns:
    """One bound of the demands' figures, no farther from them than ``most``.

    No delay can be shorter than that of the smallest packet that waits nowhere.
    """
    xp, loss, delay, quantiles = ground.arrays, demands["loss_ratio"], demands["delay_s"], demands["delay_quantiles_s"]
    floor = xp.at_most(ground.demands.floor * ground.demands.reference_s, ground.delay_cap_s) * (1 - 1e-6)
    kept = (1 - moved_loss(loss, -sign * reach["loss"], xp)) / xp.at_least(1 - loss, 1e-9)
    low = delay * _power(sign * reach["delay"], xp)
    levels = quantiles * _power(sign * reach["quantiles"], xp)
    return {
        "delay_s": xp.at_least(xp.between(low, delay - most[0], delay + most[0]), floor),
        "delay_variation_s": demands["delay_variation_s"] * _power(sign * reach["variation"], xp),
        "ipdv_s": demands["ipdv_s"] * _power(sign * reach["ipdv"], xp),
        "delay_quantiles_s": xp.at_least(xp.between(levels, quantiles - most[1], quantiles + most[1]), floor[:, None]),
        "loss_ratio": moved_loss(loss, sign * reach["loss"], xp),
        "offered_bps": demands["offered_bps"],
        "throughput_bps": xp.at_most(demands["throughput_bps"] * kept, demands["offered_bps"]),
    }


def _at_most_uncertain(ground: Ground, outputs: Outputs, demands: Columns, chance_s: Column) -> tuple[Column, Column]:
    """How far a delay [demand] and its quantiles [demand, level] can be off at all: light in a fibre is not uncertain, waits are."""
    xp, given = ground.arrays, ground.demands
    fixed = ground.per_demand(outputs.path_weight * ground.hops.path_fixed) * given.reference_s
    waited = xp.at_least(outputs.delay * given.reference_s - fixed, 0.0)
    above = xp.at_least(demands["delay_quantiles_s"] - (given.floor * given.reference_s)[:, None], 0.0)
    return _MOST_WRONG * waited + chance_s, _MOST_WRONG * above + chance_s[:, None]


def _queue_bounds(ground: Ground, attributes: Columns, queues: Columns, beliefs: Beliefs) -> tuple[Columns, Columns]:
    xp, group = ground.arrays, groups(ground.queues.n_nodes, ground.queues.load, ground.arrays)
    reach = {figure: beliefs.calibration.reach(figure, attributes, group, beliefs.coverage, xp) for figure in QUEUE_FIGURES}
    reach["queue_loss"] = xp.where(queues["loss_ratio"] < 1, reach["queue_loss"], 0.0)
    return _queue_bound(ground, queues, reach, -1.0), _queue_bound(ground, queues, reach, 1.0)


def _queue_bound(ground: Ground, queues: Columns, reach: Columns, sign: float) -> Columns:
    xp, occupancy = ground.arrays, _power(sign * reach["queue_occupancy"], ground.arrays)
    return {
        "utilization": xp.at_most(queues["utilization"] * _power(sign * reach["queue_utilization"], xp), 1.0),
        "occupancy_packets": xp.at_most(queues["occupancy_packets"] * occupancy, ground.queues.room_packets),
        "occupancy_bits": queues["occupancy_bits"] * occupancy,
        "loss_ratio": moved_loss(queues["loss_ratio"], sign * reach["queue_loss"], xp),
        "delay_s": queues["delay_s"] * _power(sign * reach["queue_delay"], xp),
    }


def _link_bounds(ground: Ground, of_queues: Columns, links: Columns, beliefs: Beliefs) -> tuple[Columns, Columns]:
    """``of_queues``: attributes."""
    xp, given, attributes = ground.arrays, ground.queues, link_attributes(ground, of_queues, links["utilization"])
    n_nodes = xp.largest(given.n_nodes, given.link, len(given.link_capacity_bps))
    group = groups(n_nodes, xp.largest(given.load, given.link, len(given.link_capacity_bps)), xp)
    reach = {figure: beliefs.calibration.reach(figure, attributes, group, beliefs.coverage, xp) for figure in LINK_FIGURES}
    reach["link_loss"] = xp.where(links["loss_ratio"] < 1, reach["link_loss"], 0.0)
    return _link_bound(ground, links, reach, -1.0), _link_bound(ground, links, reach, 1.0)


def _link_bound(ground: Ground, links: Columns, reach: Columns, sign: float) -> Columns:
    xp = ground.arrays
    utilization = xp.at_most(links["utilization"] * _power(sign * reach["link_utilization"], xp), 1.0)
    return {
        "utilization": utilization,
        "loss_ratio": moved_loss(links["loss_ratio"], sign * reach["link_loss"], xp),
        "throughput_bps": utilization * ground.queues.link_capacity_bps,
    }


def moved_loss(loss: Column, root: Column, xp: Arrays) -> Column:
    """A loss whose square root is moved."""
    return xp.between(xp.sqrt(loss) + root, 0.0, 1.0) ** 2


def _power(exponent: Column, xp: Arrays) -> Column:
    return xp.exp(xp.between(exponent, -_MOST_EXPONENT, _MOST_EXPONENT))
