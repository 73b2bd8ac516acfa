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
    train: tuple[DatasetArgs, ...]
    validation: tuple[DatasetArgs, ...]
    calibration: tuple[DatasetArgs, ...]
    members: int
    epochs: int
    batch_size: int = 32


def _larger(seed: int, samples: int, nodes: tuple[int, int], hops: tuple[float, float], max_demands: int = 1000) -> DatasetArgs:
    space = ScenarioSpace(nodes=nodes, trouble_share=0.15, max_demands=max_demands)
    shard_size = 4 if max_demands <= 1000 else 2
    return DatasetArgs(samples=samples, seed=seed, space=space, hops=hops[0], hops_per_demand=hops[1], shard_size=shard_size)


def _recipe(name: str, scale: int, precision: float, *, members: int, epochs: int) -> Recipe:
    """The same mix in several sizes: ``scale`` times the networks, ``precision`` times the packets."""
    usual, thin = (5e6 * precision, 4e4 * precision), (8e6 * precision, 4e3 * precision)
    few, many = (1e7 * precision, 4e4 * precision), (2e7 * precision, 5e3 * precision)
    return Recipe(
        name=name,
        version=f"1.5-{name}",
        train=(
            DatasetArgs(samples=3200 * scale, seed=1, hops=usual[0], hops_per_demand=usual[1]),
            DatasetArgs(samples=1000 * scale, seed=11, space=THIN, hops=thin[0], hops_per_demand=thin[1]),
            DatasetArgs(samples=1280 * scale, seed=21, space=THIN, hops=thin[0], hops_per_demand=thin[1]),
        ),
        validation=(_larger(2, 24, (20, 40), few), _larger(12, 12, (30, 60), many, 4000)),
        calibration=(
            _larger(3, 24 * scale, (5, 20), few),
            _larger(4, 12 * scale, (21, 60), few),
            _larger(5, 6 * scale, (61, 120), few),
            _larger(13, 16 * scale, (5, 60), many, 4000),
            _larger(14, 8 * scale, (61, 120), many, 4000),
            _larger(6, 24 * scale, (61, 120), (4e7 * precision, 0.0), 2000),
            _larger(7, 8 * scale, (121, 300), (6e7 * precision, 0.0), 2000),
            _larger(8, 24 * scale, (21, 60), (2e7 * precision, 0.0), 1500),
            _larger(9, 24 * scale, (61, 120), (4e7 * precision, 0.0), 2000),
            _larger(10, 24 * scale, (5, 60), (2e7 * precision, 0.0), 1500),
        ),
        members=members,
        epochs=epochs,
    )


THIN = ScenarioSpace(nodes=(4, 10), recorded_share=0.7, trouble_share=0.15, thin_share=0.75, thin_times=(4, 24), max_demands=2000)
"""Small networks whose ports carry as many thin demands as those of large ones."""
SMOKE = DatasetArgs(samples=40, seed=1, hops=2e5, hops_per_demand=1e3, shard_size=10)
RECIPES: dict[str, Recipe] = {
    "smoke": Recipe(
        name="smoke",
        version="1.5-smoke",
        train=(SMOKE,),
        validation=(_larger(2, 2, (12, 16), (3e5, 0.0)),),
        calibration=(_larger(3, 2, (10, 16), (3e5, 0.0)),),
        members=2,
        epochs=3,
        batch_size=8,
    ),
    "laptop": _recipe("laptop", 1, 1.0, members=3, epochs=40),
    "full": _recipe("full", 5, 4.0, members=5, epochs=120),
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
    data = _data_sets(chosen)
    for name, args in data.items():
        build_dataset(output / name, args, jobs=jobs, progress=_telling(tell, f"simulating {name}"))
    members = [_member(chosen, output, number, device, tell) for number in range(chosen.members)]
    tell("calibrating", 0.0)
    samples = [sample.read() for name in data if name.startswith("calibration") for sample in shards.samples(output / name)]
    calibration = calibrate([load_model(member) for member in members], samples)
    return write_library(output / "twin", members, calibration, _about(chosen, output))


def _data_sets(chosen: Recipe) -> dict[str, DatasetArgs]:
    """All data of a recipe by the name of its folder."""
    kinds = {"train": chosen.train, "validation": chosen.validation, "calibration": chosen.calibration}
    return {f"{kind}-{number}": args for kind, sets in kinds.items() for number, args in enumerate(sets)}


def _telling(tell: Progress, step: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(step, done / total)


def _member(chosen: Recipe, output: Path, number: int, device: str, tell: Progress) -> Path:
    args = TrainArgs(
        train=tuple(str(output / name) for name in _data_sets(chosen) if name.startswith("train")),
        validation=tuple(str(output / name) for name in _data_sets(chosen) if name.startswith("validation")),
        seed=number,
        epochs=chosen.epochs,
        batch_size=chosen.batch_size,
        device=device,
    )
    return train(args, output / f"member-{number}", lambda epoch, total, _scores: tell(f"training member {number}", epoch / total))


def _about(chosen: Recipe, output: Path) -> dict[str, Any]:
    from importlib.metadata import version

    noise = {name: shards.read_manifest(output / name).get("label_noise") for name in _data_sets(chosen)}
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
