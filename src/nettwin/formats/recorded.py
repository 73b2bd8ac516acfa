"""A nettwin data set: a folder with a folder per sample, each a scenario and the performance that was recorded for it.

    dataset/000000/scenario.yaml   demands.parquet   queues.parquet   links.parquet

Columns are those of a Performance in SI units; quantiles are ``delay_quantile_0.9_s``, bounds of an interval have the prefix ``lower_``
or ``upper_``. Engine, quantile levels and the interval's coverage are in the schema metadata of ``demands.parquet``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nettwin.errors import FormatError, LimitError, NettwinError
from nettwin.formats import registry
from nettwin.formats.imported import Imported
from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

SCENARIO = "scenario.yaml"
PARTS = ("demands", "queues", "links")
METADATA_KEY = b"nettwin"
MOST_ROWS = 10_000_000

Part = TypeVar("Part", QueuePerformance, LinkPerformance)


@dataclass(frozen=True, slots=True)
class RecordedSample:
    """One sample of a data set, not yet read."""

    path: Path

    @property
    def source(self) -> str:
        return str(self.path)

    def read(self) -> Imported:
        """Scenario and performance."""
        scenario = registry.read(self.path / SCENARIO)
        return Imported(scenario.scenario, scenario.coverage, read_performance(self.path))


def is_dataset(path: Path) -> bool:
    """Whether a folder is a data set, or one sample of it."""
    return path.is_dir() and next(samples(path), None) is not None


def samples(path: Path) -> Iterator[RecordedSample]:
    """The samples of a data set in the order of their names; a sample alone is a data set of one."""
    folders = [path] if (path / SCENARIO).is_file() else sorted(path.iterdir())
    yield from (RecordedSample(folder) for folder in folders if (folder / SCENARIO).is_file() and _part(folder, "demands").is_file())


def write_sample(scenario: Scenario, performance: Performance, folder: Path) -> RecordedSample:
    """Adds a sample: ``folder`` is made and holds both."""
    folder.mkdir(parents=True, exist_ok=True)
    registry.write(scenario, folder / SCENARIO)
    write_performance(performance, folder)
    return RecordedSample(folder)


def write_performance(performance: Performance, folder: Path) -> None:
    """Three Parquet files in an existing folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    interval = performance.interval
    columns = _demand_columns(performance.demands, performance, "")
    for prefix, bound in (("lower_", interval.lower), ("upper_", interval.upper)) if interval else ():
        columns |= _demand_columns(bound, performance, prefix)
    if performance.is_trusted is not None:
        columns["is_trusted"] = performance.is_trusted
    about = {"engine": performance.engine, "quantile_levels": performance.quantile_levels, "coverage": interval and interval.coverage}
    demands = pa.table(columns).replace_schema_metadata({METADATA_KEY: json.dumps(about)})
    pq.write_table(demands, _part(folder, "demands"))
    for name in ("queues", "links"):
        part = getattr(performance, name)
        pq.write_table(pa.table({f.name: getattr(part, f.name) for f in fields(part)}), _part(folder, name))


def read_performance(folder: Path) -> Performance:
    """The performance in a folder. Raises FormatError or LimitError where the files are not what they should be."""
    demands, about = _read_table(_part(folder, "demands"))
    try:
        levels = tuple(float(level) for level in about["quantile_levels"])
        coverage = about["coverage"]
        return Performance(
            demands=_demands(demands, levels, ""),
            queues=_columns(QueuePerformance, _read_table(_part(folder, "queues"))[0]),
            links=_columns(LinkPerformance, _read_table(_part(folder, "links"))[0]),
            quantile_levels=levels,
            interval=_interval(demands, levels, float(coverage)) if coverage is not None else None,
            is_trusted=demands["is_trusted"].astype(np.bool_) if "is_trusted" in demands else None,
            engine=str(about["engine"]),
        )
    except NettwinError as error:
        raise error.at(str(folder)) from None
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the performance cannot be understood: {error}", where=str(folder)) from None


def _part(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def _demand_columns(columns: DemandPerformance, owner: Performance, prefix: str) -> dict[str, Any]:
    plain = {prefix + f.name: getattr(columns, f.name) for f in fields(columns) if f.name != "delay_quantiles_s"}
    quantiles = {_quantile(level, prefix): columns.delay_quantiles_s[:, i] for i, level in enumerate(owner.quantile_levels)}
    return plain | quantiles


def _quantile(level: float, prefix: str) -> str:
    return f"{prefix}delay_quantile_{level:g}_s"


def _demands(columns: Mapping[str, FloatArray], levels: tuple[float, ...], prefix: str) -> DemandPerformance:
    plain = {f.name: columns[prefix + f.name] for f in fields(DemandPerformance) if f.name != "delay_quantiles_s"}
    n_demands = len(columns[f"{prefix}delay_s"])
    quantiles = [columns[_quantile(level, prefix)] for level in levels]
    return DemandPerformance(**plain, delay_quantiles_s=np.stack(quantiles, axis=1) if levels else np.empty((n_demands, 0)))


def _interval(columns: Mapping[str, FloatArray], levels: tuple[float, ...], coverage: float) -> Interval:
    return Interval(coverage=coverage, lower=_demands(columns, levels, "lower_"), upper=_demands(columns, levels, "upper_"))


def _columns(build: Callable[..., Part], columns: Mapping[str, FloatArray]) -> Part:
    return build(**columns)


def _read_table(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > MOST_ROWS:
                raise LimitError(f"{file.metadata.num_rows} rows, more than {MOST_ROWS}", where=str(path))
            table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"no readable Parquet: {error}", where=str(path)) from None
    about = json.loads((table.schema.metadata or {}).get(METADATA_KEY, b"{}"))
    return {name: table.column(name).to_numpy() for name in table.column_names}, about
