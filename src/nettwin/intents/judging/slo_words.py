"""The verdict on a service level objective as a sentence."""

from collections.abc import Callable

import numpy as np

from nettwin.intents.judging.case import Case
from nettwin.intents.judging.counting import all_do, some_do_not
from nettwin.intents.judging.culprits import blame
from nettwin.intents.judging.holding import Held
from nettwin.intents.objectives import EVERY_DEMAND
from nettwin.intents.slo import TIMES, Metric, Slo
from nettwin.intents.verdict import Status
from nettwin.performance.quantities import percent, seconds
from nettwin.scenario.arrays import IntArray

NAMES = {
    Metric.ONE_WAY_DELAY: "one-way delay",
    Metric.DELAY_VARIATION: "delay variation",
    Metric.PACKET_LOSS: "packet loss",
    Metric.THROUGHPUT: "throughput",
}


def asked(slo: Slo) -> str:
    """``p99 one-way delay of gold must stay below 25.0 ms``."""
    whose = "every demand" if slo.selected == EVERY_DEMAND else slo.selected
    subject = f"{slo.statistic} {NAMES[slo.metric]} of {whose}" if slo.metric in TIMES else f"{NAMES[slo.metric]} of {whose}"
    if slo.metric is Metric.THROUGHPUT:
        return f"{subject} must be at least {percent(slo.bound)} of what is sent"
    return f"{subject} must stay below {shown(slo.metric)(slo.bound)}"


def shown(metric: Metric) -> Callable[[float], str]:
    """Writes values of a metric."""
    return seconds if metric in TIMES else percent


def slo_words(slo: Slo, held: Held, worst: IntArray, case: Case) -> str:
    """What was asked, what is, who is responsible; ``worst`` are places in ``held.rows``."""
    return f"{asked(slo)}: {_outcome(slo, held, worst, case)}"


def _outcome(slo: Slo, held: Held, worst: IntArray, case: Case) -> str:
    if not len(held.rows):
        return "no demand that sends anything is selected"
    n = len(held.rows)
    if held.status is Status.SATISFIED:
        nearest = int(np.argmax(held.doubt)) if held.doubt.any() else _nearest(slo, held)
        return f"{all_do(n)}, the nearest to it is {_figure(slo, held, nearest, case)}"
    if case.performance is None and not held.is_violated.any():
        return f"it cannot be told for {n} demands, for no engine was asked"
    who = f"{_figure(slo, held, int(worst[0]), case)}{_where(slo, held, int(worst[0]), case)}"
    if held.status is Status.VIOLATED:
        also = int(held.is_undetermined.sum())
        return f"{some_do_not(len(worst), n)}, worst {who}" + (f"; {also} more cannot be told" if also else "")
    return f"it cannot be told for {len(worst)} of {n} demands, {_why(held, worst)}: first {who}"


def _nearest(slo: Slo, held: Held) -> int:
    return int(np.argmin(held.figures.lower) if slo.metric is Metric.THROUGHPUT else np.argmax(held.figures.upper))


def _why(held: Held, worst: IntArray) -> str:
    if np.isnan(held.figures.value[worst]).all():
        return "for the engine makes no claim"
    if not held.figures.is_trusted[worst].any():
        return "for they are outside what the engine knows"
    return "for the interval straddles the bound"


def _figure(slo: Slo, held: Held, place: int, case: Case) -> str:
    """``Oslo->Rome 31.2 ms (interval 27.0 ms to 36.0 ms)``."""
    name: str = case.scenario.demand_ids[held.rows[place]]
    text = shown(slo.metric)
    if held.is_cut_off[place]:
        return f"{name} of which nothing arrives"
    value, lower, upper = (float(each[place]) for each in (held.figures.value, held.figures.lower, held.figures.upper))
    if np.isnan(value):
        return name
    return f"{name} {text(value)}" + (f" (interval {text(lower)} to {text(upper)})" if lower < upper else "")


def _where(slo: Slo, held: Held, place: int, case: Case) -> str:
    """Where the delay or the loss arises."""
    if held.is_cut_off[place] or np.isnan(held.figures.value[place]):
        return ""
    blamed = blame(case, int(held.rows[place]), slo.metric)
    value, total = float(held.figures.value[place]), float(blamed.weight.sum())
    if slo.metric is Metric.ONE_WAY_DELAY and blamed.propagation_s > 0.5 * value:
        return f", {seconds(blamed.propagation_s)} of it is propagation"
    link = int(blamed.links[0])
    part = "most of it" if blamed.weight[0] > 0.5 * total else "the largest part of it"
    return f", {part} at {case.scenario.topology.links[link].id} ({percent(float(case.utilization[link]))} utilized)"
