"""Data sets: deterministic, resumable, extensible; what was measured elsewhere can be added."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.changes import same_content
from nettwin.controlplane import route
from nettwin.errors import InputError
from nettwin.formats import shards
from nettwin.generate.scenarios import ScenarioSpace
from nettwin.learn.dataset import (
    DatasetArgs,
    append_samples,
    build_dataset,
    label_noise,
    real_topologies,
    sample,
)
from nettwin.learn.dataset_summary import FIRST_MEASURED, summarize_dataset
from nettwin.learn.real_networks import REAL_NETWORKS
from nettwin.performance.error_measures import relative_standard_errors as standard_errors
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

ARGS = DatasetArgs(samples=3, seed=4, space=ScenarioSpace(nodes=(3, 5), max_demands=20), hops=2e4, hops_per_demand=0, shard_size=2)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three samples in two shards; nobody changes it."""
    folder = tmp_path_factory.mktemp("built")
    build_dataset(folder, ARGS)
    return folder


def names(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.iterdir())]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def copy(folder: Path, target: Path) -> Path:
    for name, data in content(folder).items():
        (target / name).write_bytes(data)
    return target


def test_a_data_set_is_shards_and_a_manifest(built: Path) -> None:
    assert names(built) == ["manifest.json", "shard-00000.parquet", "shard-00001.parquet"]
    assert [shards.n_rows(path) for path in sorted(built.glob(shards.PATTERN))] == [2, 1]
    manifest = shards.read_manifest(built)
    assert manifest["engine"] == "simulator"
    assert (manifest["args"]["samples"], manifest["args"]["space"]["nodes"]) == (3, [3, 5])
    assert 0 < manifest["label_noise"]["delay_relative_standard_error"] < 1


def test_samples_depend_on_seed_and_index_only(built: Path) -> None:
    topologies = real_topologies(5)
    scenario, performance = sample(ARGS, 2, topologies)
    imported = list(shards.samples(built))[2].read()
    assert same_content(imported.scenario, scenario)
    assert imported.performance is not None
    for part in ("demands", "queues", "links"):
        mine, theirs = getattr(performance, part), getattr(imported.performance, part)
        for f in fields(mine):
            np.testing.assert_array_equal(getattr(mine, f.name), getattr(theirs, f.name), err_msg=f.name)
    assert not same_content(sample(replace(ARGS, seed=5), 2, topologies)[0], scenario)


def test_a_lost_shard_is_simulated_again_and_nothing_else(built: Path, tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    lost, kept = shards.shard_path(folder, 0), shards.shard_path(folder, 1)
    lost.unlink()
    written = kept.stat().st_mtime_ns
    done: list[tuple[int, int]] = []
    build_dataset(folder, ARGS, progress=lambda n, total: done.append((n, total)))
    assert content(folder) == content(built)
    assert kept.stat().st_mtime_ns == written
    assert done == [(3, 3)]


def test_two_processes_make_the_same_data_set(built: Path, tmp_path: Path) -> None:
    build_dataset(tmp_path, ARGS, jobs=2)
    assert content(tmp_path) == content(built)


def test_what_was_left_by_an_interruption_does_no_harm(built: Path, tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    shards.shard_path(folder, 1).rename(shards.shard_path(folder, 1).with_suffix(".unfinished"))
    build_dataset(folder, ARGS)
    assert content(folder) == content(built)


def test_more_samples_extend_even_the_last_shard(built: Path, tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    manifest = build_dataset(folder, replace(ARGS, samples=5))
    assert manifest["args"]["samples"] == 5
    assert [shards.n_rows(path) for path in sorted(folder.glob(shards.PATTERN))] == [2, 2, 1]
    assert shards.shard_path(folder, 0).read_bytes() == shards.shard_path(built, 0).read_bytes()
    whole = [sample.read().scenario for sample in shards.samples(folder)]
    assert same_content(whole[2], next(shards.samples(shards.shard_path(built, 1))).read().scenario)
    assert len({scenario.name for scenario in whole}) == 5
    build_dataset(folder, ARGS)  # fewer than there are: nothing is lost
    assert len(list(shards.samples(folder))) == shards.read_manifest(folder)["args"]["samples"] == 5


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"seed": 5}, "seed"),
        ({"hops": 1e4}, "hops"),
        ({"shard_size": 3}, "shard_size"),
        ({"space": ScenarioSpace(nodes=(3, 5), max_demands=20, max_load=(0.1, 0.9))}, "space"),
    ],
)
def test_other_arguments_are_refused(built: Path, other: dict[str, object], named: str) -> None:
    before = content(built)
    with pytest.raises(InputError, match=f"other arguments: {named}"):
        build_dataset(built, replace(ARGS, **other))
    assert content(built) == before


def test_a_manifest_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"args": [1]}')
    with pytest.raises(InputError, match="args are no map"):
        build_dataset(tmp_path, ARGS)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"shard_size": 0}, {"hops": 0.0}, {"hops_per_demand": -1.0}, {"seed": -1}])
