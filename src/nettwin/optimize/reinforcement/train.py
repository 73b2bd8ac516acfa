"""Training of a policy: teaching, then reinforcement. An experiment script with one dataclass of arguments and one loop.

The output folder holds ``args.json``, the policy after teaching (``imitation``), the best one since (``policy``), ``history.csv``, its
picture and a checkpoint; started again with the same arguments, it goes on where it was.
"""

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nettwin.errors import InputError
from nettwin.optimize.reinforcement.arena import Arena, greedy_drop, worthwhile_games
from nettwin.optimize.reinforcement.curves import draw_history
from nettwin.optimize.reinforcement.game import Game
from nettwin.optimize.reinforcement.imitation import imitate
from nettwin.optimize.reinforcement.playing import drops
from nettwin.optimize.reinforcement.policy import PolicyNetwork
from nettwin.optimize.reinforcement.ppo import PpoArgs, collect, update
from nettwin.optimize.reinforcement.teacher import Teacher
from nettwin.optimize.reinforcement.weights import write_policy

CHECKPOINT = "checkpoint.safetensors"
FIRST_VALIDATION_GAME = 1_000_000
"""Games from here on are never trained on."""
STEPS_BETWEEN = 100
"""Steps of teaching between two validations; of reinforcement a twentieth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainArgs:
    """Everything that a training depends on."""

    seed: int = 0
    games: int = 24
    """Played side by side."""
    teaching_steps: int = 900
    reinforcement_rounds: int = 24
    learning_rate: float = 5e-3
    """Of teaching, at its start."""
    width: int = 32
    n_rounds: int = 2
    validation_games: int = 40
    teacher: Teacher = field(default_factory=lambda: Teacher(width=12))
    ppo: PpoArgs = field(default_factory=PpoArgs)


@dataclass
class Run:
    """What changes from step to step."""

    network: PolicyNetwork
    optimizer: torch.optim.Adam
    step: int = 0
    """Of teaching, then on through the rounds of reinforcement."""
    best: float = -np.inf


Report = Callable[[float, dict[str, float]], None]
"""Told the share of the training that is done, and the figures of the last validation."""


def train(args: TrainArgs, output: Path, report: Report | None = None) -> Path:
    """Trains, or goes on training, into a folder; returns the folder of the best policy."""
    torch.set_num_threads(1)
    output.mkdir(parents=True, exist_ok=True)
    _check_same(output, args)
    run = _resumed(output, args)
    arena = Arena(worthwhile_games(args.seed * 10_000_000 + 2_000_000 + run.step * 1000), args.games)
    games = list(islice(worthwhile_games(FIRST_VALIDATION_GAME), args.validation_games))
    greedy = float(np.mean([greedy_drop(game, 80) for game in games]))
    total, figures = args.teaching_steps + args.reinforcement_rounds, np.zeros((0, 2))
    while run.step < total:
        figures = np.vstack([figures, _one_step(run, arena, args)])
        is_teaching = run.step <= args.teaching_steps
        if run.step % (STEPS_BETWEEN if is_teaching else STEPS_BETWEEN // 20) and run.step not in (args.teaching_steps, total):
            continue
        row = dict(zip(("drop", "drop_in_10", "greedy_drop"), (*_validated(run.network, games), greedy), strict=True))
        row |= dict(zip(("cross_entropy", "entropy") if is_teaching else ("moved", "entropy"), figures.mean(0), strict=True))
        figures = np.zeros((0, 2))
        _keep(run, args, output, row)
        if report:
            report(run.step / total, row)
    draw_history(output)
    return output / "policy"


def _one_step(run: Run, arena: Arena, args: TrainArgs) -> tuple[float, float]:
    rng = np.random.default_rng([args.seed, run.step])
    run.step += 1
    if run.step <= args.teaching_steps:
        done = run.step / args.teaching_steps
        _set_rate(run, args.learning_rate * (min(1.0, run.step / 50) * 0.5 * (1 + np.cos(np.pi * done)) + 0.02))
        return imitate(run.network, run.optimizer, arena, args.teacher, 1.0 - 0.7 * done, rng), float("nan")
    done = (run.step - args.teaching_steps) / max(args.reinforcement_rounds, 1)
    _set_rate(run, args.ppo.learning_rate * (1.05 - done))
    experience = collect(run.network, arena, args.ppo.horizon, rng)
    entropy, moved = update(run.network, run.optimizer, experience, args.ppo, rng)
    return moved, entropy


def _validated(network: PolicyNetwork, games: list[Game]) -> tuple[float, float]:
    return float(drops(network, games).mean()), float(drops(network, games, 10).mean())


def _keep(run: Run, args: TrainArgs, output: Path, row: dict[str, float]) -> None:
    score = row["drop"] + row["drop_in_10"]
    about: dict[str, Any] = {"method": "teaching" if run.step <= args.teaching_steps else "teaching, then PPO", "step": run.step}
    about |= {"args": asdict(args), "validation": {name: round(value, 6) for name, value in row.items() if "drop" in name}}
    if run.step == args.teaching_steps:
        write_policy(output / "imitation", run.network, about)
        run.best = -np.inf  # what counts from here on is what reinforcement makes of it
    if score > run.best:
        run.best = score
        write_policy(output / "policy", run.network, about)
    _save(run, output)
    _write_history(output, run, row)


def _set_rate(run: Run, rate: float) -> None:
    for group in run.optimizer.param_groups:
        group["lr"] = rate


def _resumed(output: Path, args: TrainArgs) -> Run:
    """The state that a folder holds; a fresh one if it holds none."""
    from safetensors.torch import load_file

    torch.manual_seed(args.seed)
    network = PolicyNetwork(args.width, args.n_rounds)
    run = Run(network, torch.optim.Adam(network.parameters(), lr=args.learning_rate))
    if not (output / CHECKPOINT).exists():
        return run
    kept = load_file(output / CHECKPOINT)
    network.load_state_dict({name: kept[f"model.{name}"] for name in network.state_dict()})
    for name, parameter in network.named_parameters():
        run.optimizer.state[parameter] = {key: kept[f"adam.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
    run.step, run.best = int(kept["run.step"]), float(kept["run.best"])
    return run


def _save(run: Run, output: Path) -> None:
    """Writes beside, then renames: an interruption leaves the last complete state."""
    from safetensors.torch import save_file

    tensors = {f"model.{name}": value for name, value in run.network.state_dict().items()}
    tensors |= {"run.step": torch.tensor(float(run.step)), "run.best": torch.tensor(run.best, dtype=torch.float64)}
    for name, parameter in run.network.named_parameters():
        tensors |= {f"adam.{key}.{name}": value for key, value in run.optimizer.state[parameter].items()}
    unfinished = output / f"{CHECKPOINT}.unfinished"
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, unfinished)
    unfinished.rename(output / CHECKPOINT)


def _check_same(output: Path, args: TrainArgs) -> None:
    path, wanted = output / "args.json", json.loads(json.dumps(asdict(args)))
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_text())
        different = [name for name, value in wanted.items() if known.get(name) != value]
        if different:
            raise InputError(f"it holds a training with another {', '.join(different)}", where=str(output), hint="choose another folder")
    path.write_text(json.dumps(wanted, indent=2) + "\n")


COLUMNS = ("step", "drop", "drop_in_10", "greedy_drop", "cross_entropy", "moved", "entropy")


def _write_history(output: Path, run: Run, row: dict[str, float]) -> None:
    path = output / "history.csv"
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="nan")
        if is_new:
            writer.writeheader()
        writer.writerow({"step": run.step, **{name: f"{value:.6g}" for name, value in row.items()}})
