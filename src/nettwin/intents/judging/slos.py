"""Service level objectives, judged."""

from collections.abc import Iterator

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.judging.case import Case
from nettwin.intents.judging.culprits import MOST_NAMED, responsible_links
from nettwin.intents.judging.holding import Held, hold
from nettwin.intents.judging.slo_words import slo_words
from nettwin.intents.selecting import rows
from nettwin.intents.slo import Slo
from nettwin.intents.verdict import ClauseVerdict, Status
from nettwin.scenario.arrays import IntArray


def slo_names(intent: Intent) -> list[str]:
    """How the SLOs of an intent are called, in order."""
    return [slo.name or f"slos[{index}]" for index, slo in enumerate(intent.slos)]


def judge_slos(intent: Intent, case: Case) -> Iterator[ClauseVerdict]:
    """One verdict for each SLO."""
    for name, slo in zip(slo_names(intent), intent.slos, strict=True):
        yield judge_slo(name, slo, rows(intent, slo.selected, case.scenario), case)


def judge_slo(name: str, slo: Slo, selected: IntArray, case: Case) -> ClauseVerdict:
    """Violated if any of the selected demands surely exceeds the bound, satisfied if all of them surely keep it."""
    held = hold(slo, selected, case)
    worst = worst_first(held)
    ids, links = case.scenario.demand_ids, case.scenario.topology.links
    blamed = responsible_links(case, held.rows[worst], slo.metric) if len(worst) else []
    excess = float(held.excess.sum())
    return ClauseVerdict(
        clause=name,
        status=held.status,
        is_hard=slo.soft is None,
        excess=excess,
        doubt=float(held.doubt.sum()),
        penalty=0.0 if slo.soft is None else slo.soft.penalty * excess,
        words=slo_words(slo, held, worst, case),
        demands=tuple(ids[row] for row in held.rows[worst[:MOST_NAMED]]),
        links=tuple(links[link].id for link in blamed),
    )


def worst_first(held: Held) -> IntArray:
    """Places in ``held.rows`` of the demands that are responsible for the status; none where it is satisfied."""
    responsible = held.is_violated if held.status is Status.VIOLATED else held.is_undetermined
    order = np.lexsort((-held.doubt, -held.excess))
    return np.asarray(order[responsible[order]])
