"""Training data: random scenarios, simulated packet by packet, in shards that can be resumed and extended.

Sample ``i`` of a data set depends on its seed and ``i`` only, so more cores, an interruption or a larger number of samples change nothing
about the samples that are there.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nettwin.errors import InputError, ScenarioError
from nettwin.formats import shards
from nettwin.generate.scenarios import ScenarioSpace, random_scenario
from nettwin.learn.dataset_summary import FIRST_MEASURED, label_noise
from nettwin.learn.real_networks import real_topologies
from nettwin.performance import Performance
from nettwin.scenario import Scenario, Topology

__all__ = [
    "DatasetArgs",
    "Progress",
    "append_samples",
    "build_dataset",
    "label_noise",
    "real_topologies",
    "sample",
]

Progress = Callable[[int, int], None]
"""Told how many samples are done, and how many there are."""

_FEWEST_PACKETS = 1000.0
_REDRAWS = 20
_MOST_SAMPLES, _MOST_DEMANDS = 40, 200_000
"""Measured samples that are kept in memory before they are written, and the demands in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetArgs:
    """Everything that a data set depends on."""

    samples: int = 1000
    seed: int = 0
    space: ScenarioSpace = ScenarioSpace()
    hops: float = 5e6
    """Packet-hops simulated per sample, and ..."""
    hops_per_demand: float = 40e3
    """... as many more for each demand: the labels of many thin demands need more packets."""
    shard_size: int = 40

    def __post_init__(self) -> None:
        if self.samples < 1 or self.shard_size < 1 or self.hops <= 0 or self.hops_per_demand < 0 or self.seed < 0:
            raise InputError(f"{self}", where="data set", hint="samples and hops are positive")


def build_dataset(folder: Path, args: DatasetArgs, *, jobs: int = 1, progress: Progress | None = None) -> dict[str, Any]:
    """Simulates all shards that are missing, ``jobs`` at a time, and writes the manifest, which is returned.

    Raises InputError if the folder holds a data set made with other arguments (more samples are fine).
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = shards.read_manifest(folder)
    _check_same(known, args)
    numbers = range(-(-args.samples // args.shard_size))
    missing = [number for number in numbers if not _is_complete(folder, args, number)]
    manifest = _manifest(args, known)
    shards.write_manifest(folder, manifest)
    done = args.samples - sum(len(_indices(args, number)) for number in missing)
    for number in _run(folder, args, missing, jobs):
        done += len(_indices(args, number))
        if progress:
            progress(done, args.samples)
    manifest |= {"label_noise": label_noise(folder)}
    shards.write_manifest(folder, manifest)
    return manifest


def append_samples(folder: Path, content: Iterable[tuple[Scenario, Performance]], *, source: str = "") -> int:
    """Adds measured samples, as telemetry gives them, in shards of their own after the others; returns how many.

    The manifest lists them under ``measured`` with their ``source``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = number = _next_measured(folder)
    n_samples = 0
    for rows in _portions(content):
        shards.write_shard(shards.shard_path(folder, number), rows)
        number, n_samples = number + 1, n_samples + len(rows)
    if n_samples:
        manifest = shards.read_manifest(folder)
        entry = {"source": source, "samples": n_samples, "first_shard": first, "shards": number - first}
        shards.write_manifest(folder, manifest | {"measured": [*manifest.get("measured", []), entry]})
    return n_samples


def sample(args: DatasetArgs, index: int, topologies: tuple[Topology, ...]) -> tuple[Scenario, Performance]:
    """Draws and simulates sample ``index``."""
    from nettwin.controlplane import route
    from nettwin.simulation import SimulationSettings, simulate

    scenario = _drawn(args, index, topologies)
    routing = route(scenario)
    hops = np.bincount(routing.path_demand, routing.path_share * np.diff(routing.hop_offsets), routing.n_demands)
    rate = scenario.traffic.packet_rate
    per_packet = float((rate * hops).sum() / rate.sum())
    budget = args.hops + args.hops_per_demand * scenario.traffic.n_demands
    settings = SimulationSettings(seed=_simulation_seed(args, index), packets=max(budget / max(per_packet, 0.5), _FEWEST_PACKETS))
    return scenario, simulate(scenario, routing, settings).performance


