"""What the expected error of a figure depends on besides what the networks expect of themselves, as columns of small numbers.

Networks learn from few nodes, where ways are short and mostly single; so they cannot know how much more wrong they are where packets travel
in platoons over many hops, or where a demand's paths differ. On arrays and tensors alike.
"""

from typing import Any

from nettwin.predict.neural.arrays import Column
from nettwin.predict.neural.ground import Ground

DEMAND_ATTRIBUTES = ("expected", "in platoons", "sizes in platoons", "between paths", "waiting", "packet sizes", "strange")
QUEUE_ATTRIBUTES = ("delay expected", "loss expected", "in platoons", "sizes in platoons", "waiting", "lost", "strange", "full")
"""Of queues, and of links, which take the means of their queues."""

_MOST_IN_PLATOONS = 0.3
_LEAST_WAITING = 1e-3
_LEAST_LOST = 1e-4
_LEAST_SPREAD = 1e-3
_MOST_SPREAD = 2.0
_NEARLY_FULL = 0.8
_MOST_ABOVE = 0.5


def demand_attributes(ground: Ground, outputs: Any) -> dict[str, Column]:  # [demand]
    """All but the expected error, which each figure has of its own. Means over hops are weighted by the waits in them."""
    xp, hops = ground.arrays, ground.hops
    wait = ground.per_path(outputs.hop_wait)
    weight = outputs.hop_wait / xp.at_least(wait, 1e-12)[hops.path]
    delay = hops.path_fixed + wait
    fixed = ground.per_demand(outputs.path_weight * hops.path_fixed)
    between = ground.per_demand(outputs.path_weight * (delay - outputs.delay[hops.path_demand]) ** 2)

    def on_the_way(queue: Column) -> Column:
        return ground.per_demand(outputs.path_weight * ground.per_path(queue[hops.queue] * weight))

    return {
        "in platoons": on_the_way(_at_most(ground, ground.queues.in_platoons)),
        "sizes in platoons": on_the_way(_at_most(ground, ground.queues.size_share)),
        "between paths": xp.between(xp.sqrt(between) / xp.at_least(outputs.variation, 1e-12), 0.0, 1.0),
        "waiting": xp.log(xp.between(1 - fixed / xp.at_least(outputs.delay, 1e-300), _LEAST_WAITING, 1.0)),
        "packet sizes": xp.log(xp.between(xp.sqrt(ground.demands.size_variance), 0.0, _MOST_SPREAD) + _LEAST_SPREAD),
        "strange": on_the_way(1 - outputs.trust),
    }


def queue_attributes(ground: Ground, outputs: Any, utilization: Column) -> dict[str, Column]:  # [queue]
    """``utilization``: as answered, so that what is missing to the offered one was lost on the way or here."""
    xp, given = ground.arrays, ground.queues
    wait = xp.at_least(outputs.queue_wait, 0.0)
    return {
        "delay expected": xp.log(outputs.queue_scales[:, 0]),
        "loss expected": xp.log(outputs.queue_scales[:, 1]),
        "in platoons": _at_most(ground, given.in_platoons),
        "sizes in platoons": _at_most(ground, given.size_share),
        "waiting": xp.log(xp.at_least(wait / (1 + wait), _LEAST_WAITING)),
        "lost": _lost(ground, utilization, given.offered_utilization),
        "strange": 1 - outputs.trust,
        "full": xp.between(given.load - _NEARLY_FULL, 0.0, _MOST_ABOVE),
    }


def link_attributes(ground: Ground, of_queues: dict[str, Column], utilization: Column) -> dict[str, Column]:  # [link]
    """Means over the queues of each port, weighted by the packets that arrive."""
    xp = ground.arrays
    weight = xp.at_least(ground.queues.arriving_packet_rate, 1e-9)
    total = xp.at_least(ground.per_link(weight), 1e-300)
    means = {name: ground.per_link(weight * column) / total for name, column in of_queues.items()}
    return means | {"lost": _lost(ground, utilization, ground.per_link(ground.queues.offered_utilization))}


def _lost(ground: Ground, utilization: Column, offered: Column) -> Column:
    """Logarithm of the share of the offered load that does not get through, on the way or here."""
    xp = ground.arrays
    lost = xp.where(offered > 0, 1 - utilization / xp.at_least(offered, 1e-300), 0.0)
    return xp.log(xp.between(lost, 0.0, 1.0) + _LEAST_LOST)


def _at_most(ground: Ground, share: Column) -> Column:
    return ground.arrays.between(share, 0.0, _MOST_IN_PLATOONS)
