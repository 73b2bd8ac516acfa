"""How the twin is made, from nothing, with one command: data, members, calibration, manifest."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nettwin.errors import UnknownNameError
from nettwin.formats import shards
from nettwin.generate.scenarios import ScenarioSpace
from nettwin.learn.calibrate import calibrate
from nettwin.learn.dataset import DatasetArgs, build_dataset
from nettwin.learn.train import TrainArgs, train
from nettwin.predict.neural.library import Library, write_library
from nettwin.predict.neural.weights import load_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training set of small networks, validation and calibration on larger ones, and an ensemble."""

    name: str
    version: str
    train: DatasetArgs
    validation: DatasetArgs
    calibration: tuple[DatasetArgs, ...]
    members: int
    epochs: int
    batch_size: int = 32


def _larger(samples: int, seed: int, nodes: tuple[int, int], hops: float, per_demand: float) -> DatasetArgs:
    space = ScenarioSpace(nodes=nodes, trouble_share=0.15)
    return DatasetArgs(samples=samples, seed=seed, space=space, hops=hops, hops_per_demand=per_demand, shard_size=4)


RECIPES: dict[str, Recipe] = {
    "smoke": Recipe(
        name="smoke",
        version="smoke",
        train=DatasetArgs(samples=40, seed=1, hops=2e5, hops_per_demand=1e3, shard_size=10),
        validation=_larger(2, 2, (12, 16), 3e5, 0.0),
        calibration=(_larger(2, 3, (10, 16), 3e5, 0.0),),
        members=2,
        epochs=3,
        batch_size=8,
    ),
    "laptop": Recipe(
        name="laptop",
        version="1.0",
        train=DatasetArgs(samples=3000, seed=1, hops=5e6, hops_per_demand=4e4),
        validation=_larger(24, 2, (20, 40), 1e7, 4e4),
        calibration=(_larger(24, 3, (5, 20), 1e7, 4e4), _larger(12, 4, (21, 60), 1e7, 4e4), _larger(6, 5, (61, 120), 1e7, 4e4)),
        members=3,
        epochs=80,
    ),
    "full": Recipe(
        name="full",
        version="1.0-full",
        train=DatasetArgs(samples=20_000, seed=1, hops=2e7, hops_per_demand=1e5),
        validation=_larger(48, 2, (20, 40), 1e8, 1e5),
        calibration=(_larger(48, 3, (5, 20), 1e8, 1e5), _larger(24, 4, (21, 60), 1e8, 1e5), _larger(12, 5, (61, 120), 1e8, 1e5)),
        members=5,
        epochs=120,
    ),
}

Progress = Callable[[str, float], None]
"""Told the name of the step and its finished share."""


def recipe(name: str) -> Recipe:
    """A recipe by name. Raises UnknownNameError."""
    if name not in RECIPES:
        raise UnknownNameError.among("recipe", name, RECIPES)
    return RECIPES[name]


def make(chosen: Recipe, output: Path, *, jobs: int = 1, device: str = "cpu", progress: Progress | None = None) -> Library:
    """Everything that is not there yet: started again, it goes on where it was. The twin is in ``output/twin``."""
    tell = progress or (lambda _step, _share: None)
    data = {"train": chosen.train, "validation": chosen.validation}
    data |= {f"calibration-{number}": args for number, args in enumerate(chosen.calibration)}
    for name, args in data.items():
        build_dataset(output / name, args, jobs=jobs, progress=_telling(tell, f"simulating {name}"))
    members = [_member(chosen, output, number, device, tell) for number in range(chosen.members)]
    tell("calibrating", 0.0)
    samples = [sample.read() for name in data if name.startswith("calibration") for sample in shards.samples(output / name)]
    calibration = calibrate([load_model(member) for member in members], samples)
    return write_library(output / "twin", members, calibration, _about(chosen, output))


def _telling(tell: Progress, step: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(step, done / total)


def _member(chosen: Recipe, output: Path, number: int, device: str, tell: Progress) -> Path:
    args = TrainArgs(
        train=str(output / "train"),
        validation=str(output / "validation"),
        seed=number,
        epochs=chosen.epochs,
        batch_size=chosen.batch_size,
        device=device,
    )
    return train(args, output / f"member-{number}", lambda epoch, total, _scores: tell(f"training member {number}", epoch / total))


def _about(chosen: Recipe, output: Path) -> dict[str, Any]:
    from importlib.metadata import version

    noise = {name: shards.read_manifest(output / name).get("label_noise") for name in ("train", "validation")}
    return {
        "version": chosen.version,
        "made_by": f"nettwin {version('nettwin')}, nettwin learn make {chosen.name}",
        "recipe": asdict(chosen),
        "label_noise": noise,
        "validation": [_last_scores(output / f"member-{number}") for number in range(chosen.members)],
    }


def _last_scores(folder: Path) -> dict[str, float]:
    """The best row of a training's history."""
    import csv

    with (folder / "history.csv").open() as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    return min(rows, key=lambda row: row["overall"])
