"""Why are these demands as slow and lossy as they are, and what would change it?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

import numpy as np

from nettwin.apps.explain.causes import causes_at, queues_that_matter, waits_by_queue
from nettwin.apps.explain.explanation import Explanation
from nettwin.apps.explain.hops import hops_of
from nettwin.apps.explain.levers import Levers, levers_for
from nettwin.apps.explain.loads import Answered
from nettwin.apps.explain.paragraphs import paragraphs
from nettwin.apps.explain.parts import Belief, DemandExplanation, Target
from nettwin.apps.explain.remedies import Wish, in_vain, remedies_for
from nettwin.apps.explain.sensitivities import changes_of, sensitivities_of
from nettwin.apps.explain.slopes import Steepness, slopes_of, steepness, with_steep_ones
from nettwin.apps.explain.what_ifs import Outcome, WhatIfs
from nettwin.errors import InputError, PredictionError
from nettwin.performance import Performance, sum_by_demand
from nettwin.predict.predictor import HopPredictor, MixedPredictor, Predictor
from nettwin.scenario import Scenario

N_WORST = 3
_LOSSY = 1e-4


@dataclass(frozen=True, slots=True)
class _Draft:
    """An explanation of one demand before anything was tried."""

    row: int
    explained: DemandExplanation
    levers: Levers
    steep: Steepness | None


def explain(
    scenario: Scenario, predictor: Predictor, demands: Sequence[str] = (), target: Target = Target(), n_worst: int = N_WORST
) -> Explanation:
    """Explain some demands, by id; without any, the worst by delay and loss. Raises PredictionError, UnknownNameError."""
    rows = [scenario.index_of_demand(name) for name in dict.fromkeys(demands)]
    engine = predictor.explainer() if isinstance(predictor, MixedPredictor) else predictor
    if not isinstance(engine, HopPredictor):
        raise PredictionError("it does not answer hop by hop", where=f"engine {engine.name}", hint="ask one that does, as queueing")
    answered = Answered(scenario, *engine.predict_hops(scenario))
    rows = rows or worst_demands(answered, n_worst)
    drafts = [_draft(answered, row, steep) for row, steep in zip(rows, steepness(engine, scenario, rows), strict=True)]
    what_ifs = WhatIfs(scenario, engine, Outcome.of(answered.performance))
    what_ifs.ask(change for draft in drafts for change in changes_of(scenario, draft.levers))
    told = [replace(draft.explained, sensitivities=sensitivities_of(what_ifs, draft.row, draft.levers, draft.steep)) for draft in drafts]
    if target.is_wanted:
        told = _with_remedies(what_ifs, target, drafts, told)
    return Explanation(scenario, answered.performance, target, tuple(replace(each, text=paragraphs(each, target)) for each in told))


def worst_demands(answered: Answered, n: int) -> list[int]:
    """Rows of the slowest, the longest at ports, and the lossiest demands in turn, one of each source, target and class.

    Demands of which nothing arrives have no delay to explain.
    """
    figures, traffic, hops = answered.performance.demands, answered.scenario.traffic, answered.hops
    at_ports = sum_by_demand(hops, hops.wait_s + hops.transmission_s, traffic.n_demands)
    known = np.flatnonzero(np.isfinite(figures.delay_s))
    if not len(known):
        raise InputError("nothing arrives anywhere", where="explain", hint="name a demand, or see `nettwin validate`")
    slowest, longest, lossiest = (known[np.argsort(-by[known], kind="stable")] for by in (figures.delay_s, at_ports, figures.loss_ratio))
    lossiest = lossiest[figures.loss_ratio[lossiest] > _LOSSY]
    chosen: dict[tuple[int, ...], int] = {}
    for row in chain.from_iterable(zip_longest(slowest.tolist(), longest.tolist(), lossiest.tolist())):
        if row is not None and len(chosen) < n:
            chosen.setdefault(tuple(int(column[row]) for column in (traffic.source, traffic.target, traffic.traffic_class)), row)
    return list(chosen.values())


def _draft(answered: Answered, row: int, steep: Steepness | None) -> _Draft:
    scenario, figures = answered.scenario, answered.performance.demands
    delay_s, loss_ratio = float(figures.delay_s[row]), float(figures.loss_ratio[row])
    hops = hops_of(answered, row)
    waits = waits_by_queue(hops)
    queues = queues_that_matter(hops, delay_s, loss_ratio)
    causes = [cause for load in queues for cause in causes_at(answered, row, load, waits[load.link, load.position])]
    explained = DemandExplanation(
        demand=scenario.demand_ids[row],
        source=scenario.topology.nodes[scenario.traffic.source[row]].id,
        target=scenario.topology.nodes[scenario.traffic.target[row]].id,
        traffic_class=int(scenario.traffic.traffic_class[row]),
        rate_bps=float(scenario.traffic.rate_bps[row]),
        delay_s=delay_s,
        loss_ratio=loss_ratio,
        belief=_belief(answered.performance, row),
        hops=hops,
        causes=tuple(causes),
        slopes=slopes_of(steep, {hop.link for hop in hops} | {cause.demand for cause in causes}),
    )
    return _Draft(row, explained, with_steep_ones(levers_for(scenario, row, hops, queues, causes), steep), steep)


def _belief(performance: Performance, row: int) -> Belief:
    is_trusted = None if performance.is_trusted is None else bool(performance.is_trusted[row])
    if performance.interval is None:
        return Belief(is_trusted=is_trusted)
    lower, upper = (float(bound.delay_s[row]) for bound in (performance.interval.lower, performance.interval.upper))
    return Belief(lower_s=lower, upper_s=upper, coverage=performance.interval.coverage, is_trusted=is_trusted)


def _with_remedies(
    what_ifs: WhatIfs, target: Target, drafts: Sequence[_Draft], told: Sequence[DemandExplanation]
) -> list[DemandExplanation]:
    """What would meet the target, where it is not met already."""
    wishes = [
        Wish(draft.row, target, draft.levers if not target.is_met(each.delay_s, each.loss_ratio) else Levers())
        for draft, each in zip(drafts, told, strict=True)
    ]
    found = remedies_for(what_ifs, wishes)
    return [
        replace(each, remedies=remedies, vain=in_vain(wish, remedies)) for each, wish, remedies in zip(told, wishes, found, strict=True)
    ]
