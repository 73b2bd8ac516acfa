"""Replays other people's simulations (datanet 2020, 2021, 2022) with our simulator and compares every figure they recorded.

    python benchmarks/replay.py --data ../shared/data --processes 2

Fed are graph, routing and nominal traffic only, for the full recorded time. One JSON line per finished simulation goes to ``out/``;
a second start goes on where the first ended. The table is written after every simulation. ``--again`` then repeats those that miss a
target with more seeds: how much of the difference is chance, theirs and ours?
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from nettwin.controlplane import route
from nettwin.formats import datanet
from nettwin.performance import Performance
from nettwin.performance.error_measures import bias_of_largest, mean_absolute_error, relative_errors
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import Observation, Scenario

ROOT = Path(__file__).resolve().parents[1]
GROUPS = ("datanet2022/50", "datanet2022/75", "datanet2021", "datanet2020")
TARGETS = {
    "delay_median": 0.01,
    "delay_mean": 0.02,
    "p90_mean": 0.02,
    "loss_mae": 0.002,
    "utilization_mae": 0.002,
    "occupancy_median": 0.01,
}


@dataclass(frozen=True)
class Args:
    """What is replayed, and where to."""

    data: Path = ROOT.parent / "shared" / "data"
    out: Path = ROOT / "out" / "replay.jsonl"
    table: Path = ROOT / "benchmarks" / "results" / "replay.md"
    groups: tuple[str, ...] = GROUPS
    processes: int = 2
    seed: int = 1
    longest_s: float = float("inf")
    """Cuts the observation: quick, and noisier than the recording."""
    limit: int | None = None
    again: bool = False
    seeds: int = 8
    """Runs of each repeated simulation."""

    @property
    def out_again(self) -> Path:
        return self.out.with_suffix(".again.jsonl")


def main() -> None:
    args = parsed()
    work, out = (repeat, args.out_again) if args.again else (replay, args.out)
    done = {row["source"] for row in rows(out)}
    wanted = {row["source"] for row in rows(args.out) if misses(row)} if args.again else None
    tasks = [task for task in ordered(args) if task[1].source not in done and (wanted is None or task[1].source in wanted)][: args.limit]
    out.parent.mkdir(parents=True, exist_ok=True)
    print(f"{len(done)} done, {len(tasks)} to do", file=sys.stderr)
    with ProcessPoolExecutor(args.processes) as pool:
        pending = [pool.submit(work, group, simulation, args) for group, simulation in tasks]
        for future in as_completed(pending):
            row = future.result()
            with out.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(time.strftime("%H:%M:%S"), shown(row), file=sys.stderr, flush=True)
            write_table(args)
    write_table(args)


def ordered(args: Args) -> list[tuple[str, datanet.Simulation]]:
    """All groups mixed in a fixed order, so that a run that is cut short is a fair sample."""
    rng = np.random.default_rng(0)
    placed = []
    for group in args.groups:
        found = list(datanet.simulations(args.data / group))
        places = (rng.permutation(len(found)) + 0.5) / len(found)
        placed += [(place, group, simulation) for place, simulation in zip(places, found, strict=True)]
    return [(group, simulation) for _, group, simulation in sorted(placed, key=lambda entry: entry[:2])]


def replay(group: str, simulation: datanet.Simulation, args: Args) -> dict[str, float | str]:
    imported = simulation.read()
    recorded, scenario = imported.performance, shortened(imported.scenario, args.longest_s)
    assert recorded is not None
    warmed_up = SimulatorPredictor(seed=args.seed)
    warmed_up.predict(shortened(scenario, 1.0))  # loads the compiled kernels, which is not the simulation's time
    start = time.process_time()
    answer = SimulatorPredictor(seed=args.seed).predict(scenario)
    seconds = time.process_time() - start
    return {"group": group, "source": simulation.source, **described(scenario), "cpu_s": seconds, **errors(answer, recorded)}


def repeat(group: str, simulation: datanet.Simulation, args: Args) -> dict[str, float | str]:
    """The mean of several runs beside the recording, and two of them beside each other."""
    imported = simulation.read()
    recorded, scenario = imported.performance, shortened(imported.scenario, args.longest_s)
    assert recorded is not None
    start = time.process_time()
    answers = [SimulatorPredictor(seed=seed).predict(scenario) for seed in range(args.seed, args.seed + args.seeds)]
    seconds = time.process_time() - start
    between = {f"between_{key}": value for key, value in errors(answers[0], answers[1]).items()}
    return {"group": group, "source": simulation.source, "cpu_s": seconds, **errors(mean_of(answers), recorded), **between}


def mean_of(answers: list[Performance]) -> Performance:
    parts = {
        name: type(first)(**{f.name: np.mean([getattr(getattr(a, name), f.name) for a in answers], axis=0) for f in fields(first)})
        for name, first in (("demands", answers[0].demands), ("queues", answers[0].queues), ("links", answers[0].links))
    }
    return replace(answers[0], **parts, interval=None)


def misses(row: dict) -> bool:
    return any(row[key] > limit for key, limit in TARGETS.items())


def shortened(scenario: Scenario, longest_s: float) -> Scenario:
    observation: Observation = scenario.observation
    return replace(scenario, observation=replace(observation, duration_s=min(observation.duration_s, longest_s)))


def described(scenario: Scenario) -> dict[str, float]:
    routing, traffic, topology = route(scenario), scenario.traffic, scenario.topology
    load_bps = routing.link_load_bps(traffic.rate_bps, topology.n_links)
    hops_per_s = traffic.packet_rate[routing.hop_demand] * routing.path_share[routing.hop_path]
    return {
        "nodes": topology.n_nodes,
        "max_load": float((load_bps / topology.capacity_bps).max()),
        "duration_s": scenario.observation.duration_s,
        "packets_per_demand": float(traffic.packet_rate.mean()) * scenario.observation.duration_s,
        "hops": float(hops_per_s.sum()) * scenario.observation.duration_s,
    }


def errors(answer: Performance, recorded: Performance) -> dict[str, float]:
    delay = relative_errors(answer.demands.delay_s, recorded.demands.delay_s)
    p90 = np.abs(relative_errors(answer.delay_quantile_s(0.9), recorded.delay_quantile_s(0.9)))
    variation = np.abs(relative_errors(answer.demands.delay_variation_s**2, recorded.demands.delay_variation_s**2))
    occupancy = relative_errors(answer.queues.occupancy_packets, recorded.queues.occupancy_packets)
    return {
        "delay_median": middle(np.abs(delay)),
        "delay_mean": float(np.abs(delay).mean()),
        "delay_p95": float(np.quantile(np.abs(delay), 0.95)),
        "delay_bias": middle(delay),
        "delay_bias_slowest": bias_of_largest(answer.demands.delay_s, recorded.demands.delay_s),
        "p90_mean": float(p90.mean()),
        "variance_median": middle(variation),
        "loss_mae": mean_absolute_error(answer.demands.loss_ratio, recorded.demands.loss_ratio),
        "loss_recorded": float(recorded.demands.loss_ratio.mean()),
        "loss_ours": float(answer.demands.loss_ratio.mean()),
        "utilization_mae": mean_absolute_error(answer.queues.utilization, recorded.queues.utilization),
        "occupancy_median": middle(np.abs(occupancy)),
        "occupancy_bias": middle(occupancy),
        "unanswered": int(np.sum(np.isfinite(recorded.demands.delay_s) & ~np.isfinite(answer.demands.delay_s))),
    }


def middle(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def rows(out: Path) -> Iterator[dict]:
    if out.is_file():
        yield from (json.loads(line) for line in out.read_text().splitlines())


def shown(row: dict) -> str:
    name = row["source"].rpartition("/")[2]
    return f"{row['group']} {name} {row['cpu_s']:.0f} s, delay {100 * row['delay_median']:.2f} / {100 * row['delay_mean']:.2f} %"


def write_table(args: Args) -> None:
    found = sorted(rows(args.out), key=lambda row: (args.groups.index(row["group"]), [int(n) for n in numbers(row["source"])]))
    found = [row for row in found if row["group"] in args.groups]
    total = len(ordered(args))
    lines = [
        "# Replay of recorded simulations",
        "",
        f"`python benchmarks/replay.py --seed {args.seed} --processes {args.processes}`: {len(found)} of {total} simulations"
        + ("." if len(found) == total else " (**partial**: the run was stopped; the order is shuffled, so this is a fair sample)."),
        "One run per simulation, graph, routing and nominal traffic in, full recorded time. `docs/replay.md` explains the columns.",
        "",
        "## Summary: median and worst over simulations, and how many meet all targets",
        "",
        *summary(found, args.groups),
        "",
        *repeated(args),
        "## Every simulation",
        "",
        *details(found),
    ]
    args.table.parent.mkdir(parents=True, exist_ok=True)
    args.table.write_text("\n".join(lines) + "\n")


def summary(found: list[dict], groups: tuple[str, ...]) -> list[str]:
    columns = {
        "delay median %": ("delay_median", 100, 0.01),
        "delay mean %": ("delay_mean", 100, 0.02),
        "p90 mean %": ("p90_mean", 100, 0.02),
        "loss MAE": ("loss_mae", 1, 0.002),
        "queue utilization MAE": ("utilization_mae", 1, 0.002),
        "occupancy median %": ("occupancy_median", 100, 0.01),
    }
    lines = [
        "| simulations | n | " + " | ".join(columns) + " | within all targets | million hops per CPU s |",
        "|" + "---|" * (len(columns) + 4),
        "| **target** | | " + " | ".join(f"{limit * scale:g}" for _, scale, limit in columns.values()) + " | | |",
    ]
    for group in groups:
        own = [row for row in found if row["group"] == group]
        if own:
            cells = [spread([row[key] * scale for row in own], scale) for key, scale, _ in columns.values()]
            good = sum(not misses(row) for row in own)
            speed = sum(row["hops"] for row in own) / sum(row["cpu_s"] for row in own) / 1e6
            lines.append(f"| {group} | {len(own)} | " + " | ".join(cells) + f" | {good} of {len(own)} | {speed:.2f} |")
    return lines


def repeated(args: Args) -> list[str]:
    """Of the simulations that miss a target: what remains when our own chance is averaged away."""
    one = {row["source"]: row for row in rows(args.out)}
    again = [row for row in rows(args.out_again) if row["source"] in one and misses(one[row["source"]])]
    if not again:
        return []
    keys = {
        "delay median %": "delay_median",
        "delay mean %": "delay_mean",
        "p90 mean %": "p90_mean",
        "occupancy median %": "occupancy_median",
    }
    lines = [
        "## Those that miss a target: how much is chance?",
        "",
        "One run beside the recording / our runs with two seeds beside each other / the mean of",
        f"{args.seeds} runs beside the recording. Where the first two are alike, the first is chance.",
        "",
        "| simulation | packets per demand | " + " | ".join(keys) + " | within all targets after averaging |",
        "|" + "---|" * (len(keys) + 3),
    ]
    for row in sorted(again, key=lambda row: (args.groups.index(row["group"]), [int(n) for n in numbers(row["source"])])):
        first = one[row["source"]]
        cells = [f"{100 * first[k]:.2f} / {100 * row['between_' + k]:.2f} / {100 * row[k]:.2f}" for k in keys.values()]
        name = f"{row['group']} {row['source'].rpartition('/')[2].replace('.tar.gz', '')}"
        cells = [cell if "nan" not in cell else "-" for cell in cells]
        lines.append(f"| {name} | {first['packets_per_demand']:.0f} | " + " | ".join(cells) + f" | {'no' if misses(row) else 'yes'} |")
    return [*lines, ""]


def spread(values: list[float], scale: float) -> str:
    if np.isnan(values).all():
        return "-"
    digits = 2 if scale == 100 else 5
    return f"{np.nanmedian(values):.{digits}f} .. {np.nanmax(values):.{digits}f}"


def details(found: list[dict]) -> list[str]:
    head = (
        "simulation|nodes|max load|T s|packets per demand|delay median %|mean %|p95 %|bias %|p90 mean %|variance median %|loss MAE"
        "|mean loss ours / recorded|queue util. MAE|occupancy median %|occ. bias %|million hops|CPU s"
    )
    lines = [f"| {head.replace('|', ' | ')} |", "|" + "---|" * (head.count("|") + 1)]
    for row in found:
        percent = {key: f"{100 * value:.2f}" for key, value in row.items() if isinstance(value, float)}
        usage = [f"{row['utilization_mae']:.5f}", percent["occupancy_median"], percent["occupancy_bias"]]
        cells = [
            f"{row['group']} {row['source'].rpartition('/')[2].replace('.tar.gz', '')}",
            str(row["nodes"]),
            f"{row['max_load']:.3f}",
            f"{row['duration_s']:.0f}",
            f"{row['packets_per_demand']:.0f}",
            *[percent[key] for key in ("delay_median", "delay_mean", "delay_p95", "delay_bias", "p90_mean", "variance_median")],
            f"{row['loss_mae']:.5f}",
            f"{row['loss_ours']:.5f} / {row['loss_recorded']:.5f}",
            *["-" if np.isnan(row["utilization_mae"]) else cell for cell in usage],
            f"{row['hops'] / 1e6:.0f}",
            f"{row['cpu_s']:.0f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def numbers(source: str) -> list[str]:
    """The number in an archive's name, and the index behind it."""
    archive, _, index = source.rpartition("/")[2].rpartition("#")
    number = archive.partition(".")[0].rpartition("_")[2]
    return [number if number.isdigit() else "0", index]


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "out", "table"):
        parser.add_argument(f"--{name}", type=Path, default=getattr(Args, name))
    parser.add_argument("--groups", nargs="+", default=GROUPS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest-s", type=float, default=float("inf"))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--seeds", type=int, default=8)
    given = vars(parser.parse_args())
    return Args(**{**given, "groups": tuple(given["groups"])})


if __name__ == "__main__":
    main()