def _drawn(args: DatasetArgs, index: int, topologies: tuple[Topology, ...]) -> Scenario:
    for attempt in range(_REDRAWS):
        try:
            return random_scenario(np.random.default_rng([args.seed, index, attempt]), args.space, topologies)
        except ScenarioError:  # nothing can be routed, say
            continue
    raise InputError(f"{_REDRAWS} draws without a scenario", where=f"sample {index}", hint="widen the scenario space")


def _simulation_seed(args: DatasetArgs, index: int) -> int:
    return int(np.random.SeedSequence([args.seed, index, 7]).generate_state(1)[0])


def _indices(args: DatasetArgs, number: int) -> range:
    return range(number * args.shard_size, min((number + 1) * args.shard_size, args.samples))


def _is_complete(folder: Path, args: DatasetArgs, number: int) -> bool:
    """The last shard of a smaller data set holds fewer samples than the same shard of a larger one."""
    path = shards.shard_path(folder, number)
    return path.exists() and shards.n_rows(path) >= len(_indices(args, number))


def _shard(folder: Path, args: DatasetArgs, number: int, topologies: tuple[Topology, ...]) -> int:
    shards.write_shard(shards.shard_path(folder, number), (sample(args, index, topologies) for index in _indices(args, number)))
    return number


def _run(folder: Path, args: DatasetArgs, numbers: list[int], jobs: int) -> Iterator[int]:
    if not numbers:
        return
    topologies = real_topologies(args.space.nodes[1])
    if jobs == 1:
        yield from (_shard(folder, args, number, topologies) for number in numbers)
        return
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=jobs, return_as="generator_unordered")(delayed(_shard)(folder, args, n, topologies) for n in numbers)


def _manifest(args: DatasetArgs, known: dict[str, Any]) -> dict[str, Any]:
    from importlib.metadata import version

    most = max(args.samples, known.get("args", {}).get("samples", 0) if "label_noise" in known else 0)  # fewer than there are: all stay
    made = {"made_by": f"nettwin {version('nettwin')}", "engine": "simulator", "args": _plain(args) | {"samples": most}}
    return made | {key: known[key] for key in ("measured",) if key in known}


def _check_same(manifest: dict[str, Any], args: DatasetArgs) -> None:
    known, wanted = manifest.get("args"), _plain(args)
    if known is not None and not isinstance(known, dict):
        raise InputError("the manifest's args are no map", where="data set", hint="choose another folder")
    if known is not None and {**known, "samples": 0} != {**wanted, "samples": 0}:
        different = ", ".join(key for key in wanted if key != "samples" and known.get(key) != wanted[key])
        raise InputError(f"it was made with other arguments: {different}", where="data set", hint="choose another folder")


def _plain(args: DatasetArgs) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(args)))
    return plain


def _next_measured(folder: Path) -> int:
    numbers = [shards.shard_number(path) for path in folder.glob(shards.PATTERN)]
    return max([FIRST_MEASURED, *(number + 1 for number in numbers)])


def _portions(content: Iterable[tuple[Scenario, Performance]]) -> Iterator[list[tuple[Scenario, Performance]]]:
    """The samples in lists that fit into memory, and into a shard."""
    rows: list[tuple[Scenario, Performance]] = []
    n_demands = 0
    for scenario, performance in content:
        rows.append((scenario, performance))
        n_demands += scenario.traffic.n_demands
        if n_demands > _MOST_DEMANDS or len(rows) == _MOST_SAMPLES:
            yield rows
            rows, n_demands = [], 0
    if rows:
        yield rows
