"""Large data sets: many samples per Parquet file, a row each: a scenario (our JSON document) and the performance measured for it.

    dataset/manifest.json   shard-00000.parquet   shard-00001.parquet   ...

Columns of figures are lists, one value per demand, queue or link, in SI units; ``lower_`` and ``upper_`` bound an interval.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nettwin.errors import FormatError, LimitError, NettwinError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import parse_json
from nettwin.formats.yaml import dumps, validated
from nettwin.formats.yaml.loading import scenario_of
from nettwin.formats.yaml.places import Places
from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario import Scenario

MANIFEST = "manifest.json"
PATTERN = "shard-*.parquet"
MOST_ROWS = 1_000_000
INTERVAL_FIGURES = ("delay_s", "loss_ratio")
"""What our simulator gives intervals for."""


@dataclass(frozen=True, slots=True)
class ShardSample:
    """One row of a shard, not yet read."""

    path: Path
    row: int

    @property
    def source(self) -> str:
        return f"{self.path}#{self.row}"

    def read(self) -> Imported:
        """Scenario and performance."""
        return read_row(self.path, self.row)


def is_shards(path: Path) -> bool:
    """Whether a folder holds shards."""
    return path.is_dir() and next(path.glob(PATTERN), None) is not None


def samples(path: Path) -> Iterator[ShardSample]:
    """The samples of a folder, in order."""
    for shard in sorted(path.glob(PATTERN)):
        yield from (ShardSample(shard, row) for row in range(n_rows(shard)))


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"shard-{number:05d}.parquet"


def write_shard(path: Path, content: Iterable[tuple[Scenario, Performance]]) -> None:
    """Writes all samples of one shard; the file appears when it is complete."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [_row(scenario, performance) for scenario, performance in content]
    names = list(dict.fromkeys(name for row in rows for name in row))
    unfinished = path.with_suffix(".unfinished")
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), unfinished, compression="zstd")
    unfinished.rename(path)


def n_rows(path: Path) -> int:
    """How many samples a shard holds."""
    return int(_opened(path).metadata.num_rows)


def read_row(path: Path, row: int) -> Imported:
    """One sample of a shard. Raises FormatError, LimitError."""
    table = _table(path)
    where = f"{path}#{row}"
    if not 0 <= row < table.num_rows:
        raise FormatError(f"there is no row {row}, there are {table.num_rows}", where=str(path))
    values = {name: table.column(name)[row] for name in table.column_names}
    try:
        scenario, log = _scenario(values["scenario"].as_py(), where)
        return Imported(scenario, log.report(), _performance(values))
    except NettwinError as error:
        raise error.at(where) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"the sample cannot be understood: {error}", where=where) from None


def _row(scenario: Scenario, performance: Performance) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": scenario.name,
        "scenario": dumps(scenario, is_json=True),
        "engine": performance.engine,
        "quantile_levels": list(performance.quantile_levels),
    }
    for part in ("demands", "queues", "links"):
        columns = getattr(performance, part)
        row |= {f"{part}.{f.name}": np.ravel(getattr(columns, f.name)) for f in fields(columns)}
    if performance.interval is not None:
        row["coverage"] = performance.interval.coverage
        for prefix in ("lower", "upper"):
            bound = getattr(performance.interval, prefix)
            row |= {f"{prefix}_{name}": getattr(bound, name) for name in INTERVAL_FIGURES}
    return row


def _scenario(text: str, where: str) -> tuple[Scenario, CoverageLog]:
    plain = parse_json(text.encode(), where=where)
    if not isinstance(plain, dict):
        raise FormatError("the scenario is no document", where=where)
    places, log = Places(where), CoverageLog()
    return scenario_of(validated(plain, places), places, log), log


def _performance(values: dict[str, Any]) -> Performance:
    levels = tuple(values["quantile_levels"].as_py())
    return Performance(
        demands=DemandPerformance(**_columns(values, "demands.", [f.name for f in fields(DemandPerformance)], len(levels))),
        queues=QueuePerformance(**_columns(values, "queues.", [f.name for f in fields(QueuePerformance)], 0)),
        links=LinkPerformance(**_columns(values, "links.", [f.name for f in fields(LinkPerformance)], 0)),
        quantile_levels=levels,
        interval=_interval(values, len(levels)),
        engine=values["engine"].as_py(),
    )


def _interval(values: dict[str, Any], n_levels: int) -> Interval | None:
    if "coverage" not in values or values["coverage"].as_py() is None:
        return None
    n_demands = len(values["demands.delay_s"].values)
    bounds = []
    for prefix in ("lower_", "upper_"):
        unknown = DemandPerformance.unknown(n_demands, n_levels)
        known = {f.name: getattr(unknown, f.name) for f in fields(unknown)} | _columns(values, prefix, INTERVAL_FIGURES, 0)
        bounds.append(DemandPerformance(**known))
    return Interval(coverage=values["coverage"].as_py(), lower=bounds[0], upper=bounds[1])


def _columns(values: dict[str, Any], prefix: str, names: Sequence[str], n_levels: int) -> dict[str, Any]:
    columns = {name: values[prefix + name].values.to_numpy(zero_copy_only=False) for name in names}
    if "delay_quantiles_s" in columns:
        columns["delay_quantiles_s"] = columns["delay_quantiles_s"].reshape(-1, n_levels)
    return columns


@lru_cache(maxsize=2)
def _table(path: Path) -> Any:
    return _opened(path).read()


def _opened(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"no readable Parquet: {error}", where=str(path)) from None
    if file.metadata.num_rows > MOST_ROWS:
        raise LimitError(f"{file.metadata.num_rows} rows, more than {MOST_ROWS}", where=str(path))
    return file


def read_manifest(folder: Path) -> dict[str, Any]:
    """What is known about how a data set was made; empty where nothing is."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    plain = parse_json(path.read_bytes(), where=str(path))
    if not isinstance(plain, dict):
        raise FormatError("the manifest is no map", where=str(path))
    return plain


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Says how a data set was made."""
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
