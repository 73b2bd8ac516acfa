"""Figure 4 of "Digital Twin Network: Opportunities and Challenges" (Almasan et al., 2022) on our data: MLP, RNN, GNN, unseen networks.

All see the same features of a queue, its offered load included; what differs is what they can do with them: the MLP sees the mean over a
path, the RNN the queues of a path in order, the GNN lets demands, queues and links exchange messages, and the twin does so on top
of queueing theory.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nettwin.learn.examples import Example, examples_of
from nettwin.learn.scores import Scores
from nettwin.learn.train import TrainArgs, train
from nettwin.predict.neural.batch import batch_of
from nettwin.predict.neural.weights import load_model
from nettwin.scenario.arrays import FloatArray

NAMES = {"mlp": "MLP", "rnn": "RNN", "gnn": "GNN (RouteNet-Fermi)", "gnn-mean": "GNN, scale-free", "twin": "theory + GNN (nettwin)"}
QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.99)
_POINTS = 401  # of a line in the figure

Report = Callable[[str, int, int, Scores], None]


@dataclass(frozen=True, eq=False)
class Compared:
    """The errors of one model over all demands of all test networks."""

    variant: str
    relative_error: FloatArray  # [demand] signed
    mape_by_network: FloatArray  # [network]
    n_parameters: int

    def row(self) -> dict[str, object]:
        absolute = np.abs(self.relative_error)
        standard_error = self.mape_by_network.std(ddof=1) / np.sqrt(len(self.mape_by_network)) if len(self.mape_by_network) > 1 else np.nan
        return {
            "model": NAMES[self.variant],
            "parameters": self.n_parameters,
            "mape": float(self.mape_by_network.mean()),
            "standard_error": float(standard_error),
            **{f"p{round(100 * level)}": float(np.quantile(absolute, level)) for level in QUANTILES},
        }


def compare(
    args: TrainArgs, test: Path, output: Path, variants: Sequence[str] = tuple(NAMES), report: Report | None = None
) -> list[Compared]:
    """Trains one model of each variant with the same arguments, and measures them on test networks."""
    from dataclasses import replace

    examples = examples_of(test)
    results = []
    for variant in variants:
        told = (lambda epoch, total, scores, name=variant: report(name, epoch, total, scores)) if report else None
        weights = train(replace(args, variant=variant), output / variant, told)
        results.append(measured(variant, weights, examples))
    return results


def measured(variant: str, weights: Path, examples: list[Example]) -> Compared:
    """The errors of a trained model on examples."""
    model = load_model(weights)
    errors, by_network = [], []
    with torch.inference_mode():
        for example in examples:
            true = example.labels.delay
            known = np.isfinite(true) & (true > 0)
            if not known.any():
                continue
            error = model(batch_of(example.graph)).delay.numpy()[known] / true[known] - 1
            errors.append(error)
            by_network.append(float(np.abs(error).mean()))
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    return Compared(variant, np.concatenate(errors), np.array(by_network), n_parameters)


def draw_cdf(results: Sequence[Compared], path: Path) -> None:
    """The distribution of the absolute relative errors, one line per model, as an SVG or PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for result in results:
        shares = np.linspace(0.0, 1.0, _POINTS)
        axes.plot(100 * np.quantile(np.abs(result.relative_error), shares), shares, label=NAMES[result.variant])
    axes.set_xscale("log")
    axes.set_xlim(0.1, 100)
    axes.set_ylim(0, 1)
    axes.set_xlabel("relative error of the mean delay, %")
    axes.set_ylabel("share of the demands")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
    figure.savefig(path)
