"""All single circuit failures: our sweep beside plain Python and pyNTM, in one run and with equal loads.

    NETTWIN_PYNTM=/path/to/venv/bin/python python benchmarks/failure_sweep.py

pyNTM (Apache-2.0, https://pypi.org/project/pyNTM) lives in an environment of its own: ``pip install pyNTM==5.0.0`` there.
"""

import heapq
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nettwin.apps.sweep import SweepResult, sweep
from nettwin.formats import read
from nettwin.generate.gravity import gravity_demands
from nettwin.generate.topologies import gabriel
from nettwin.scenario import Scenario

PYNTM = os.environ.get("NETTWIN_PYNTM", "")
RESULTS = Path(__file__).parent / "results" / "failure_sweep.md"
HEAD = "| network | nodes | circuits | demands | nettwin, CPU s | wall s | plain Python, CPU s | ratio | pyNTM, CPU s | ratio |"


@dataclass(frozen=True)
class Case:
    """A network, and on how many of its failures the slow ones are timed."""

    name: str
    scenario: Scenario
    n_plain: int
    n_pyntm: int


@dataclass(frozen=True)
class Timing:
    """CPU seconds for all failures; extrapolated from some of them unless ``n_timed`` is all."""

    seconds: float
    n_timed: int


def cases() -> list[Case]:
    large = gabriel(1000, np.random.default_rng(1))
    traffic = gravity_demands(large, 1e12, np.random.default_rng(2))
    ties = Scenario(replace(large, links=tuple(replace(link, metric=1.0) for link in large.links)), traffic)
    lengths = [replace(link, metric=max(1.0, round(link.propagation_delay_s * 1e6))) for link in large.links]
    unique = Scenario(replace(large, links=tuple(lengths)), traffic)
    return [
        Case("germany50 (SNDlib)", read("topohub:sndlib/germany50").scenario, n_plain=88, n_pyntm=6),
        Case("geant (SNDlib)", read("topohub:sndlib/geant").scenario, n_plain=36, n_pyntm=6),
        Case("Gabriel graph, metric 1 (many equal paths)", ties, n_plain=3, n_pyntm=0),
        Case("Gabriel graph, metric = length", unique, n_plain=3, n_pyntm=0),
    ]


def plain_loads(scenario: Scenario, failed: set[int]) -> list[float]:
    """ECMP loads in plain Python: Dijkstra for every target, then the traffic pushed from the farthest node to the nearest."""
    topology = scenario.topology
    ends = list(zip(topology.link_source.tolist(), topology.link_target.tolist(), topology.metric.tolist(), strict=True))
    leaving, entering = defaultdict(list), defaultdict(list)
    for link, (source, target, _) in enumerate(ends):
        if link not in failed:
            leaving[source].append(link)
            entering[target].append(link)
    load, demands = [0.0] * len(ends), defaultdict(dict)
    rows = zip(scenario.traffic.source.tolist(), scenario.traffic.target.tolist(), scenario.traffic.rate_bps.tolist(), strict=True)
    for source, target, rate in rows:
        demands[target][source] = demands[target].get(source, 0.0) + rate
    for target, flow in demands.items():
        push(flow, distances(target, entering, ends), leaving, ends, load)
    return load


def distances(target: int, entering: dict, ends: list) -> dict[int, float]:
    distance, heap = {}, [(0.0, target)]
    while heap:
        near, node = heapq.heappop(heap)
        if node not in distance:
            distance[node] = near
            for link in entering[node]:
                heapq.heappush(heap, (near + ends[link][2], ends[link][0]))
    return distance


def push(flow: dict[int, float], distance: dict[int, float], leaving: dict, ends: list, load: list[float]) -> None:
    for node in reversed(distance):
        if flow.get(node) and distance[node] > 0:
            links = [i for i in leaving[node] if ends[i][1] in distance and distance[ends[i][1]] + ends[i][2] == distance[node]]
            for link in links:
                load[link] += flow[node] / len(links)
                flow[ends[link][1]] = flow.get(ends[link][1], 0.0) + flow[node] / len(links)