def test_impossible_arguments_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="data set"):
        DatasetArgs(**wrong)  # type: ignore[arg-type]


def test_a_space_without_scenarios_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    from nettwin.errors import ScenarioError
    from nettwin.learn import dataset

    attempts: list[int] = []

    def refuse(*_: object) -> Scenario:
        attempts.append(1)
        raise ScenarioError("no link carries anything")

    monkeypatch.setattr(dataset, "random_scenario", refuse)
    with pytest.raises(InputError, match=r"sample 3: 20 draws without a scenario"):
        sample(ARGS, 3, ())
    assert len(attempts) == 20


def measured(name: str = "ours") -> tuple[Scenario, object]:
    scenario = replace(triangle(), name=name)
    return scenario, FakePredictor().predict(scenario)


def test_measured_samples_follow_the_simulated_ones(built: Path, tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    assert append_samples(folder, [measured("one"), measured("two")], source="monday") == 2
    assert append_samples(folder, [measured("three")], source="tuesday") == 1
    assert append_samples(folder, []) == 0
    assert names(folder)[-2:] == [f"shard-{FIRST_MEASURED}.parquet", f"shard-{FIRST_MEASURED + 1}.parquet"]
    assert [sample.read().scenario.name for sample in shards.samples(folder)][3:] == ["one", "two", "three"]
    manifest = shards.read_manifest(folder)
    assert [(entry["source"], entry["samples"]) for entry in manifest["measured"]] == [("monday", 2), ("tuesday", 1)]
    extended = build_dataset(folder, replace(ARGS, samples=4))
    assert extended["measured"] == manifest["measured"]
    assert len(list(shards.samples(folder))) == 4 + 3


def test_measured_samples_need_no_simulated_ones(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert append_samples(folder, (measured(str(number)) for number in range(41))) == 41
    assert [shards.n_rows(path) for path in sorted(folder.glob(shards.PATTERN))] == [40, 1]
    assert label_noise(folder) == {}


def test_networks_with_many_demands_are_written_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nettwin.learn import dataset

    monkeypatch.setattr(dataset, "_MOST_DEMANDS", 5)  # of three each
    append_samples(tmp_path, [measured()] * 5)
    assert [shards.n_rows(path) for path in sorted(tmp_path.glob(shards.PATTERN))] == [2, 2, 1]


def test_the_summary_counts_every_sample_once(built: Path, tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    append_samples(folder, [measured("recorded ring 5 nodes load 0.50")])  # a name that misleads
    document = summarize_dataset(folder).to_dict()
    assert (document["samples"], document["measured"], document["shards"]) == (4, 1, 3)
    for counts in ("by_style", "by_load", "by_nodes", "by_family", "by_trouble"):
        assert sum(group["samples"] for group in document[counts]) == 4
    assert {"style": "measured", "samples": 1} in document["by_style"]
    assert document["by_load"][0]["samples"] >= 1  # the triangle has a load of 0.4
    with pytest.raises(InputError, match="no data set"):
        summarize_dataset(tmp_path / "absent")


def test_label_noise_shrinks_with_the_root_of_the_effort() -> None:
    topologies = real_topologies(5)
    errors = []
    for hops in (2e4, 2e6):
        performance = sample(replace(ARGS, hops=hops), 0, topologies)[1]
        errors.append(np.nanmean(standard_errors(performance)))
    assert 4 < errors[0] / errors[1] < 25  # 10, but for chance


def test_realised_rates_replace_those_that_were_measured() -> None:
    scenario = triangle()
    answer = FakePredictor().predict(scenario)
    offered = replace(answer.demands, offered_bps=np.array([5e5, np.nan, 0.0]))
    assert with_realised_rates(scenario, replace(answer, demands=offered)).traffic.rate_bps.tolist() == [5e5, 1e5, 0.0]


def test_realised_rates_are_those_of_the_run(built: Path) -> None:
    """Near the nominal ones for a demand of many packets."""
    topology = Topology((Node("A"), Node("B")), (Link("A->B", "A", "B", 1e6),))
    scenario = Scenario(topology, Traffic.of([Demand("A", "B", 5e5)], topology))
    from nettwin.simulation import SimulationSettings, simulate

    run = simulate(scenario, route(scenario), SimulationSettings(packets=2e4, seed=1)).performance
    (rate,) = with_realised_rates(scenario, run).traffic.rate_bps
    assert rate != 5e5
    assert rate == pytest.approx(5e5, rel=0.1)


def test_real_networks_are_as_large_as_we_say() -> None:
    sizes = [topology.n_nodes for topology in real_topologies(10)]
    assert sizes == [n_nodes for _, n_nodes in REAL_NETWORKS]
    assert {topology.n_nodes for topology in real_topologies(6)} == {5, 6}
