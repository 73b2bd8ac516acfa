"""load(save(x)) == x for everything that a scenario can hold, in every format that promises it."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from nettwin.changes import same_content
from nettwin.formats import Status, read, write
from nettwin.formats.networkx import from_networkx, to_networkx
from nettwin.scenario import LinkPlanning, Observation, PacketTrace, Poisson, RoutingPolicy, Scenario, Topology, Traffic
from strategies import scenarios, topologies


def reread(scenario: Scenario, name: str) -> Scenario:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        assert write(scenario, path).is_complete
        imported = read(path)
    assert imported.coverage.is_complete, imported.coverage
    return imported.scenario


@pytest.mark.parametrize("name", ["network.yaml", "network.json", "network.node-link.json"])
@given(scenario=scenarios())
def test_the_own_format_keeps_everything(name: str, scenario: Scenario) -> None:
    again = reread(scenario, name)
    assert same_content(again, scenario)
    assert again.topology.nodes == scenario.topology.nodes
    assert again.topology.links == scenario.topology.links
    assert again.topology.metadata == scenario.topology.metadata
    assert again.demand_ids == scenario.demand_ids
    assert (again.traffic.ids == ()) == (scenario.traffic.ids == ())
    assert (again.name, again.description) == (scenario.name, scenario.description)


@given(scenario=scenarios())
def test_networkx_keeps_everything(scenario: Scenario) -> None:
    imported = from_networkx(to_networkx(scenario))
    assert imported.coverage.is_complete
    assert same_content(imported.scenario, scenario)
    assert imported.scenario.topology.links == scenario.topology.links
    assert imported.scenario.demand_ids == scenario.demand_ids


def without_what_tables_lack(scenario: Scenario) -> Scenario:
    """No planning, traces, segment lists, bases, observation, description and metadata: the writer reports each of them."""
    topology, traffic, policy = scenario.topology, scenario.traffic, scenario.policy
    links = tuple(replace(link, planning=LinkPlanning()) for link in topology.links)
    arrivals = tuple(Poisson() if isinstance(process, PacketTrace) else process for process in traffic.arrivals)
    return replace(
        scenario,
        topology=replace(topology, links=links, metadata={}),
        traffic=replace(traffic, arrivals=arrivals),
        policy=RoutingPolicy(explicit_paths=policy.explicit_paths),
        observation=Observation(),
        description="",
    )


@given(scenario=scenarios().map(without_what_tables_lack))
def test_csv_tables_keep_what_they_have_columns_for(scenario: Scenario) -> None:
    again = reread(scenario, "network.csv.d")
    assert same_content(again, scenario)
    assert again.topology.links == scenario.topology.links
    assert again.demand_ids == scenario.demand_ids


@given(scenario=scenarios())
def test_csv_tables_report_what_they_lose(scenario: Scenario) -> None:
    with TemporaryDirectory() as folder:
        report = write(scenario, Path(folder) / "network.csv.d")
    lost = without_what_tables_lack(scenario)
    is_lossless = same_content(lost, scenario) and not scenario.description and not scenario.topology.metadata
    assert report.is_complete == is_lossless


@given(topology=topologies())
def test_rfc8345_keeps_topology_or_reports_what_it_rounds(topology: Topology) -> None:
    scenario = Scenario(topology, Traffic.of((), topology), name="network")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.rfc8345.json"
        report = write(scenario, path)
        again = read(path).scenario.topology
    assert [node.id for node in again.nodes] == [node.id for node in topology.nodes]
    assert [node.is_up for node in again.nodes] == [node.is_up for node in topology.nodes]
    ignored = {entry.item for entry in report.of(Status.IGNORED)}
    for before, after in zip(topology.links, again.links, strict=True):
        assert (after.id, after.source, after.target, after.is_up) == (before.id, before.source, before.target, before.is_up)
        assert len(after.risk_groups) == len(before.risk_groups)
        assert after.capacity_bps == before.capacity_bps or "digits of link capacity_bps" in ignored
        assert after.capacity_bps == pytest.approx(before.capacity_bps, rel=1e-6, abs=8)
        assert (
            after.propagation_delay_s == pytest.approx(before.propagation_delay_s, rel=1e-9)
            or "digits of link propagation_delay_s" in ignored
        )
        assert after.propagation_delay_s == pytest.approx(before.propagation_delay_s, abs=0.5001e-6)
        assert after.metric == before.metric or "digits of link metric" in ignored
