"""What an engine is: something that turns a scenario into a performance."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from nettwin.changes.timeline import Timeline
from nettwin.performance import HopPerformance, Performance, PerformanceSeries
from nettwin.predict.elasticities import Elasticities
from nettwin.scenario import Scenario


@runtime_checkable
class Predictor(Protocol):
    """Equal predictor and equal scenario give an equal answer; a seed is a field of the predictor."""

    @property
    def name(self) -> str:
        """How tables and files call this engine."""
        ...

    def predict(self, scenario: Scenario) -> Performance:
        """The performance of a scenario. Raises PredictionError where the engine does not model it."""
        ...


@runtime_checkable
class TimelinePredictor(Protocol):
    """A predictor that also answers for changes in time."""

    def predict_timeline(self, timeline: Timeline) -> PerformanceSeries:
        """A performance per window of the timeline."""
        ...


@runtime_checkable
class HopPredictor(Protocol):
    """A predictor that also tells where on the way the delay arises."""

    def predict_hops(self, scenario: Scenario) -> tuple[Performance, HopPerformance]:
        """The performance as of ``predict``, and the same hop by hop: their delays agree to 1 %."""
        ...


@runtime_checkable
class GradientPredictor(Protocol):
    """A predictor that also tells how a demand answers to every capacity, rate, buffer and weight of the network at once."""

    def elasticities(self, scenario: Scenario, demands: Sequence[int]) -> list[Elasticities]:
        """Of each of these demands, by row. Raises PredictionError where the network is too large for it."""
        ...


@runtime_checkable
class BatchPredictor(Protocol):
    """A predictor that answers many scenarios at once for less than one by one."""

    def predict_many(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        """The answers in order, each as of ``predict``."""
        ...


@runtime_checkable
class MixedPredictor(Protocol):
    """A predictor that answers by several others: differences between its answers may be those between engines."""

    def explainer(self) -> Predictor:
        """The one to ask why: it answers hop by hop, and every question by itself."""
        ...
