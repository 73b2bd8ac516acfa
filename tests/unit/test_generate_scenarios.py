"""Random scenarios: every kind appears, all are in range, and equal seeds give equal ones."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from nettwin.changes import same_content
from nettwin.controlplane import link_loads
from nettwin.errors import ScenarioError
from nettwin.generate.routing_mixes import random_policy
from nettwin.generate.scenario_names import ScenarioKind, kind_of
from nettwin.generate.scenarios import STYLES, TROUBLES, ScenarioSpace, random_scenario
from nettwin.generate.topologies import FAMILIES, ring
from nettwin.generate.traffic_mixes import chosen_rows
from nettwin.scenario import (
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    Discipline,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    ModulatedExponential,
    OnOff,
    Poisson,
    Scenario,
    ShortestPaths,
    Topology,
    TruncatedExponentialSize,
)

N = 250
SPACE = ScenarioSpace(max_demands=60, trouble_share=0.4)
PROCESSES = {Poisson, ConstantBitRate, OnOff, CarriedOnOff, AutocorrelatedExponential, ModulatedExponential}
SIZES = {EmpiricalSizes, FixedSize, ExponentialSize, TruncatedExponentialSize}


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def real() -> tuple[Topology, ...]:
    return (ring(4), ring(6))


@pytest.fixture(scope="module")
def drawn(real: tuple[Topology, ...]) -> list[tuple[Scenario, ScenarioKind]]:
    """All are drawn at the first attempt; a kind for each."""
    scenarios = [random_scenario(rng(5, index), SPACE, real) for index in range(N)]
    kinds = [kind_of(scenario.name) for scenario in scenarios]
    return [(scenario, kind) for scenario, kind in zip(scenarios, kinds, strict=True) if kind is not None]


def test_equal_seeds_give_equal_scenarios(real: tuple[Topology, ...]) -> None:
    for index in range(20):
        first, second = (random_scenario(rng(9, index), SPACE, real) for _ in range(2))
        assert first.name == second.name
        assert same_content(first, second)
    assert not same_content(random_scenario(rng(9, 0), SPACE), random_scenario(rng(9, 1), SPACE))


def test_names_tell_the_kind(drawn: list[tuple[Scenario, ScenarioKind]]) -> None:
    assert len(drawn) == N
    for scenario, kind in drawn:
        assert str(kind) == scenario.name
        assert kind.n_nodes == scenario.topology.n_nodes
        assert kind.family in {*FAMILIES, "real"}
    assert kind_of("Abilene") is None
    assert kind_of("wide ring five nodes load 0.50") is None


def test_every_style_family_and_trouble_appears(drawn: list[tuple[Scenario, ScenarioKind]]) -> None:
    styles, families, troubles = (Counter(getattr(kind, name) for _, kind in drawn) for name in ("style", "family", "trouble"))
    assert set(styles) == set(STYLES)
    assert set(families) == {*FAMILIES, "real"}
    assert set(troubles) == {*TROUBLES, ""}
    assert 0.3 < 1 - troubles[""] / N < 0.5  # SPACE asks for 0.4; a trouble that a network cannot have is left out
    assert 0.15 < families["real"] / N < 0.35


def test_every_discipline_arrival_process_and_packet_size_appears(drawn: list[tuple[Scenario, ScenarioKind]]) -> None:
    ports = [link.scheduling for scenario, _ in drawn for link in scenario.topology.links]
    assert {port.discipline for port in ports} == set(Discipline)
    assert {len(port.queues) for port in ports} == {1, 2, 3}
    assert {port.buffer_holds_packet_in_service for port in ports} == {True, False}
    assert {np.isfinite(queue.buffer_bits) for port in ports for queue in port.queues} == {True, False}
    assert {type(process) for scenario, _ in drawn for process in scenario.traffic.arrivals} == PROCESSES
    assert {type(sizes) for scenario, _ in drawn for sizes in scenario.traffic.packet_sizes} == SIZES
    assert {int(scenario.traffic.n_classes) for scenario, _ in drawn} == {1, 2, 3}


def test_recorded_scenarios_have_one_scheduler_per_node(drawn: list[tuple[Scenario, ScenarioKind]]) -> None:
    """But for the link whose configuration is the trouble."""
    untouched = [scenario for scenario, kind in drawn if kind.style == "recorded" and not kind.trouble]
    assert len(untouched) > 50
    for scenario in untouched:
        ports = {(link.source, replace(link.scheduling, quantum_bits=1.0)) for link in scenario.topology.links}
        assert len(ports) == len({source for source, _ in ports})


def test_the_busiest_link_has_the_load_that_was_drawn(drawn: list[tuple[Scenario, ScenarioKind]]) -> None:
    for scenario, kind in drawn:
        low, high = SPACE.max_load
        assert low <= kind.max_load <= high
        if not kind.trouble:
            assert (link_loads(scenario) / scenario.topology.capacity_bps).max() == pytest.approx(kind.max_load, abs=0.006)
    loads = np.array([kind.max_load for _, kind in drawn])
    assert min(np.mean(loads < 0.5), np.mean(loads > 1.0), np.mean((loads > 0.8) & (loads < 1.0))) > 0.08


def test_sizes_are_within_the_space(drawn: list[tuple[Scenario, ScenarioKind]]) -> None:
    assert {kind.n_nodes for _, kind in drawn} <= set(range(3, 11))
    assert len({kind.n_nodes for _, kind in drawn}) > 5
    for scenario, kind in drawn:
        floods = sum(name.startswith("attack:") for name in scenario.traffic.ids)
        assert 0 < scenario.traffic.n_demands - floods <= SPACE.max_demands
        assert (floods > 0) == (kind.trouble == "attack")


def test_narrow_spaces_are_kept_to() -> None:
    space = ScenarioSpace(nodes=(5, 5), max_load=(0.7, 0.7), recorded_share=1.0, trouble_share=0.0, max_demands=7)
    for index in range(10):
        scenario = random_scenario(rng(index), space)
        kind = kind_of(scenario.name)
        assert kind is not None
        assert (kind.style, kind.n_nodes, kind.max_load, kind.trouble) == ("recorded", 5, 0.7, "")
        assert scenario.traffic.n_demands == 7


def test_troubles_change_the_network(real: tuple[Topology, ...]) -> None:
    """The same draw with and without: what was drawn before the trouble is the same."""
    changed = Counter[str]()
    for index in range(60):
        without = random_scenario(rng(index), ScenarioSpace(trouble_share=0.0, max_demands=60), real)
        with_trouble = random_scenario(rng(index), ScenarioSpace(trouble_share=1.0, max_demands=60), real)
        kind = kind_of(with_trouble.name)
        assert kind is not None
        assert with_trouble.name.startswith(without.name)
        changed[kind.trouble] += bool(kind.trouble) and not same_content(without, with_trouble)
    assert {name for name, count in changed.items() if count} == set(TROUBLES)


@pytest.mark.parametrize(
    "wrong",
    [{"nodes": (2, 5)}, {"nodes": (6, 5)}, {"max_load": (0.0, 1.0)}, {"max_load": (1.0, 0.5)}, {"max_demands": 0}, {"trouble_share": 1.1}],
)
def test_impossible_spaces_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ScenarioError, match="scenario space"):
        ScenarioSpace(**wrong)  # type: ignore[arg-type]


def test_routing_is_drawn_from_sensible_to_bad() -> None:
    topology = ring(8)
    policies = [random_policy(topology, rng(index)) for index in range(40)]
    spreads = np.array([np.ptp(changed.metric) for changed, _ in policies])
    assert {policy.base for _, policy in policies} == {ShortestPaths(has_ecmp=False), ShortestPaths(has_ecmp=True)}
    assert min((spreads == 0).sum(), ((spreads > 0) & (spreads <= 2)).sum(), (spreads > 2).sum()) > 0
    assert max(changed.metric.max() for changed, _ in policies) <= 100


def test_chosen_rows_keep_their_columns() -> None:
    traffic = random_scenario(rng(3), ScenarioSpace(trouble_share=0.0)).traffic
    some = chosen_rows(traffic, np.array([2, 0, 2]))
    assert some.rate_bps.tolist() == traffic.rate_bps[[2, 0, 2]].tolist()
    assert (some.source.tolist(), some.target.tolist()) == (traffic.source[[2, 0, 2]].tolist(), traffic.target[[2, 0, 2]].tolist())
    assert some.arrivals == traffic.arrivals
