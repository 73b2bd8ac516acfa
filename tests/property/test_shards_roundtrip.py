"""Shards give back what they were given, and end in an InputError where somebody broke them."""

import random
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettwin.changes import same_content
from nettwin.errors import InputError
from nettwin.formats import shards
from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario import Scenario
from strategies import scenarios

EXAMPLES = 20


@st.composite
def performances(draw: st.DrawFn, scenario: Scenario) -> Performance:
    """Any figures in the shape of the scenario, with and without an interval."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))

    def column(*shape: int) -> np.ndarray:
        return np.where(generator.random(shape) < 0.2, np.nan, generator.lognormal(sigma=9, size=shape))

    levels = tuple(draw(st.lists(st.sampled_from([0.1, 0.5, 0.9, 0.99, 0.999]), unique=True).map(sorted)))
    n_demands, topology = scenario.traffic.n_demands, scenario.topology
    names = [f.name for f in fields(DemandPerformance) if f.name != "delay_quantiles_s"]
    demands = DemandPerformance(**{name: column(n_demands) for name in names}, delay_quantiles_s=column(n_demands, len(levels)))
    unknown = DemandPerformance.unknown(n_demands, len(levels))
    bounds = [replace(unknown, delay_s=column(n_demands), loss_ratio=column(n_demands)) for _ in range(2)]
    return Performance(
        demands=demands,
        queues=QueuePerformance(**{f.name: column(topology.n_queues) for f in fields(QueuePerformance)}),
        links=LinkPerformance(**{f.name: column(topology.n_links) for f in fields(LinkPerformance)}),
        quantile_levels=levels,
        interval=draw(st.none() | st.just(Interval(coverage=0.95, lower=bounds[0], upper=bounds[1]))),
        engine=draw(st.sampled_from(["", "simulator", "Ø"])),
    )


samples = scenarios().flatmap(lambda scenario: st.tuples(st.just(scenario), performances(scenario)))


def assert_same(one: Performance, other: Performance) -> None:
    assert (one.quantile_levels, one.engine) == (other.quantile_levels, other.engine)
    assert (one.interval is None) == (other.interval is None)
    parts = [(getattr(one, name), getattr(other, name)) for name in ("demands", "queues", "links")]
    if one.interval and other.interval:
        assert one.interval.coverage == other.interval.coverage
        parts += [(one.interval.lower, other.interval.lower), (one.interval.upper, other.interval.upper)]
    for mine, theirs in parts:
        for f in fields(mine):
            np.testing.assert_array_equal(getattr(mine, f.name), getattr(theirs, f.name), err_msg=f.name)


@settings(max_examples=EXAMPLES)
@given(content=st.lists(samples, min_size=1, max_size=3))
def test_a_shard_gives_back_its_samples(content: list[tuple[Scenario, Performance]]) -> None:
    with TemporaryDirectory() as folder:
        path = shards.shard_path(Path(folder), 7)
        shards.write_shard(path, content)
        assert shards.n_rows(path) == len(content)
        assert shards.names(path) == [scenario.name for scenario, _ in content]
        for sample, (scenario, performance) in zip(shards.samples(Path(folder)), content, strict=True):
            imported = sample.read()
            assert imported.coverage.is_complete
            assert same_content(imported.scenario, scenario)
            assert imported.scenario.demand_ids == scenario.demand_ids
            assert (imported.scenario.name, imported.scenario.description) == (scenario.name, scenario.description)
            assert imported.performance is not None
            assert_same(imported.performance, performance)
            assert_same(shards.read_performance(sample.path, sample.row), performance)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    from fake_predictor import FakePredictor, triangle

    path = shards.shard_path(tmp_path_factory.mktemp("shard"), 0)
    shards.write_shard(path, [(triangle(), FakePredictor(half_width_s=1e-3).predict(triangle()))] * 2)
    return path.read_bytes()


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32), n_flips=st.integers(1, 30), end=st.none() | st.floats(0, 1))
def test_broken_bytes_are_an_input_error_or_harmless(whole: bytes, seed: int, n_flips: int, end: float | None) -> None:
    generator, content = random.Random(seed), bytearray(whole)  # noqa: S311 - no secret
    for _ in range(n_flips):
        content[generator.randrange(len(content))] = generator.randrange(256)
    with TemporaryDirectory() as folder:
        path = shards.shard_path(Path(folder), 0)
        path.write_bytes(bytes(content) if end is None else bytes(content[: int(end * len(content))]))
        try:
            for sample in shards.samples(Path(folder)):
                sample.read()
            shards.names(path)
        except InputError as error:
            assert str(path) in str(error)
