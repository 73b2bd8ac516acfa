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
from nettwin.optimize.twin_guided.finalists import Verified, notes_of, verified
from nettwin.optimize.twin_guided.floor import delay_floor
from nettwin.optimize.twin_guided.search import Search, SearchOptions
from nettwin.optimize.twin_guided.starts import starts_of
from nettwin.predict import registry
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario

NAME = "twin-guided"


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
    """Candidates that the packet simulator gets to see; 0: none, and then claims are the twin's alone."""
    packets: float = 1e6
    """Budget of each simulation."""
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
        search = Search(scenario, intent, jury, clock, SearchOptions(batch=self.batch, patience=self.patience, reserve=self._reserve))
        search.bound = delay_floor(scenario, intent)
        starts = starts_of(scenario, intent, predictor, budget) if self.utilization_start else []
        search.run(starts)
        finalists = self._verified(search, clock)
        chosen = finalists[0]
        found = Found(
            method=NAME,
            changes=changes_between(scenario, chosen.candidate.scenario),
            bound=search.bound,
            stopped_by=search.stopped_by,
            predictions=jury.n_asked,
            notes={**search.notes(), **dict(notes_of(chosen, len([each for each in finalists if each.measured is not None])))},
            verdict_before=search.before.verdict,
            verdict=chosen.verdict,
            scenario=chosen.candidate.scenario,
        )
        return answered(scenario, intent, predictor, clock, found)

    @property
    def _reserve(self) -> float:
        """Share of the time that is kept for the simulations."""
        return 0.2 if self.finalists else 0.0

    def _verified(self, search: Search, clock: Clock) -> Sequence[Verified]:
        best = search.finalists(self.finalists)
        if not self.finalists or clock.stopped_by == "interrupt" or search.best is search.before:
            return [Verified(search.best)]
        simulator = registry.create("simulator", seed=self.seed, packets=self.packets)
        return verified(best, search.jury.intent, simulator, clock, search.before.scenario)


def changes_between(before: Scenario, after: Scenario) -> tuple[Change, ...]:
    """The fewest changes of segment policies, ports and metrics from one scenario to the other."""
    if after is before:
        return ()
    return (*port_changes(before, after), *changes_to(before, steering_of(after)))
