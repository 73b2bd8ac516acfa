"""Moves without a size: another demand gone, this one in another queue by its class, or off a link by a metric."""

import math

from nettwin.apps.explain.knobs import Move
from nettwin.apps.explain.parts import QueueLoad
from nettwin.changes import ScaleTraffic, Selection, SetMetric, SetTrafficClass
from nettwin.controlplane import route
from nettwin.scenario import Discipline, Scenario, ShortestPaths

_FAR = 1e9
_MOST_CLASSES = 3


def removal(demand: str) -> Move:
    """Another demand sends nothing."""
    return Move("removal", demand, ScaleTraffic(0.0, Selection(ids=(demand,))))


def class_moves(scenario: Scenario, demand: int, load: QueueLoad) -> list[Move]:
    """The demand in another queue of this port: a higher one under strict priority, any other where weights rule."""
    scheduling = scenario.topology.link(load.link).scheduling
    is_strict = scheduling.discipline is Discipline.STRICT_PRIORITY
    class_of_queue: dict[int, int] = {}
    for traffic_class in range(scenario.traffic.n_classes):
        position = scheduling.queue_of_class(traffic_class)
        if position < load.position or (position > load.position and not is_strict):
            class_of_queue[position] = traffic_class  # the last class of a queue: the least privileged elsewhere
    name = scenario.demand_ids[demand]
    return [
        Move("class", f"into class {traffic_class}", SetTrafficClass(traffic_class, Selection(ids=(name,))))
        for traffic_class in sorted(class_of_queue.values(), reverse=True)[:_MOST_CLASSES]
    ]


def metric_move(scenario: Scenario, demand: int, link: str) -> Move | None:
    """The smallest metric of a link that sends the demand another way; None where its path does not follow the metrics."""
    name, policy = scenario.demand_ids[demand], scenario.policy
    if not isinstance(policy.base, ShortestPaths) or name in policy.explicit_paths or name in policy.segment_lists:
        return None
    elsewhere = SetMetric(link, _FAR).apply(scenario)
    if (cost := _cost(elsewhere, demand)) >= _FAR:
        return None
    metrics, extra = scenario.topology.metric, cost - _cost(scenario, demand)
    metric = scenario.topology.link(link).metric
    are_whole = all(value.is_integer() for value in metrics.tolist())
    least = metric + extra + 1 if are_whole else _rounded_up(metric * 1.01 + extra)
    return Move("metric", f"off {link} by a metric of {least:g} there", SetMetric(link, least))


def _rounded_up(value: float) -> float:
    """To four digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 3)
    return float(f"{math.ceil(value / unit) * unit:.4g}")


def _cost(scenario: Scenario, demand: int) -> float:
    """Sum of the metrics along a path of the demand; all its paths cost the same."""
    paths = route(scenario).paths_of(demand)
    return float(scenario.topology.metric[paths[0][1]].sum()) if paths else _FAR
