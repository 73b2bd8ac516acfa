"""What a demand hangs on in the whole network, by the derivatives of an engine that has them; and what of it is worth trying.

A derivative tells about turns that are next to nothing. Where a queue is about to saturate a turn of ten percent may do something else:
that is why what is told of changes is asked of the twin, and derivatives only say what to ask about.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nettwin.apps.explain.knobs import Buffer, Capacity, ClassTraffic, DemandTraffic, Knob, Weight
from nettwin.apps.explain.levers import Levers
from nettwin.apps.explain.parts import NAN, Slope
from nettwin.errors import PredictionError
from nettwin.predict.elasticities import Elasticities, Slopes
from nettwin.predict.predictor import GradientPredictor, Predictor
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

_MOST_TOLD = 50
_WORTH_TELLING = 0.01  # percent per percent, or the change of the loss ratio for e times as much
_WORTH_TRYING, _WORTH_TRYING_LOSS = 0.01, 0.001  # of the delay and of the loss ratio, for one step of the knob
_MOST_TRIED = 2  # of each kind, besides what is tried anyway


@dataclass(frozen=True, eq=False)
class Steepness:
    """The slopes of one demand beside the knobs that they are about."""

    scenario: Scenario
    elasticities: Elasticities

    @cached_property
    def knobs(self) -> list[Knob]:
        """Of every link, demand and queue, in this order."""
        topology, queues = self.scenario.topology, self.scenario.topology.queues
        places = [(topology.links[link].id, int(row - queues.offsets[link])) for row, link in enumerate(queues.link.tolist())]
        links: list[Knob] = [Capacity(link.id) for link in topology.links]
        demands: list[Knob] = [DemandTraffic(name) for name in self.scenario.demand_ids]
        return [*links, *demands, *(Buffer(*place) for place in places), *(Weight(*place) for place in places)]

    @cached_property
    def delay(self) -> FloatArray:  # [knob] percent per percent
        return _in_order(self.elasticities.delay)

    @cached_property
    def loss(self) -> FloatArray:  # [knob] change of the loss ratio per change of the logarithm
        return _in_order(self.elasticities.loss)

    def of(self, knob: Knob) -> float:
        """Percent of delay per percent of a knob; NaN for one that has no slope."""
        if isinstance(knob, ClassTraffic):
            is_in_class = self.scenario.traffic.traffic_class == knob.traffic_class
            return float(self.elasticities.delay.rate[is_in_class].sum())
        row = self._row_of.get((knob.kind, knob.about))
        return NAN if row is None else float(self.delay[row])

    @cached_property
    def _row_of(self) -> dict[tuple[str, str], int]:
        return {(knob.kind, knob.about): row for row, knob in enumerate(self.knobs)}


def steepness(engine: Predictor, scenario: Scenario, demands: Sequence[int]) -> list[Steepness | None]:
    """Of each demand; None where the engine has no derivatives, or the network is too large for them."""
    if not isinstance(engine, GradientPredictor):
        return [None] * len(demands)
    try:
        return [Steepness(scenario, found) for found in engine.elasticities(scenario, demands)]
    except PredictionError:
        return [None] * len(demands)


def slopes_of(steep: Steepness | None, on_way: set[str]) -> tuple[Slope, ...]:
    """The steepest; ``on_way``: ids of links and demands."""
    if steep is None:
        return ()
    size = np.maximum(np.abs(steep.delay), np.abs(steep.loss))
    rows = np.argsort(-size, kind="stable")[:_MOST_TOLD]
    return tuple(_slope(steep, row, on_way) for row in rows.tolist() if size[row] >= _WORTH_TELLING)


def with_steep_ones(levers: Levers, steep: Steepness | None) -> Levers:
    """The same, and what else in the network the demand hangs on most, wherever it is."""
    if steep is None:
        return levers
    known = {(knob.kind, knob.about) for knob in levers.knobs}
    steps = np.array([abs(math.log(knob.step)) for knob in steep.knobs])
    size = np.maximum(np.abs(steep.delay) * steps / _WORTH_TRYING, np.abs(steep.loss) * steps / _WORTH_TRYING_LOSS)
    more: dict[str, list[Knob]] = {}
    for row in np.argsort(-size, kind="stable").tolist():
        if size[row] < 1:
            break
        knob = steep.knobs[row]
        if (knob.kind, knob.about) not in known and len(more.get(knob.kind, ())) < _MOST_TRIED:
            more.setdefault(knob.kind, []).append(knob)
    return replace(levers, knobs=(*levers.knobs, *(knob for knobs in more.values() for knob in knobs)))


def _slope(steep: Steepness, row: int, on_way: set[str]) -> Slope:
    knob = steep.knobs[row]
    place = knob.link if isinstance(knob, Buffer | Weight) else knob.about
    return Slope(
        knob=knob.kind,
        about=knob.about,
        delay_slope=float(steep.delay[row]),
        loss_slope=float(steep.loss[row]),
        is_on_way=place in on_way,
    )


def _in_order(slopes: Slopes) -> FloatArray:
    return np.concatenate([slopes.capacity, slopes.rate, slopes.buffer, slopes.weight])
