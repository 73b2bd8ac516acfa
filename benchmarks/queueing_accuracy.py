"""The analytic predictor beside other people's packet-level recordings: datanet 2020, 2021 and 2022.

    python benchmarks/queueing_accuracy.py --data ../shared/data --limit 100

Fed are graph, routing and nominal traffic. The constants of the model (src/nettwin/queueing/calibration.py) were fitted on the
2022 simulations with 50 and 75 nodes. Those of 2020 and 2021 served to find and mend errors of the model's form, so they are not
held out either; those of 2022 with 100 nodes and more decided nothing.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import numpy as np

from nettwin.apps.evaluate import EvaluatedSample, evaluate_one
from nettwin.formats import datanet
from nettwin.performance import Performance
from nettwin.performance.pooled_errors import errors_of_many
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
GROUPS = {
    "2022, 50 nodes (fitted)": "datanet2022/50",
    "2022, 75 nodes (fitted)": "datanet2022/75",
    "2022, 100 nodes (held out)": "datanet2022/100",
    "2022, 130 nodes (held out)": "datanet2022/130",
    "2022, 200 nodes (held out)": "datanet2022/200",
    "2022, 300 nodes (held out)": "datanet2022/300",
    "2021, 30 nodes, FIFO (form)": "datanet2021",
    "2020, 14 and 24 nodes, WFQ/SP/DRR (form)": "datanet2020",
}
LOADS = ((0.0, 0.8), (0.8, 1.0), (1.0, np.inf))
PORT_LOADS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.95, 1.05, np.inf)


@dataclass(frozen=True)
class Args:
    """What is compared, and where the table goes."""

    data: Path = ROOT.parent / "shared" / "data"
    limit: int | None = None
    """Simulations per group."""
    table: Path = ROOT / "benchmarks" / "results" / "queueing_accuracy.md"


def main() -> None:
    args = parsed()
    found: dict[str, list[EvaluatedSample]] = {}
    queues = []
    for group, folder in GROUPS.items():
        found[group] = []
        for simulation in islice(datanet.simulations(args.data / folder), args.limit):
            found[group].append(evaluate_one(simulation, QueueingPredictor()))
            queues.append(queue_rows(simulation.read().scenario, simulation.read().performance))
        print(group, len(found[group]), flush=True)
    text = "\n".join([*head(args), *demand_table(found), *load_table(found), *queue_table(np.concatenate(queues))])
    args.table.write_text(text + "\n")
    print(text)


def head(args: Args) -> Iterator[str]:
    limit = f" --limit {args.limit}" if args.limit else ""
    yield "# The analytic predictor beside recorded simulations\n"
    yield f"Made by `python benchmarks/queueing_accuracy.py{limit}`. Errors in percent, loss in percentage points; MAPE is the mean over"
    yield "simulations of the mean over demands. Constants were fitted on (fitted); (form): looked at while the model was built;"
    yield "(held out): decided nothing. RouteNet-Fermi on the family of 2022, other selections of simulations: 6.24 (its paper), 6.4"
    yield "(re-run of its checkpoint, fed measured rates; here nominal ones are fed). The recordings themselves are noisy by 0.4 to 0.75.\n"


def demand_table(found: dict[str, list[EvaluatedSample]]) -> Iterator[str]:
    yield "| data | simulations | demands | MAPE | median | p95 | p99 | WAPE | bias of slowest 1 % | p90 MAPE | loss MAE | util. MAE |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for group, samples in found.items():
        errors = errors_of_many([sample.errors for sample in samples])
        d = errors.delay
        cells = (
            d.mape,
            d.median_ape,
            d.p95_ape,
            d.p99_ape,
            d.wape,
            d.bias_slowest_1pct,
            d.p90_mape,
            errors.loss_mae,
            errors.utilization_mae,
        )
        yield f"| {group} | {errors.simulations} | {errors.demands} | {' | '.join(f'{100 * cell:.2f}' for cell in cells)} |"
    yield ""


def load_table(found: dict[str, list[EvaluatedSample]]) -> Iterator[str]:
    yield "MAPE by the largest offered load of a link, worst simulation in brackets:\n"
    yield "| data | below 0.8 | 0.8 to 1 | 1 and above |"
    yield "|---|---|---|---|"
    for group, samples in found.items():
        yield f"| {group} | {' | '.join(in_range(samples, low, high) for low, high in LOADS)} |"
    yield ""


def in_range(samples: list[EvaluatedSample], low: float, high: float) -> str:
    chosen = [sample.errors for sample in samples if low <= sample.max_load < high]
    if not chosen:
        return "-"
    each = [100 * errors_of_many([one]).delay.mape for one in chosen]
    return f"{np.mean(each):.2f} ({max(each):.2f}), {len(each)} simulations"


def queue_rows(scenario: Scenario, recorded: Performance | None) -> np.ndarray:
    """Discipline, slot, offered load of the port, predicted over recorded delay, of each queue with traffic."""
    assert recorded is not None
    topology, answer = scenario.topology, QueueingPredictor().predict(scenario)
    link = topology.queues.link
    disciplines = np.array([port.scheduling.discipline.value for port in topology.links], dtype=object)[link]
    slot = np.arange(topology.n_queues) - topology.queues.offsets[link]
    utilization = answer.queues.utilization / np.maximum(1 - answer.queues.loss_ratio, 1e-9)
    load = np.bincount(link, utilization, topology.n_links)[link]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = answer.queues.delay_s / recorded.queues.delay_s
    rows = np.column_stack([disciplines, slot, load, ratio])
    return rows[np.isfinite(ratio) & (ratio > 0) & (answer.queues.utilization > 0.005)]


def queue_table(rows: np.ndarray) -> Iterator[str]:
    yield "Mean error of the delay of queues (mean absolute error, mean error) by discipline, queue and offered load of the port:\n"
    yield f"| queue | {' | '.join(f'{low:g} to {high:g}' for low, high in pairwise(PORT_LOADS))} |"
    yield "|---|" + "---|" * (len(PORT_LOADS) - 1)
    for discipline in sorted(set(rows[:, 0])):
        for slot in sorted(set(rows[rows[:, 0] == discipline, 1])):
            mine = rows[(rows[:, 0] == discipline) & (rows[:, 1] == slot)]
            cells = [cell(mine, low, high) for low, high in pairwise(PORT_LOADS)]
            yield f"| {discipline} {slot} | {' | '.join(cells)} |"


def cell(rows: np.ndarray, low: float, high: float) -> str:
    load, error = rows[:, 2].astype(float), rows[:, 3].astype(float) - 1
    chosen = error[(low <= load) & (load < high)]
    return f"{100 * np.abs(chosen).mean():.1f}, {100 * chosen.mean():+.1f}" if len(chosen) > 4 else "-"


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Args.data)
    parser.add_argument("--limit", type=int, default=Args.limit)
    parser.add_argument("--table", type=Path, default=Args.table)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
