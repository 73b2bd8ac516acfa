"""The neural twin behind the interface of predictors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from nettwin.errors import InputError, MissingDependencyError
from nettwin.performance import HopPerformance, Performance
from nettwin.scenario import Routing, Scenario

if TYPE_CHECKING:
    from nettwin.predict.elasticities import Elasticities
    from nettwin.predict.neural.ensemble import EnsembleOutputs
    from nettwin.predict.neural.library import Library
    from nettwin.predict.neural.prior import Prior
    from nettwin.queueing.side_by_side import Case, SideBySide

INSTALL = "pip install 'nettwin[neural]'"
MOST_HOPS = 250_000
"""Scenarios of a batch are asked together up to so many hops."""
MOST_HOPS_ON_DEVICE = 500_000


@dataclass(frozen=True, slots=True)
class NeuralPredictor:
    """A graph neural network that corrects queueing theory: milliseconds, intervals, and a flag where it was not trained."""

    weights: str | None = None
    """Folder of a trained twin; None: the one that comes with nettwin."""
    coverage: float = 0.9
    """Of the intervals."""
    device: str = "cpu"
    """Where it is computed: cpu, cuda (routing stays on the CPU)."""

    def __post_init__(self) -> None:
        for module in ("torch", "safetensors"):
            if find_spec(module) is None:
                raise MissingDependencyError(f"needs {module}, which is not installed", where="engine 'neural'", hint=INSTALL)
        if not 0 < self.coverage < 1:
            raise InputError(f"coverage is {self.coverage}", where="neural twin", hint="a probability, as 0.9")
        if self.device != "cpu":
            check_device(self.device)

    @property
    def name(self) -> str:
        return "neural"

    def predict(self, scenario: Scenario) -> Performance:
        """The performance under the paths that the control plane chooses."""
        return self.predict_many([scenario])[0]

    def predict_routed(self, scenario: Scenario, routing: Routing) -> Performance:
        """The performance under given paths."""
        return self._answers([(scenario, routing)])[0]

    def predict_hops(self, scenario: Scenario) -> tuple[Performance, HopPerformance]:
        """The same performance, and where on the way the delay arises."""
        from nettwin.controlplane import route
        from nettwin.predict.neural.answer import hop_performance
        from nettwin.queueing.fitting import fitted

        question = fitted(scenario, route(scenario))
        answer, prior, outputs = self._ask([question.case])
        return question.answered(answer), question.answered_hops(hop_performance(prior, outputs))

    def elasticities(self, scenario: Scenario, demands: Sequence[int]) -> "list[Elasticities]":
        """How each of these demands answers to every capacity, rate, buffer and weight of the network, its paths fixed."""
        from nettwin.predict.neural.differentiable.elasticities import elasticities_of
        from nettwin.predict.neural.differentiable.twin import DifferentiableTwin

        return elasticities_of(DifferentiableTwin.of(scenario, weights=self.weights, device=self.device), demands)

    def predict_many(self, scenarios: Sequence[Scenario]) -> list[Performance]:
        """Many scenarios, asked together."""
        from nettwin.controlplane import route

        return self._answers([(scenario, route(scenario)) for scenario in scenarios])

    def _answers(self, cases: "Sequence[Case]") -> list[Performance]:
        from nettwin.queueing.fitting import fitted

        questions = [fitted(*case) for case in cases]
        most_hops = MOST_HOPS if self.device == "cpu" else MOST_HOPS_ON_DEVICE
        parts = _parts([question.case for question in questions], most_hops)
        told = [answer for part in parts for answer in self._together(part)]
        return [question.answered(answer) for question, answer in zip(questions, told, strict=True)]

    def _together(self, cases: "Sequence[Case]") -> list[Performance]:
        from nettwin.performance.slicing import sliced

        answer, parts = self._told(cases)
        if len(cases) == 1:
            return [answer]
        rows = zip(*(_slices(ends) for ends in (parts.demands, parts.queues, parts.links)), strict=True)
        return [sliced(answer, *part) for part in rows]

    def _told(self, cases: "Sequence[Case]") -> "tuple[Performance, SideBySide]":
        if self.device == "cpu":
            answer, prior, _ = self._ask(cases)
            return answer, prior.parts
        from nettwin.predict.neural.device import twin_on
        from nettwin.queueing.side_by_side import side_by_side

        parts = side_by_side(cases)
        return twin_on(self.device, self._library(), self.coverage).answer(parts), parts

    def _ask(self, cases: "Sequence[Case]") -> "tuple[Performance, Prior, EnsembleOutputs]":
        from nettwin.predict.neural.answer import Beliefs, performance_of
        from nettwin.predict.neural.ensemble import run
        from nettwin.predict.neural.prior import prior_of_many

        library = self._library()
        prior = prior_of_many(cases)
        outputs = run(library.models, prior.graph, self.device)
        return performance_of(prior, outputs, Beliefs(library.calibration, self.coverage)), prior, outputs

    def _library(self) -> "Library":
        from nettwin.predict.neural.library import SHIPPED, load_library

        return load_library(SHIPPED if self.weights is None else Path(self.weights))


def check_device(device: str) -> None:
    """Raises InputError for what is no device, or none that this computer has."""
    import torch

    if not device.startswith("cuda"):
        raise InputError(f"device is {device!r}", where="neural twin", hint="cpu or cuda")
    if not torch.cuda.is_available():
        why = "no GPU is there" if torch.version.cuda else "this PyTorch is built without CUDA"
        raise InputError(f"device {device!r} cannot be used: {why}", where="neural twin", hint="device='cpu' answers on any computer")


def _parts(cases: "Sequence[Case]", most_hops: int) -> "Iterator[list[Case]]":
    """Neighbours that are observed alike, up to a number of hops."""
    part: list[Case] = []
    hops = 0
    for scenario, routing in cases:
        is_alike = not part or part[0][0].observation == scenario.observation
        if part and (not is_alike or hops + len(routing.hop_link) > most_hops):
            yield part
            part, hops = [], 0
        part.append((scenario, routing))
        hops += len(routing.hop_link)
    if part:
        yield part


def _slices(ends: tuple[int, ...]) -> list[slice]:
    return [slice(low, high) for low, high in pairwise(ends)]
