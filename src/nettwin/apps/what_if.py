"""What if: the performance of a scenario before and after changes."""

from collections.abc import Iterable

from nettwin.apps.compare import Comparison
from nettwin.apps.tables import PerformanceView
from nettwin.changes.change import Change
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario


def what_if(scenario: Scenario, changes: Iterable[Change], predictor: Predictor) -> Comparison:
    """Predict, apply the changes in order, predict again."""
    changed = apply_all(scenario, changes)
    return Comparison(
        before=PerformanceView(scenario, predictor.predict(scenario)),
        after=PerformanceView(changed, predictor.predict(changed)),
    )


def apply_all(scenario: Scenario, changes: Iterable[Change]) -> Scenario:
    """The scenario after all changes, in order."""
    for change in changes:
        scenario = change.apply(scenario)
    return scenario
