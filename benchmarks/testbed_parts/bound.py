"""What bounds the error: whether the model's distributions are right, and what knowing the bursts would be worth."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import torch

from nettwin.controlplane import route
from nettwin.formats import testbed
from nettwin.learn.hardware import Rule
from nettwin.learn.hardware.bursts import BurstPrior, Bursts, drawn_bursts, simulated_waits
from nettwin.learn.hardware.contention import Contention, contention_of
from nettwin.learn.hardware.decision import probability_below
from nettwin.learn.hardware.twin import delays_of, distributions_of
from testbed_parts.data import FAMILIES, Args, fold
from testbed_parts.learned import members_of, test_examples

RESAMPLES = 2_000
EXPERIMENTS = 30
TRUTHS, DRAWS = 2, 40
DURATION_S = 5.0


def section(args: Args) -> Iterator[str]:
    yield "## What bounds the error\n"
    yield "If the distributions are right, the mean of the error that they expect of the best answer is the least possible MAPE for"
    yield "any model that is told no more. In brackets: 95 % intervals from resampled experiments. Fold 2.\n"
    yield "| family | MAPE | expected by the distributions | flows whose measured delay is in each tenth of its distribution, % |"
    yield "|---|---|---|---|"
    members = members_of(args)
    for family, name in FAMILIES.items():
        examples, true, owner = test_examples(args, family)
        flow = delays_of(members, examples, Rule.RELATIVE)
        probability, base = distributions_of(members, examples)
        below = probability_below(probability, torch.from_numpy(np.log(true / base)).float()).numpy()
        tenths = " ".join(f"{100 * share:.1f}" for share in np.histogram(below, 10, (0, 1))[0] / len(below))
        error = np.abs(flow.delay_s / true - 1)
        yield f"| {name} | {interval_of(error, owner)} | {interval_of(flow.expected_error, owner)} | {tenths} |"
    yield ""
    yield from worth(args)


def interval_of(values: np.ndarray, owner: np.ndarray) -> str:
    """Mean over flows in percent; experiments are drawn again for its interval."""
    total, count = np.bincount(owner, values), np.bincount(owner)
    rows = np.random.default_rng(0).integers(len(count), size=(RESAMPLES, len(count)))
    low, high = np.quantile(total[rows].sum(axis=1) / count[rows].sum(axis=1), (0.025, 0.975))
    return f"{100 * values.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})"


def worth(args: Args) -> Iterator[str]:
    """Simulated delays predicted from other simulations that share with it what is known."""
    yield "What it would be worth to know the bursts: simulated delays of drawn bursts, predicted for the least MAPE from"
    yield f"{DRAWS} other simulations of the same experiment which share what is known ({EXPERIMENTS} experiments of fold 0,"
    yield "none of their measurements)\n"
    yield "| known of each flow | " + " | ".join(f"MAPE, {name}" for name in FAMILIES.values()) + " |"
    yield "|---|---|---|"
    cases = {family: list(contentions(args, family)) for family in FAMILIES}
    for what, others in KNOWN.items():
        yield f"| {what} | " + " | ".join(f"{100 * expected_error(cases[family], others):.1f}" for family in FAMILIES) + " |"
    yield ""


Others = Callable[[Bursts, Bursts, np.random.Generator], Bursts]
"""From the true bursts and a fresh draw to what may be believed."""

KNOWN: dict[str, Others] = {
    "nothing": lambda _, fresh, rng: fresh,
    "cycles": lambda true, fresh, rng: Bursts(fresh.on_share, true.cycles),
    "ON share": lambda true, fresh, rng: Bursts(true.on_share, fresh.cycles),
    "ON share and cycles, each within 5 %": lambda true, fresh, rng: Bursts(*(nearly(v, 0.05, rng) for v in (true.on_share, true.cycles))),
    "ON share and cycles, each within 1 %": lambda true, fresh, rng: Bursts(*(nearly(v, 0.01, rng) for v in (true.on_share, true.cycles))),
}


def nearly(values: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(values * rng.uniform(1 - share, 1 + share, len(values)))


def contentions(args: Args, family: str) -> Iterator[Contention]:
    step = 800 // EXPERIMENTS
    for experiment in islice(testbed.experiments(fold(args, family, 0)), 0, step * EXPERIMENTS, step):
        scenario = experiment.read().scenario
        yield contention_of(scenario, route(scenario))


def expected_error(cases: list[Contention], others: Others) -> float:
    rng, prior, errors = np.random.default_rng(0), BurstPrior(), []
    for contention in cases:
        for _ in range(TRUTHS):
            bursts = drawn_bursts(contention, prior, rng)
            believed = [delays(contention, others(bursts, drawn_bursts(contention, prior, rng), rng)) for _ in range(DRAWS)]
            errors.append(np.abs(least_relative(np.stack(believed)) / delays(contention, bursts) - 1))
    return float(np.concatenate(errors).mean())


def delays(contention: Contention, bursts: Bursts) -> np.ndarray:  # [flow]
    """With 9 us per link, as measured."""
    waits = np.bincount(contention.hop_flow, simulated_waits(contention, DURATION_S, bursts), contention.n_flows)
    return np.asarray(waits + 9e-6 * contention.base[:, 1] + 1e-6 * contention.base[:, 2])


def least_relative(drawn: np.ndarray) -> np.ndarray:  # [draw, flow] -> [flow]
    """The median of the draws weighted by 1 / delay."""
    drawn = np.sort(drawn, axis=0)
    upto = np.cumsum(1 / drawn, axis=0)
    return np.asarray(drawn[(upto < upto[-1] / 2).sum(axis=0), np.arange(drawn.shape[1])])
