"""The neural twin, its members and theory on real topologies with an internet mix of packets, beside our own simulator.

    python benchmarks/neural_real_topologies.py

Networks are those of neural_beside_ns3.py and a few more SNDlib topologies: FIFO ports, a demand between every two nodes.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nettwin.performance import Performance
from nettwin.performance.error_measures import mean_absolute_error, mean_absolute_percentage_error
from nettwin.predict.neural import NeuralPredictor
from nettwin.predict.neural.library import SHIPPED, load_library
from nettwin.predict.predictor import Predictor
from nettwin.predict.queueing import QueueingPredictor
from nettwin.predict.simulator import SimulatorPredictor
from neural_accuracy import one_member_twins
from neural_beside_ns3 import Case, scenario_of

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "benchmarks" / "results" / "neural_real_topologies.md"
SOURCES = {
    "NSFNET": "14",
    "GÉANT": "topohub:sndlib/geant",
    "Germany, 50 nodes": "topohub:sndlib/germany50",
    "Germany, 17 nodes": "topohub:sndlib/nobel-germany",
    "Abilene": "topohub:sndlib/abilene",
    "USA, 26 nodes": "topohub:sndlib/janos-us",
    "preferential attachment": "50",
}
PACKETS = 6e6
FIGURES = ("mean delay", "deviation", "p90", "p99", "IPDV", "loss ratio")


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        members = {f"member {number}": NeuralPredictor(str(one)) for number, one in enumerate(one_member_twins(None, Path(folder)))}
        engines: dict[str, Predictor] = {"twin": NeuralPredictor(), **members, "theory": QueueingPredictor()}
        rows = {name: errors_on(source, engines) for name, source in SOURCES.items()}
    text = "\n".join(report(rows, list(engines)))
    TABLE.write_text(text + "\n")
    print(text)


def errors_on(source: str, engines: dict[str, Predictor]) -> dict[str, list[float]]:
    """In percent of what was simulated, mean over demands; of the loss ratio: percentage points."""
    scenario = scenario_of(Case(source, source, PACKETS, PACKETS))
    true = SimulatorPredictor(packets=PACKETS, seed=7).predict(scenario)
    print(source, flush=True)
    return {name: errors(engine.predict(scenario), true) for name, engine in engines.items()}


def errors(answer: Performance, truth: Performance) -> list[float]:
    ours, true = answer.demands, truth.demands
    pairs = [(ours.delay_s, true.delay_s), (ours.delay_variation_s, true.delay_variation_s)]
    pairs += [(answer.delay_quantile_s(level), truth.delay_quantile_s(level)) for level in (0.9, 0.99)]
    pairs += [(ours.ipdv_s, true.ipdv_s)]
    relative = [mean_absolute_percentage_error(*pair) for pair in pairs]
    return [100 * error for error in (*relative, mean_absolute_error(ours.loss_ratio, true.loss_ratio))]


def report(rows: dict[str, dict[str, list[float]]], engines: list[str]) -> Iterator[str]:
    yield "# The neural twin on real topologies\n"
    version = load_library(SHIPPED).version
    yield f"Made by `python benchmarks/neural_real_topologies.py`, twin {version}. The networks of neural_beside_ns3.md and a few more"
    yield "SNDlib topologies: links of 10 Mbit/s, FIFO, buffers of 16 to 256 packets, internet mix of sizes, a third each of Poisson,"
    yield f"constant and on-off demands (0.1 s), largest offered load 0.8. Beside {PACKETS:.0e} simulated packets; their noise is in it."
    yield "MAPE over demands in percent; loss ratio: mean absolute error in percentage points.\n"
    yield f"| network | engine | {' | '.join(FIGURES)} |"
    yield f"|---|---|{'---|' * len(FIGURES)}"
    for network, found in rows.items():
        for engine in engines:
            yield f"| {network} | {engine} | {' | '.join(f'{error:.2f}' for error in found[engine])} |"
    for engine in engines:
        mean = np.mean([found[engine] for found in rows.values()], axis=0)
        yield f"| **mean** | {engine} | {' | '.join(f'{error:.2f}' for error in mean)} |"


if __name__ == "__main__":
    main()
