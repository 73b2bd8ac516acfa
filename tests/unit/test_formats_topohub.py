"""topohub by name and as JSON: every family, what is made for it, options, wrong names and files."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nettwin import formats
from nettwin.controlplane import link_loads
from nettwin.errors import FormatError, InputError, ScenarioError, UnknownNameError
from nettwin.formats import Status, topohub, topohub_json
from nettwin.formats.assumptions import Assumptions
from nettwin.generate.geography import great_circle_m
from nettwin.scenario import INTERNET_MIX, Poisson, Scenario

TINY: dict[str, Any] = {
    "directed": False,
    "multigraph": False,
    "graph": {"name": "tiny", "demands": {"0": {"1": 30.0, "2": 5}, "1": {"2": 10.0}}, "stats": {"nodes": 3}},
    "nodes": [
        {"id": 0, "name": "West", "pos": [0.0, 50.0]},
        {"id": 1, "name": "East", "pos": [2.0, 50.0]},
        {"id": 2, "pos": [1.0, 51.0], "type": "Seacable Waypoint"},
    ],
    "edges": [
        {"source": 0, "target": 1, "dist": 150.0, "ecmp_fwd": {"uni": 3}},
        {"source": 1, "target": 2, "dist": 130.5},
        {"source": 2, "target": 0},
    ],
}


def tiny(**changes: object) -> dict[str, Any]:
    return json.loads(json.dumps(TINY)) | changes


def saved(folder: Path, document: object) -> Path:
    path = folder / "tiny.json"
    path.write_text(json.dumps(document))
    return path


def max_utilization(scenario: Scenario) -> float:
    return float((link_loads(scenario) / scenario.topology.capacity_bps).max())


def test_names_of_all_families() -> None:
    names = topohub.topohub_names()
    families = {name.split("/")[0] for name in names}
    assert families == set(topohub.FAMILIES)
    assert {"sndlib/germany50", "sndlib/geant", "gabriel/50/3", "topozoo/Abilene", "backbone/africa"} <= set(names)
    assert names.index("gabriel/5/0") < names.index("gabriel/10/0") < names.index("gabriel/100/9")


@pytest.mark.parametrize("name", ["gabriel/25/0", "sndlib/polska", "topozoo/Aarnet", "caida/2024-08/5384", "backbone/africa_nosc"])
def test_every_family_is_read_and_can_be_asked(name: str) -> None:
    imported = topohub.read_name(name)
    scenario = imported.scenario
    assert scenario.traffic.n_demands > 0
    assert 0 < max_utilization(scenario) <= 0.7 + 1e-9
    assert (scenario.topology.propagation_delay_s > 0).any()
    assert all(np.isfinite(link.scheduling.queues[0].buffer_packets) for link in scenario.topology.links)
    assert imported.coverage.count(Status.UNKNOWN) == 0


def test_germany50_has_its_demands_both_ways() -> None:
    scenario = topohub.read_name("sndlib/germany50").scenario
    assert (scenario.topology.n_nodes, scenario.topology.n_links, scenario.traffic.n_demands) == (50, 176, 1324)
    # the matrix adds up to 2365 Mbit/s in one direction
    assert scenario.traffic.rate_bps.sum() == pytest.approx(2 * 2365e6)
    rows = zip(scenario.traffic.source.tolist(), scenario.traffic.target.tolist(), scenario.traffic.rate_bps.tolist(), strict=True)
    rate = {(source, target): bps for source, target, bps in rows}
    assert all(rate[target, source] == bps for (source, target), bps in rate.items())


def test_geant_has_its_own_demands() -> None:
    scenario = topohub.read_name("sndlib/geant").scenario
    assert (scenario.topology.n_nodes, len(scenario.topology.circuits), scenario.traffic.n_demands) == (22, 36, 462)
    assert scenario.traffic.rate_bps.sum() == pytest.approx(2_999_992e6)
    assert set(scenario.traffic.arrivals) == {Poisson()}
    assert set(scenario.traffic.packet_sizes) == {INTERNET_MIX}


def test_delays_are_of_the_lengths_in_the_file() -> None:
    topology = topohub.read_name("sndlib/germany50").scenario.topology
    link = topology.link("Aachen->Koeln")
    distance = great_circle_m(*(topology.node(end).position for end in (link.source, link.target)))  # type: ignore[arg-type]
    assert link.propagation_delay_s == pytest.approx(distance / 2e8, rel=0.01)
    assert link.metric == round(distance / 1e3)


def test_options_in_the_name() -> None:
    plain = topohub.read_name("gabriel/10/0")
    scenario = topohub.read_name("gabriel/10/0?max_utilization=0.4&metric=hops&total_bps=5e9&buffer_packets=64&seed=7").scenario
    assert max_utilization(scenario) <= 0.4
    assert scenario.traffic.rate_bps.sum() == pytest.approx(5e9)
    assert set(scenario.topology.metric) == {1.0}
    assert scenario.topology.links[0].scheduling.queues[0].buffer_packets == 64
    assert plain.scenario.traffic.rate_bps.sum() == pytest.approx(10e9)


def test_given_demands_can_be_scaled() -> None:
    as_given, scaled = (topohub.read_name(f"sndlib/geant{query}").scenario.traffic.rate_bps for query in ("", "?total_bps=10e9"))
    assert scaled.sum() == pytest.approx(10e9)
    assert scaled / scaled.sum() == pytest.approx(as_given / as_given.sum())


def test_the_same_name_gives_the_same_scenario() -> None:
    first, second = (topohub.read_name("caida/2024-08/5384").scenario for _ in range(2))
    assert first.topology == second.topology
    assert first.traffic.rate_bps.tolist() == second.traffic.rate_bps.tolist()
    other = topohub.read_name("caida/2024-08/5384?seed=1").scenario
    assert first.traffic.rate_bps.tolist() != other.traffic.rate_bps.tolist()


def test_large_networks_have_traffic_between_their_heaviest_nodes_only() -> None:
    scenario = topohub.read_name("backbone/africa?max_demands=5000").scenario
    assert scenario.traffic.n_demands == 71 * 70
    talkers = {scenario.topology.nodes[index].tags for index in scenario.traffic.source.tolist()}
    assert talkers <= {("city",), ("seacable-landing-point",)}


def test_pixels_are_taken_for_kilometres() -> None:
    imported = topohub.read_name("sndlib/atlanta")
    longest = imported.scenario.topology.propagation_delay_s.max()
    assert 0 < longest < 2e-3  # not the 11,728 km of a great circle between pixels
    assert any(entry.item == "edge dist" for entry in imported.coverage.of(Status.IGNORED))


def test_brain_is_in_bits_per_second() -> None:
    assert topohub.read_name("sndlib/brain").scenario.traffic.rate_bps.sum() == pytest.approx(12_323_319_745.0)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sndlib/germany5", "sndlib/germany50"),
        ("germany50", "sndlib/germany50"),
        ("topozoo/abilen", "topozoo/Abilene"),
        ("gabriel/50/10", "gabriel/50/1"),
        ("../../secret", "known"),
        ("", "known"),
    ],
)
def test_unknown_names_get_suggestions(name: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        topohub.read_name(name)
    assert hint in caught.value.hint


def test_case_does_not_matter() -> None:
    assert topohub.read_name("topozoo/abilene").scenario.topology.n_nodes == topohub.read_name("topozoo/Abilene").scenario.topology.n_nodes


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("max_utilisation=0.5", UnknownNameError),
        ("metric=fast", UnknownNameError),
        ("max_utilization=nan", FormatError),
        ("max_utilization=0", ScenarioError),
        ("seed=-1", FormatError),
        ("seed=1.5", FormatError),
        ("total_bps=-1", ScenarioError),
        ("seed", FormatError),
    ],
)
def test_wrong_options(query: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        topohub.read_name(f"gabriel/5/0?{query}")


def test_the_registry_reads_names() -> None:
    assert formats.read("topohub:gabriel/5/0?seed=2").scenario.topology.n_nodes == 5


def test_a_file_is_read_as_the_name_is(tmp_path: Path) -> None:
    path = saved(tmp_path, TINY)
    scenario = topohub_json.read(path).scenario
    assert [node.id for node in scenario.topology.nodes] == ["West", "East", "2"]
    assert scenario.topology.node("2").tags == ("seacable-waypoint",)
    assert scenario.traffic.n_demands == 6
    assert scenario.topology.link("West->East").propagation_delay_s == pytest.approx(150e3 / 2e8)
    assert topohub_json.recognizes(path, path.read_bytes())
    assert formats.read(path).scenario.topology == scenario.topology


def test_an_unknown_key_is_reported(tmp_path: Path) -> None:
    document = tiny()
    document["edges"][1]["paint"] = "blue"
    unknown = topohub_json.read(saved(tmp_path, document)).coverage.of(Status.UNKNOWN)
    assert [(entry.item, entry.place.rpartition(" ")[2]) for entry in unknown] == [("edge paint", "edges[1]")]


@pytest.mark.parametrize("name", ["gabriel/15/0", "sndlib/geant", "sndlib/atlanta", "topozoo/Aarnet", "sndlib/germany50"])
def test_round_trip(name: str, tmp_path: Path) -> None:
    scenario = topohub.read_name(name).scenario
    report = topohub_json.write(scenario, tmp_path / "copy.json")
    again = topohub_json.read(tmp_path / "copy.json").scenario
    assert [replace(node, label="") for node in scenario.topology.nodes] == list(again.topology.nodes)
    assert again.topology.links == scenario.topology.links
    order = [again.demand_index[own] for own in scenario.demand_ids] if not scenario.traffic.ids else range(scenario.traffic.n_demands)
    assert again.traffic.rate_bps[list(order)] == pytest.approx(scenario.traffic.rate_bps, rel=1e-12)
    assert report.count(Status.UNKNOWN) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nodes": [], "edges": [], "graph": {}}, "no nodes"),
        ({"nodes": {}}, "nodes is no list"),
        ({"nodes": [{"id": 0}, {"id": 0}]}, "'0' stands twice"),
        ({"nodes": [{"name": "x"}]}, r"nodes\[0\].*without an id"),
        ({"nodes": [{"id": True}]}, "without an id"),
        ({"nodes": [{"id": 0, "pos": [1, None]}]}, r"nodes\[0\].*pos"),
        ({"nodes": [{"id": 0, "pos": 3}]}, "pair of numbers"),
        ({"edges": [{"source": 0, "target": 7}]}, r"edges\[0\].*unknown node '7'"),
        ({"edges": [{"source": 0}]}, "unknown node 'None'"),
        ({"edges": [7]}, "no object"),
        ({"edges": [{"source": 0, "target": 1, "dist": -1}]}, "dist is -1"),
        ({"edges": [{"source": 0, "target": 1, "capacity_bps": 0}]}, "capacity_bps is 0"),
        ({"edges": [{"source": 0, "target": 1, "dist": "long"}]}, "dist is 'long'"),
        ({"graph": []}, "graph is no object"),
        ({"graph": {"demands": {"0": {"9": 1}}}}, "unknown node '9'"),
        ({"graph": {"demands": {"0": {"1": -1}}}}, "demand is -1"),
        ({"graph": {"demands": {"0": 3}}}, "no object"),
    ],
)
def test_wrong_files_say_where_and_what(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        topohub_json.read(saved(tmp_path, tiny(**change)))


def test_assumptions_are_arguments_too(tmp_path: Path) -> None:
    path = saved(tmp_path, TINY)
    assert topohub_json.read(path, Assumptions(both_ways=False)).scenario.traffic.n_demands == 3
    assert topohub_json.read(path, Assumptions(total_bps=1e6)).scenario.traffic.rate_bps.sum() == pytest.approx(1e6)


def test_failing_the_busiest_link_of_geant_shows_something() -> None:
    """The scenario of ``make run``: busy but fine before, overloaded after."""
    from nettwin.changes import FailLink

    scenario = topohub.read_name("sndlib/geant?total_bps=10e9").scenario
    busiest = scenario.topology.links[int(np.argmax(link_loads(scenario) / scenario.topology.capacity_bps))]
    assert 0.65 <= max_utilization(scenario) <= 0.7
    assert max_utilization(FailLink(busiest.id).apply(scenario)) > 1.2
