"""Which links are to blame: for a demand's delay or loss, and which demands load a link."""

from dataclasses import dataclass

import numpy as np

from nettwin.intents.judging.case import Case
from nettwin.intents.slo import Metric
from nettwin.scenario.arrays import FloatArray, IntArray

MOST_NAMED = 10
"""Demands and links that a verdict names."""
_MOST_TRACED = 20
"""Worst demands whose paths are looked at."""


@dataclass(frozen=True, eq=False)
class Blame:
    """What the links on a demand's way add to its figure."""

    links: IntArray  # [crossed link], the worst first
    weight: FloatArray  # [crossed link] in the unit of the figure, or what comes nearest to it
    propagation_s: float
    """Of the whole way."""


def blame(case: Case, demand: int, metric: Metric) -> Blame:
    """The links on the way of one demand, by what they add to its delay or loss; where no engine tells, by their utilization."""
    links, share = _crossed(case, demand)
    propagation_s = case.scenario.topology.propagation_delay_s[links]
    weight = _weight(case, demand, metric, links, propagation_s)
    if not len(links) or np.isnan(weight).any() or not weight.any():
        weight = case.utilization[links]
    weight = weight * share
    order = np.argsort(-weight, kind="stable")
    return Blame(links[order], weight[order], float(share @ propagation_s))


def responsible_links(case: Case, demands: IntArray, metric: Metric) -> list[int]:
    """Links that add most to the figures of the worst demands, the worst first."""
    total = np.zeros(case.scenario.topology.n_links)
    for demand in demands[:_MOST_TRACED].tolist():
        blamed = blame(case, demand, metric)
        np.add.at(total, blamed.links, blamed.weight)
    order = np.argsort(-total, kind="stable")[:MOST_NAMED]
    return [int(link) for link in order if total[link] > 0]


def loading_demands(case: Case, link: int) -> list[int]:
    """Demands that load a link most, the largest part first."""
    routing = case.routing
    paths = routing.hop_path[routing.hop_link == link]
    rates = case.scenario.traffic.rate_bps[routing.path_demand[paths]] * routing.path_share[paths]
    load = np.bincount(routing.path_demand[paths], weights=rates, minlength=routing.n_demands)
    order = np.argsort(-load, kind="stable")[:MOST_NAMED]
    return [int(demand) for demand in order if load[demand] > 0]


def _crossed(case: Case, demand: int) -> tuple[IntArray, FloatArray]:
    """The links on the paths of a demand, each once, and the share of the demand that crosses it."""
    share: dict[int, float] = {}
    for part, links in case.routing.paths_of(demand):
        for link in links.tolist():
            share[link] = share.get(link, 0.0) + part
    return np.array(list(share), dtype=np.int64), np.array(list(share.values()), dtype=np.float64)


def _weight(case: Case, demand: int, metric: Metric, links: IntArray, propagation_s: FloatArray) -> FloatArray:
    answer = case.performance
    if answer is None:
        return np.full(len(links), np.nan)
    queues = case.queue_by_class[links, int(case.scenario.traffic.traffic_class[demand])]
    match metric:
        case Metric.ONE_WAY_DELAY:
            return np.asarray(answer.queues.delay_s[queues] + propagation_s)
        case Metric.DELAY_VARIATION:
            return np.asarray(answer.queues.delay_s[queues])
        case _:
            return np.asarray(answer.queues.loss_ratio[queues])
