"""The trained hardware model behind the interface of predictors."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nettwin.errors import InputError
from nettwin.learn.hardware.bursts import BurstPrior
from nettwin.learn.hardware.decision import Rule, decided, expected_relative_error, quantile
from nettwin.learn.hardware.features import Example, example_of
from nettwin.learn.hardware.model import HardwareModel, union_of
from nettwin.learn.hardware.storage import load_member
from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class HardwareTwin:
    """Mean delays on the testbed, with intervals; it claims nothing else."""

    folder: str
    """What ``train`` wrote."""
    rule: Rule = Rule.RELATIVE
    coverage: float = 0.9
    seed: int = 0

    @property
    def name(self) -> str:
        return "hardware"

    def predict(self, scenario: Scenario) -> Performance:
        """The delays of a scenario whose on-off flows burst in an unknown way."""
        members, prior = _members(Path(self.folder))
        example = example_of(scenario, None, prior, self.seed)
        flow = delays_of(members, [example], self.rule, self.coverage)
        n = scenario.traffic.n_demands
        return Performance(
            demands=_demands(example, flow.delay_s, n),
            queues=QueuePerformance.unknown(scenario.topology.n_queues),
            links=LinkPerformance.unknown(scenario.topology.n_links),
            quantile_levels=(),
            interval=Interval(coverage=self.coverage, lower=_demands(example, flow.lower_s, n), upper=_demands(example, flow.upper_s, n)),
            engine=self.name,
        )


@dataclass(frozen=True, eq=False)
class FlowDelays:
    """What an ensemble says about the flows of some examples. [flow]"""

    delay_s: FloatArray
    lower_s: FloatArray
    upper_s: FloatArray
    expected_error: FloatArray
    """Relative error to expect, if the distribution is right."""


def delays_of(members: Sequence[HardwareModel], examples: list[Example], rule: Rule, coverage: float = 0.9) -> FlowDelays:
    """The mean of the members' distributions, and what follows from it."""
    probability, base = distributions_of(members, examples)
    ratio = decided(probability, rule)
    ends = (torch.exp(quantile(probability, level)) for level in ((1 - coverage) / 2, (1 + coverage) / 2))
    lower, upper = (base * end.numpy() for end in ends)
    return FlowDelays(base * ratio.numpy(), lower, upper, expected_relative_error(probability, ratio).double().numpy())


def distributions_of(members: Sequence[HardwareModel], examples: list[Example]) -> tuple[Tensor, FloatArray]:
    """[flow, bin] probability of the bins of ``decision.edges``, and [flow] delay without waits in seconds."""
    with torch.no_grad():
        batch = union_of(examples)
        probability = torch.stack([torch.exp(member(batch)) for member in members]).mean(0)
        return probability, members[0].base_s(batch).numpy()


def _demands(example: Example, delay_s: FloatArray, n_demands: int) -> DemandPerformance:
    """The mean over the paths of a demand; NaN where it has none."""
    weight = np.bincount(example.flow_demand, example.flow_weight, n_demands)
    total = np.bincount(example.flow_demand, example.flow_weight * delay_s, n_demands)
    mean = np.divide(total, weight, out=np.full(n_demands, np.nan), where=weight > 0)
    return replace(DemandPerformance.unknown(n_demands, 0), delay_s=mean)


@lru_cache(maxsize=2)
def _members(folder: Path) -> tuple[tuple[HardwareModel, ...], BurstPrior]:
    paths = sorted(folder.glob("member-*.safetensors"))
    if not paths or not (folder / "args.json").is_file():
        raise InputError("no trained members and args.json inside", where=str(folder), hint="name the output folder of a training")
    prior = json.loads((folder / "args.json").read_text())["prior"]
    return tuple(load_member(path) for path in paths), BurstPrior(**prior)
