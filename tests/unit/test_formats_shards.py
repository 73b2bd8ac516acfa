from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.errors import FormatError, InputError, LimitError
from nettwin.formats import shards
from nettwin.formats.shards import parquet, rows

PREDICTOR = FakePredictor(half_width_s=1e-3)
Table = dict[str, list[Any]]


def content(n_samples: int) -> list[tuple[Any, Any]]:
    return [(triangle(), PREDICTOR.predict(triangle()))] * n_samples


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = shards.shard_path(tmp_path, 0)
    shards.write_shard(path, content(2))
    return path


def altered(path: Path, change: Callable[[Table], object]) -> Path:
    table: Table = pq.read_table(path).to_pydict()
    change(table)
    pq.write_table(pa.table(table), path)
    return path


HOSTILE: dict[str, Callable[[Table], object]] = {
    "no scenario": lambda t: t.pop("scenario"),
    "no delays": lambda t: t.pop("demands.delay_s"),
    "no levels": lambda t: t.pop("quantile_levels"),
    "scenario is a number": lambda t: t.update(scenario=[1, 2]),
    "scenario is null": lambda t: t.update(scenario=[None, None]),
    "scenario is no JSON": lambda t: t.update(scenario=["{", "{"]),
    "scenario is a list": lambda t: t.update(scenario=["[]", "[]"]),
    "scenario is another document": lambda t: t.update(scenario=['{"nettwin": 1, "links": 3}'] * 2),
    "scenario is deep": lambda t: t.update(scenario=["[" * 100_000] * 2),
    "delays are words": lambda t: t.update({"demands.delay_s": [["a", "b", "c"]] * 2}),
    "delays are null": lambda t: t.update({"demands.delay_s": [None, None]}),
    "delays are no list": lambda t: t.update({"demands.delay_s": [1.0, 2.0]}),
    "too few delays": lambda t: t.update({"demands.delay_s": [[1.0]] * 2}),
    "too few of everything": lambda t: t.update({name: [[1.0]] * 2 for name in t if name.startswith("links.")}),
    "too few quantiles": lambda t: t.update({"demands.delay_quantiles_s": [[1.0] * 5] * 2}),
    "levels are words": lambda t: t.update(quantile_levels=[["a"] * 8] * 2),
    "coverage is a word": lambda t: t.update(coverage=["much"] * 2),
    "coverage is 7": lambda t: t.update(coverage=[7.0] * 2),
    "no upper bound": lambda t: t.pop("upper_delay_s"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shard_that_makes_no_sense_is_an_input_error(name: str, shard: Path) -> None:
    path = altered(shard, HOSTILE[name])
    with pytest.raises(InputError, match=r"shard-00000\.parquet#0"):
        shards.read_row(path, 0)


def test_no_parquet_is_an_input_error(tmp_path: Path) -> None:
    path = shards.shard_path(tmp_path, 0)
    for data in (b"", b"PAR1", b"\0" * 1000):
        path.write_bytes(data)
        with pytest.raises(FormatError, match="no readable Parquet"):
            shards.n_rows(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(FormatError, match="no readable Parquet"):
        shards.n_rows(path)
    with pytest.raises(FormatError, match="no readable file"):
        shards.read_row(tmp_path / "absent.parquet", 0)


def test_rows_count_from_0(shard: Path) -> None:
    for row in (-1, 2):
        with pytest.raises(FormatError, match="there are 2"):
            shards.read_row(shard, row)


def test_a_file_in_the_place_of_another_is_read_anew(shard: Path) -> None:
    assert shards.read_row(shard, 0).scenario.name == "triangle"
    shards.write_shard(shard, content(3))
    assert shards.n_rows(shard) == 3
    altered(shard, lambda table: table.update(name=["x"] * 3))
    assert shards.names(shard) == ["x"] * 3


def test_samples_that_are_kept_do_not_keep_their_shard(shard: Path) -> None:
    performance = shards.read_performance(shard, 0)
    delay_s = performance.demands.delay_s
    base = delay_s if delay_s.base is None else delay_s.base
    assert isinstance(base, np.ndarray)
    assert base.nbytes == 3 * 8


def test_samples_with_many_demands_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_GROUP_DEMANDS", 7)
    path = shards.shard_path(tmp_path, 0)
    shards.write_shard(path, content(5))  # of three demands
    with pq.ParquetFile(path) as file:
        assert [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)] == [2, 2, 1]
    assert [sample.read().scenario.name for sample in shards.samples(tmp_path)] == ["triangle"] * 5
    parquet._row_group.cache_clear()
    shards.read_row(path, 4)
    assert parquet._row_group.cache_info().currsize == 1


def test_files_beyond_the_limits_are_refused(shard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_MOST_GROUP_BYTES", 1000)
    with pytest.raises(LimitError, match="a row group of"):
        parquet._opened(shard)
    monkeypatch.setattr(parquet, "_MOST_ROWS", 1)
    with pytest.raises(LimitError, match="2 rows, more than 1"):
        parquet._opened(shard)


def test_a_scenario_of_300_nodes_is_within_the_limits() -> None:
    """90,000 demands of a list and six values each, and a table of 300 x 300 next links."""
    assert rows._LIMITS.json_elements > 90_000 * 8 + 300 * 302


def test_samples_with_and_without_intervals_share_a_shard(tmp_path: Path) -> None:
    path = shards.shard_path(tmp_path, 0)
    shards.write_shard(path, [(triangle(), FakePredictor().predict(triangle())), *content(1)])
    intervals = [shards.read_performance(path, row).interval for row in (0, 1)]
    assert intervals[0] is None
    assert intervals[1] is not None
    assert intervals[1].coverage == 0.95


def test_what_is_a_data_set_of_shards(shard: Path, tmp_path: Path) -> None:
    assert shards.is_shards(tmp_path)
    assert shards.is_shards(shard)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "shard-all.parquet").write_bytes(b"")
    assert not shards.is_shards(tmp_path / "elsewhere")
    assert not shards.is_shards(tmp_path / "absent")
    assert shards.shard_number(shard) == 0


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": NaN}'])
def test_a_manifest_that_is_no_map_is_an_input_error(text: str, tmp_path: Path) -> None:
    assert shards.read_manifest(tmp_path) == {}
    (tmp_path / shards.MANIFEST).write_text(text)
    with pytest.raises(FormatError, match=r"manifest\.json"):
        shards.read_manifest(tmp_path)


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    shards.write_manifest(tmp_path, {"args": {"samples": 3}})
    assert shards.read_manifest(tmp_path) == {"args": {"samples": 3}}
    assert [path.name for path in tmp_path.iterdir()] == [shards.MANIFEST]
