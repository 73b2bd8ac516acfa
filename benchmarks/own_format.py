"""Saving and loading 300 nodes with 89,700 demands in nettwin's own format: ``python benchmarks/own_format.py``."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nettwin.formats import read, write
from nettwin.scenario import Link, Node, Scenario, Topology, Traffic

N_NODES = 300


def scenario() -> Scenario:
    names = [f"n{index}" for index in range(N_NODES)]
    pairs = [(i, (i + step) % N_NODES) for i in range(N_NODES) for step in (1, 7, 31)]
    links = [
        Link(f"{names[a]}->{names[b]}", names[a], names[b], 1e10, 0.005, circuit=f"{names[i]}--{names[j]}")
        for i, j in pairs
        for a, b in ((i, j), (j, i))
    ]
    rates = np.random.default_rng(0).random((N_NODES, N_NODES)) * 1e6
    np.fill_diagonal(rates, 0)
    return Scenario(Topology(tuple(map(Node, names)), tuple(links)), Traffic.from_matrix(rates))


def row(question: Scenario, path: Path) -> str:
    start = time.process_time()
    write(question, path)
    saved = time.process_time()
    again = read(path).scenario
    loaded = time.process_time()
    assert again.topology == question.topology
    assert np.array_equal(again.traffic.rate_bps, question.traffic.rate_bps)
    return f"| {path.name} | {path.stat().st_size / 1e6:.1f} | {saved - start:.2f} | {loaded - saved:.2f} |"


def main() -> None:
    question = scenario()
    with tempfile.TemporaryDirectory() as folder:
        row(question, Path(folder) / "warm-up.yaml")
        rows = [row(question, Path(folder) / name) for name in ("network.yaml", "network.json", "network.node-link.json")]
    table = "\n".join(
        [
            f"{N_NODES} nodes, {question.topology.n_links} links, {question.traffic.n_demands} demands; `python benchmarks/own_format.py`,",
            f"Python {sys.version.split()[0]}, CPU seconds of one core.",
            "",
            "| file | MB | save, s | load, s |",
            "|---|---|---|---|",
            *rows,
        ]
    )
    print(table)
    (Path(__file__).parent / "results").mkdir(exist_ok=True)
    (Path(__file__).parent / "results" / "own_format.md").write_text(table + "\n")


if __name__ == "__main__":
    main()
