"""The contract of a predictor, checked: a new engine passes this first."""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np

from nettwin.errors import PredictionError
from nettwin.performance import Performance
from nettwin.predict.check_cases import Case, cases
from nettwin.predict.digest import scenario_digest
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Routing, Scenario
from nettwin.scenario.arrays import FloatArray

RELATIVE_SLACK = 1e-6
"""For sums in floating point."""
END_SLACK = 0.05
"""For packets that are counted on one side of a window's edge and not on the other."""


def check_predictor(predictor: Predictor) -> None:
    """Ask a predictor the standard questions; raises PredictionError that lists every broken rule."""
    broken = violations(predictor)
    if broken:
        raise PredictionError("breaks the contract of predictors:\n  " + "\n  ".join(broken), where=f"predictor {predictor.name!r}")


def violations(predictor: Predictor) -> list[str]:
    """Every rule that the predictor breaks on the standard questions, in words."""
    found = [] if predictor.name else ["the name is empty"]
    for case in cases():
        found += [f"{case.scenario.name}: {rule}" for rule in _violations_on(predictor, case)]
    return found


def _violations_on(predictor: Predictor, case: Case) -> Iterator[str]:
    scenario, before = case.scenario, scenario_digest(case.scenario)
    try:
        answer, again = predictor.predict(scenario), predictor.predict(scenario)
    except PredictionError as refusal:
        if not case.may_be_refused:
            yield f"refused ({refusal.what}), though every predictor must answer it"
        return
    if scenario_digest(scenario) != before:
        yield "the scenario was changed"
    wrong_shapes = list(_shape_violations(scenario, answer))
    yield from wrong_shapes
    if wrong_shapes:
        return  # everything below would only fail in a less clear way
    yield from _determinism_violations(answer, again)
    yield from violations_of(scenario, answer)


def violations_of(scenario: Scenario, answer: Performance) -> Iterator[str]:
    """The rules about figures that one answer of the right shape breaks."""
    from nettwin.controlplane import route

    routing = route(scenario)
    yield from _bound_violations(answer)
    yield from _quantile_violations(answer)
    yield from _demand_violations(scenario, routing, answer)
    yield from _interval_violations(answer)


def _shape_violations(scenario: Scenario, answer: Performance) -> Iterator[str]:
    if not isinstance(answer, Performance):
        yield f"the answer is a {type(answer).__name__}, not a Performance"
        return
    if not answer.engine:
        yield "the answer does not name its engine"
    lengths = {"demands": scenario.traffic.n_demands, "queues": scenario.topology.n_queues, "links": scenario.topology.n_links}
    for part, length in lengths.items():
        for field in fields(getattr(answer, part)):
            shape = getattr(getattr(answer, part), field.name).shape
            expected = (length, len(answer.quantile_levels)) if field.name == "delay_quantiles_s" else (length,)
            if shape != expected:
                yield f"{part}.{field.name} has shape {shape}, not {expected}"
    if answer.is_trusted is not None and answer.is_trusted.shape != (lengths["demands"],):
        yield f"is_trusted has shape {answer.is_trusted.shape}, not {(lengths['demands'],)}"


def _columns(answer: Performance) -> Iterator[tuple[str, FloatArray]]:
    for part in ("demands", "queues", "links"):
        for field in fields(getattr(answer, part)):
            yield f"{part}.{field.name}", getattr(getattr(answer, part), field.name)


def _determinism_violations(answer: Performance, again: Performance) -> Iterator[str]:
    for (name, one), (_, two) in zip(_columns(answer), _columns(again), strict=True):
        if not np.array_equal(one, two, equal_nan=True):
            yield f"{name} differs when the same question is asked twice"


def _bound_violations(answer: Performance) -> Iterator[str]:
    for name, values in _columns(answer):
        if np.isinf(values).any():
            yield f"{name} is infinite somewhere"
        if (values < 0).any():
            yield f"{name} is negative somewhere"
        limit = {"loss_ratio": 1.0, "utilization": 1.0 + END_SLACK}.get(name.split(".")[1], np.inf)
        if (values > limit).any():
            yield f"{name} is {np.nanmax(values):.4g}, above 1"
    offered, throughput = answer.demands.offered_bps, answer.demands.throughput_bps
    if (throughput > offered * (1 + END_SLACK)).any():
        yield "more is received than sent"


def _quantile_violations(answer: Performance) -> Iterator[str]:
    if list(answer.quantile_levels) != sorted(set(answer.quantile_levels)):
        yield f"quantile levels {answer.quantile_levels} do not ascend"
    steps = np.diff(answer.demands.delay_quantiles_s, axis=1)
    if (steps < 0).any():
        yield "delay quantiles are not ordered"


def _demand_violations(scenario: Scenario, routing: Routing, answer: Performance) -> Iterator[str]:
    demands = answer.demands
    is_silent, is_routed = scenario.traffic.rate_bps == 0, routing.routed_share > 0
    unreachable, silent = ~is_routed & ~is_silent, is_silent & is_routed
    yield from _rule(demands.loss_ratio[unreachable] == 1, "loss_ratio of an unreachable demand is not 1")
    yield from _rule(demands.throughput_bps[unreachable] == 0, "throughput_bps of an unreachable demand is not 0")
    yield from _rule(np.isnan(demands.delay_s[~is_routed | is_silent]), "delay_s without a delivered packet is not NaN")
    yield from _rule(~(demands.loss_ratio[silent] > 0), "a demand that sends nothing loses something")
    if scenario.traffic.n_demands and all(np.isnan(values).all() for _, values in _columns(answer)):
        yield "nothing is claimed at all: every figure is NaN"
    least = np.minimum(least_delay_s(scenario, routing), scenario.observation.delay_cap_s) * (1 - RELATIVE_SLACK)
    yield from _rule(~(demands.delay_s < least), "delay_s is below propagation + transmission")
    yield from _rule(~(demands.delay_quantiles_s < least[:, None]), "a delay quantile is below propagation + transmission")


def least_delay_s(scenario: Scenario, routing: Routing) -> FloatArray:  # [demand]
    """Propagation plus transmission of the smallest packet on the quickest path; 0 where there is none."""
    topology, traffic = scenario.topology, scenario.traffic
    smallest = np.array([sizes.smallest_bits for sizes in traffic.packet_sizes])[traffic.packet_size_index]
    per_hop = topology.propagation_delay_s[routing.hop_link] + smallest[routing.hop_demand] / topology.capacity_bps[routing.hop_link]
    per_path = np.bincount(routing.hop_path, weights=per_hop, minlength=routing.n_paths)
    least = np.full(routing.n_demands, np.inf)
    np.minimum.at(least, routing.path_demand, per_path)
    return np.where(np.isfinite(least), least, 0.0)


def _interval_violations(answer: Performance) -> Iterator[str]:
    if answer.interval is None:
        return
    for field in fields(answer.demands):
        low, value, high = (getattr(part, field.name) for part in (answer.interval.lower, answer.demands, answer.interval.upper))
        if low.shape != value.shape or high.shape != value.shape:
            yield f"the interval of {field.name} has another shape than its figure"
        elif (low > high).any() or (low > value * (1 + RELATIVE_SLACK)).any() or (high < value * (1 - RELATIVE_SLACK)).any():
            yield f"the interval of {field.name} does not hold its figure"


def _rule(holds: np.ndarray, sentence: str) -> Iterator[str]:
    if not bool(np.all(holds)):
        yield sentence
