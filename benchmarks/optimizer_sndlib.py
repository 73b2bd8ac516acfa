"""The maximum utilization against the flow optimum on SNDlib's real demands: Abilene, GEANT, Germany50.

python benchmarks/optimizer_sndlib.py --method local-search

Demands as in SNDlib (from topohub); capacities are ours, for topohub has none: those that its importer dimensions, and equal ones.
The optimum is the bound that the flow LP proves. Seconds are of one processor's work on the whole answer. Published beside it, on
other capacities and scalings of the same networks: joint weights and waypoints (Parham et al., CoNEXT 2021).
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

from nettwin.controlplane import link_loads
from nettwin.formats.registry import read
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.optimize import budget as budgets
from nettwin.optimize import registry
from nettwin.optimize.budget import Budget
from nettwin.optimize.optimizer import Optimizer
from nettwin.optimize.warming import warm_up
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = {"abilene": (1.001, 1747), "geant": (1.135, 6700), "germany50": (1.011, 14329)}
KNOBS = {
    "segment policies, up to 4 lists": Limits(),
    "segment policies, unsplit": Limits(max_splits=1),
    "IGP metrics": Limits(knobs=(Knob.IGP_METRIC,)),
}


@dataclass(frozen=True)
class Args:
    """Which method, for how long."""

    method: str = "local-search"
    seconds: float = 1.0
    table: Path = ROOT / "benchmarks" / "results" / "optimizer_sndlib.md"


def main() -> None:
    args = parsed()
    budgets.time = SimpleNamespace(monotonic=time.process_time)  # type: ignore[attr-defined]  # budgets are of processor time here
    method = registry.create(args.method)
    for limits in KNOBS.values():
        warm_up(method, intent_with(limits), QueueingPredictor())
    text = (__doc__ or "").split("\n\n")[2].strip()
    lines = [
        f"# SNDlib's real demands: {args.method}\n",
        f"Made by `python benchmarks/optimizer_sndlib.py --method {args.method}`. {text}\n",
    ]
    lines += ["| network | capacities | what may change | IGP / optimum | found / optimum | published | changes | s | published s |"]
    lines += ["|" + "---|" * 9, *rows(method, args)]
    args.table.write_text("\n".join(lines) + "\n")


def rows(method: Optimizer, args: Args) -> Iterator[str]:
    for name, (ratio, seconds) in PUBLISHED.items():
        imported = read(f"topohub:sndlib/{name}").scenario
        for kind, scenario in (("dimensioned", imported), ("equal", equal_capacities(imported))):
            optimum = flow_optimum(scenario)
            now = float((link_loads(scenario) / scenario.topology.capacity_bps).max())
            for knobs, limits in KNOBS.items():
                start = time.process_time()
                solution = method.optimize(scenario, intent_with(limits), QueueingPredictor(), Budget(seconds=args.seconds))
                line = (
                    f"| {name} | {kind} | {knobs} | {now / optimum:.3f} | {solution.objective / optimum:.4f} | {ratio:.3f} "
                    f"| {len(solution.plan)} | {time.process_time() - start:.3f} | {seconds:,} |"
                )
                print(line, flush=True)
                yield line


def equal_capacities(scenario: Scenario) -> Scenario:
    links = tuple(replace(link, capacity_bps=1e11) for link in scenario.topology.links)
    return replace(scenario, topology=replace(scenario.topology, links=links))


def flow_optimum(scenario: Scenario) -> float:
    solution = registry.create("lp").optimize(scenario, intent_with(Limits()), QueueingPredictor(), Budget(seconds=60))
    if solution.bound is None:
        raise SystemExit("the LP proved nothing within a minute")
    return solution.bound.value


def intent_with(limits: Limits) -> Intent:
    return Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),), limits=limits)


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default=Args.method, choices=registry.names())
    parser.add_argument("--seconds", type=float, default=Args.seconds)
    parser.add_argument("--table", type=Path, default=Args.table)
    return Args(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
