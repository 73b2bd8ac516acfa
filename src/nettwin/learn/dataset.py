"""Training data: random scenarios, simulated packet by packet, in shards that can be resumed and extended.

Sample ``i`` of a data set depends on its seed and ``i`` only, so more cores, an interruption or a larger number of samples change nothing
about the samples that are there.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nettwin.errors import InputError, ScenarioError
from nettwin.formats import shards
from nettwin.generate.scenarios import ScenarioSpace, random_scenario
from nettwin.performance import Performance
from nettwin.scenario import Scenario, Topology

Progress = Callable[[int, int], None]
"""Told how many samples are done, and how many there are."""

_FEWEST_PACKETS = 1000.0
_REDRAWS = 20
MEASURED = "measured"
"""How a telemetry sample names its engine in the manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetArgs:
    """Everything that a data set depends on."""

    samples: int = 1000
    seed: int = 0
    space: ScenarioSpace = ScenarioSpace()
    hops: float = 4e6
    """Packet-hops simulated per sample, and ..."""
    hops_per_demand: float = 100e3
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
    _check_same(shards.read_manifest(folder), args)
    numbers = range(-(-args.samples // args.shard_size))
    missing = [number for number in numbers if not shards.shard_path(folder, number).exists()]
    shards.write_manifest(folder, _manifest(args))
    done = args.samples - sum(len(_indices(args, number)) for number in missing)
    for number in _run(folder, args, missing, jobs):
        done += len(_indices(args, number))
        if progress:
            progress(done, args.samples)
    manifest = _manifest(args) | {"label_noise": label_noise(folder)}
    shards.write_manifest(folder, manifest)
    return manifest


def append_samples(folder: Path, content: Iterable[tuple[Scenario, Performance]]) -> int:
    """Adds measured samples, as telemetry gives them, in shards of their own after the others; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(content)
    if not rows:
        return 0
    numbers = [int(path.stem.rpartition("-")[2]) for path in folder.glob(shards.PATTERN)]
    first_measured = 90_000  # simulated shards count from 0; there is room to extend them
    shards.write_shard(shards.shard_path(folder, max([first_measured, *(n + 1 for n in numbers if n >= first_measured)])), rows)
    return len(rows)


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


def with_realised_rates(scenario: Scenario, performance: Performance) -> Scenario:
    """The scenario with the rates that its demands sent at while they were measured: what is left to chance is smaller."""
    offered = performance.demands.offered_bps
    rate = np.where(np.isfinite(offered), offered, scenario.traffic.rate_bps)
    return replace(scenario, traffic=replace(scenario.traffic, rate_bps=rate))


def label_noise(folder: Path) -> dict[str, float]:
    """Mean over samples of the mean relative standard error of the measured mean delays, and its 90 % quantile over samples."""
    errors = [error for sample in shards.samples(folder) if np.isfinite(error := _noise(sample.read().performance))]
    if not errors:
        return {}
    return {"delay_relative_standard_error": float(np.mean(errors)), "p90_over_samples": float(np.quantile(errors, 0.9))}


def standard_errors(performance: Performance) -> np.ndarray:  # [demand]
    """Relative standard error of each measured mean delay; NaN where the measurement does not tell."""
    from scipy.stats import norm

    if performance.interval is None:
        return np.full(len(performance.demands.delay_s), np.nan)
    half = (performance.interval.upper.delay_s - performance.interval.lower.delay_s) / 2
    return np.asarray(half / norm.ppf(0.5 + performance.interval.coverage / 2) / performance.demands.delay_s)


def real_topologies(most_nodes: int = 10) -> tuple[Topology, ...]:
    """Small networks that exist, from the Topology Zoo and SNDlib as topohub has them."""
    from nettwin.formats import registry

    return tuple(registry.read(f"topohub:{name}").scenario.topology for name, n_nodes in REAL_NETWORKS if n_nodes <= most_nodes)


REAL_NETWORKS = (
    ("sndlib/dfn-bwin", 10),
    *((f"topozoo/{name}", nodes) for name, nodes in (
        ("Basnet", 6), ("Nordu2005", 6), ("Iinet", 9), ("Sanren", 7), ("Heanet", 7), ("Netrail", 7), ("HiberniaCanada", 10),
        ("Ilan", 10), ("Airtel", 9), ("Getnet", 7), ("Cesnet1993", 9), ("Epoch", 6), ("Globalcenter", 9), ("Nordu1989", 5),
        ("Marwan", 6), ("Arpanet19706", 9), ("Gblnet", 8), ("Gridnet", 9),
    )),
)  # fmt: skip
"""Names in topohub, and how many nodes each has."""


def _noise(performance: Performance | None) -> float:
    if performance is None:
        return float("nan")
    errors = standard_errors(performance)
    known = errors[np.isfinite(errors)]
    return float(known.mean()) if len(known) else float("nan")


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


def _shard(folder: Path, args: DatasetArgs, number: int, topologies: tuple[Topology, ...]) -> int:
    shards.write_shard(shards.shard_path(folder, number), [sample(args, index, topologies) for index in _indices(args, number)])
    return number


def _run(folder: Path, args: DatasetArgs, numbers: list[int], jobs: int) -> Iterator[int]:
    topologies = real_topologies(args.space.nodes[1])
    if jobs == 1:
        yield from (_shard(folder, args, number, topologies) for number in numbers)
        return
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=jobs, return_as="generator_unordered")(delayed(_shard)(folder, args, n, topologies) for n in numbers)


def _manifest(args: DatasetArgs) -> dict[str, Any]:
    from importlib.metadata import version

    return {"made_by": f"nettwin {version('nettwin')}", "engine": "simulator", "args": asdict(args)}


def _check_same(manifest: dict[str, Any], args: DatasetArgs) -> None:
    import json

    known = manifest.get("args")
    wanted = json.loads(json.dumps(asdict(args)))
    if known is not None and {**known, "samples": 0} != {**wanted, "samples": 0}:
        different = ", ".join(key for key in wanted if key != "samples" and known.get(key) != wanted[key])
        raise InputError(f"it was made with other arguments: {different}", where="data set", hint="choose another folder")
