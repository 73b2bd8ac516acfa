"""The method: a search that the twin guides, and a packet simulation of its best answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from nettwin.changes.change import Change
from nettwin.intents.intent import Intent
from nettwin.optimize.answer import Found, answered
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.scheduling import port_changes
from nettwin.optimize.solution import Solution
from nettwin.optimize.steering.detours import changes_to, steering_of
from nettwin.optimize.twin_guided.asking import Jury
from nettwin.optimize.twin_guided.compiling import compile_kernels
from nettwin.optimize.twin_guided.correction import Correction
from nettwin.optimize.twin_guided.finalists import Court, Verified, notes_of
from nettwin.optimize.twin_guided.floor import delay_floor
from nettwin.optimize.twin_guided.search import Search, SearchOptions
from nettwin.optimize.twin_guided.starts import starts_of
from nettwin.predict import registry
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

NAME = "twin-guided"
SHARES = (0.55, 0.8)
"""Of the budget: until when the search goes on before the first finalists are simulated, and before the last ones are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinGuided:
    """For delay, loss, variation, percentiles and SLOs: detours and port settings, proposed by a response surface, judged by the twin."""

    batch: int = 24
    """Candidates that the twin is asked about at once."""
    patience: int = 16
    """Rounds without improvement after which the search ends."""
    utilization_start: bool = True
    """Whether the search also begins at the best maximum utilization that local search finds in a tenth of the budget."""
    finalists: int = 2
    """Candidates that the packet simulator gets to see at a time; 0: none, and then claims are the twin's alone."""
    packets: float = 1e6
    """Budget of each simulation."""
    margin: float = 0.05
    """By how much a simulated figure must keep a bound for the claim to stand: room for the chance in a simulation."""
    seed: int = 0
    """Of the simulations; that of the search is the budget's."""

    @property
    def name(self) -> str:
        return NAME

    def optimize(self, scenario: Scenario, intent: Intent, predictor: Predictor, budget: Budget) -> Solution:
        """The best plan within the budget, with what the simulator said of it in the notes.

        Raises InputError for an intent that does not fit the scenario.
        """
        compile_kernels()
        clock = Clock(budget)
        jury = Jury(predictor, intent, scenario, clock)
        search = Search(scenario, intent, jury, clock, SearchOptions(batch=self.batch, patience=self.patience))
        search.bound = delay_floor(scenario, intent)
        starts = starts_of(scenario, intent, predictor, budget) if self.utilization_start else []
        chosen, n_simulated = self._searched(search, starts, clock)
        found = Found(
            method=NAME,
            changes=changes_between(scenario, chosen.candidate.scenario),
            bound=search.bound,
            stopped_by=search.stopped_by,
            predictions=jury.n_asked,
            notes={**search.notes(), **dict(notes_of(chosen, n_simulated))},
            verdict_before=search.before.verdict,
            verdict=chosen.verdict,
            scenario=chosen.candidate.scenario,
        )
        return answered(scenario, intent, predictor, clock, found)

    def _searched(self, search: Search, starts: Sequence[Scenario], clock: Clock) -> tuple[Verified, int]:
        """The finalist that the simulator likes best, and how many it saw; where it contradicts a claim, the search goes on corrected."""
        n_simulated = 0
        for share in self._shares(search.intent):
            search.run(starts if not n_simulated else [], share)
            if not self.finalists or search.best.scenario is search.before.scenario or clock.stopped_by == "interrupt":
                return Verified(search.best), n_simulated
            # Another seed each time: what a simulation led to must not be confirmed by the same chance.
            simulator = registry.create("simulator", seed=self.seed + n_simulated, packets=self.packets)
            court = Court(search.intent, search.before.scenario, simulator, self.margin)
            checked = court.verified(search.finalists(self.finalists), clock)
            n_simulated += len(checked)
            if checked[0].is_confirmed or clock.stopped_by or share == SHARES[-1]:
                break
            predicted = search.jury.plain(checked[0].candidate.scenario)
            search.correct(Correction.between(predicted, checked[0].performance or predicted))
        return checked[0], n_simulated

    def _shares(self, intent: Intent) -> tuple[float, ...]:
        if not self.finalists:
            return (1.0,)
        return SHARES if intent.slos else SHARES[-1:]


def changes_between(before: Scenario, after: Scenario) -> tuple[Change, ...]:
    """The fewest changes of segment policies, ports and metrics from one scenario to the other."""
    if after is before:
        return ()
    return (*port_changes(before, after), *changes_to(before, steering_of(after)))
