"""Many questions at once."""

from collections.abc import Sequence

from nettwin.performance import Performance
from nettwin.predict.predictor import BatchPredictor, Predictor
from nettwin.scenario import Scenario


def predict_all(predictor: Predictor, scenarios: Sequence[Scenario]) -> list[Performance]:
    """The answers in order: in one go where the predictor can, else one by one."""
    if isinstance(predictor, BatchPredictor):
        return predictor.predict_many(scenarios)
    return [predictor.predict(scenario) for scenario in scenarios]
