"""Large data sets: many samples per Parquet file, a row each: a scenario (our JSON document) and the performance measured for it.

    dataset/manifest.json   shard-00000.parquet   shard-00001.parquet   ...

Columns of figures are lists, one value per demand, queue or link, in SI units; ``lower_`` and ``upper_`` bound an interval.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nettwin.formats.imported import Imported
from nettwin.formats.shards import parquet
from nettwin.formats.shards.manifest import MANIFEST, read_manifest, write_manifest
from nettwin.formats.shards.rows import INTERVAL_FIGURES, performance_of, row_of, sample_of
from nettwin.performance import Performance
from nettwin.scenario import Scenario

__all__ = [
    "INTERVAL_FIGURES",
    "MANIFEST",
    "PATTERN",
    "SUFFIX",
    "ShardSample",
    "is_shards",
    "n_rows",
    "names",
    "read_manifest",
    "read_performance",
    "read_row",
    "samples",
    "shard_number",
    "shard_path",
    "write_manifest",
    "write_shard",
]

SUFFIX = ".parquet"
PATTERN = f"shard-[0-9][0-9][0-9][0-9][0-9]{SUFFIX}"

_GROUP_DEMANDS = 100_000
"""A row group, the least that is read at once, holds samples with about so many demands."""


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
    """Whether a path is a shard, or a folder with some."""
    return path.suffix == SUFFIX if path.is_file() else next(path.glob(PATTERN), None) is not None


def samples(path: Path) -> Iterator[ShardSample]:
    """The samples of a folder, or of one shard, in order."""
    for shard in [path] if path.is_file() else sorted(path.glob(PATTERN)):
        yield from (ShardSample(shard, row) for row in range(n_rows(shard)))


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"shard-{number:05d}{SUFFIX}"


def shard_number(path: Path) -> int:
    """The number in the name of a file that matches ``PATTERN``."""
    return int(path.stem.rpartition("-")[2])


def write_shard(path: Path, content: Iterable[tuple[Scenario, Performance]]) -> None:
    """Writes all samples of one shard; the file appears when it is complete."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row_of(scenario, performance) for scenario, performance in content]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    unfinished = path.with_suffix(".unfinished")
    largest = max((len(row["demands.delay_s"]) for row in rows), default=0)
    table = pa.table({name: [row.get(name) for row in rows] for name in columns})
    pq.write_table(table, unfinished, compression="zstd", row_group_size=max(1, _GROUP_DEMANDS // max(largest, 1)))
    unfinished.rename(path)


def n_rows(path: Path) -> int:
    """How many samples a shard holds."""
    return parquet.n_rows(path)


def names(path: Path) -> list[str]:
    """The names of the scenarios in a shard; nothing else is read."""
    return [str(name) for name in parquet.column(path, "name")]


def read_row(path: Path, row: int) -> Imported:
    """One sample of a shard. Raises FormatError, LimitError."""
    return sample_of(parquet.cells(path, row), f"{path}#{row}")


def read_performance(path: Path, row: int) -> Performance:
    """The performance of one sample, without the work of building its scenario. Raises FormatError, LimitError."""
    return performance_of(parquet.cells(path, row), f"{path}#{row}")
