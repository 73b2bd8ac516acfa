"""load(save(x)) == x for everything that a scenario can hold, in every format that promises it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from nettwin.changes import same_content
from nettwin.formats import read, write
from nettwin.formats.networkx import from_networkx, to_networkx
from nettwin.scenario import Scenario
from strategies import scenarios


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