def chosen(result: SweepResult, n_timed: int) -> list[int]:
    """Some failures, evenly over all."""
    return np.unique(np.linspace(0, len(result.failures) - 1, n_timed).astype(int)).tolist()


def time_plain(result: SweepResult, n_timed: int) -> Timing:
    rows = chosen(result, n_timed)
    start = time.process_time()
    loads = [plain_loads(result.scenario, set(result.failures[row].links)) for row in rows]
    seconds = time.process_time() - start
    np.testing.assert_allclose(result.load_bps[rows], loads, rtol=1e-9, atol=1e-9 * result.base_load_bps.max())
    return Timing(seconds * len(result.failures) / len(rows), len(rows))


def time_pyntm(result: SweepResult, n_timed: int) -> Timing | str:
    """pyNTM in its own interpreter, asked about some failures; or why not."""
    if not n_timed:
        return "hours"
    if not PYNTM:
        return "skipped: NETTWIN_PYNTM is not set"
    rows = chosen(result, n_timed)
    question = json.dumps({**plain_document(result.scenario), "failures": [result.failures[row].links[0] for row in rows]})
    worker = Path(__file__).with_name("failure_sweep_pyntm.py")
    told = subprocess.run([PYNTM, worker], input=question, capture_output=True, text=True, check=True).stdout  # noqa: S603
    answer = json.loads(told.splitlines()[-1])  # it prints other things before
    np.testing.assert_allclose(result.load_bps[rows], answer["loads"], rtol=1e-3, atol=1e-3 * result.base_load_bps.max())
    return Timing(answer["seconds"] * len(result.failures) / len(rows), len(rows))


def plain_document(scenario: Scenario) -> dict:
    topology, traffic = scenario.topology, scenario.traffic
    circuits = {index: number for number, links in enumerate(topology.circuits.values()) for index in links}
    links = [
        {"id": link.id, "source": link.source, "target": link.target, "metric": link.metric, "circuit": circuits[index] + 1}
        for index, link in enumerate(topology.links)
    ]
    demands = [(row.source, row.target, row.rate_bps) for row in traffic.rows(topology)]
    return {"nodes": [node.id for node in topology.nodes], "links": links, "demands": demands}


def row_of(case: Case) -> str:
    sweep(replace(case.scenario))  # compiles, once
    times = []
    for _ in range(3):
        start, wall = time.process_time(), time.perf_counter()
        result = sweep(replace(case.scenario))
        times.append((time.process_time() - start, time.perf_counter() - wall))
    ours = min(times)[0]
    peers = [time_plain(result, case.n_plain), time_pyntm(result, case.n_pyntm)]
    topology = case.scenario.topology
    size = f"{topology.n_nodes} | {len(topology.circuits)} | {case.scenario.traffic.n_demands}"
    own = f"{ours:.3g} | {min(wall for _, wall in times):.3g}"
    return f"| {case.name} | {size} | {own} | {' | '.join(cell(peer, ours, len(result.failures)) for peer in peers)} |"


def cell(peer: Timing | str, ours: float, n_failures: int) -> str:
    if isinstance(peer, str):
        return f"{peer} | -"
    sign = "" if peer.n_timed == n_failures else f" (from {peer.n_timed} failures)"
    return f"{peer.seconds:.3g}{sign} | {peer.seconds / ours:,.0f} x"


def main() -> None:
    rows = []
    for case in cases():
        rows.append(row_of(case))
        print(rows[-1], file=sys.stderr)
    threads = len(os.sched_getaffinity(0))
    text = "\n".join(
        [
            "# Failing every circuit in turn",
            "",
            "`NETTWIN_PYNTM=... python benchmarks/failure_sweep.py`: loads of all links after each failure.",
            f"CPU seconds of all threads, best of 3; wall seconds on {threads} processors of a machine that others used at the time.",
            "The loads of plain Python are equal to 1e-9, those of pyNTM, which rounds, to 1e-3.",
            "Slow peers are timed on some failures and extrapolated to all.",
            "",
            HEAD,
            "|---|---|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )
    print(text)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text + "\n")


if __name__ == "__main__":
    main()
