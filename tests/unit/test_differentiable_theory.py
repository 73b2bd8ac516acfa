"""The theory on tensors: the numbers of the compiled one, and their derivatives."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from nettwin.controlplane import route
from nettwin.generate.scenarios import ScenarioSpace, random_scenario
from nettwin.queueing.delays import hop_delays as compiled_hop_delays
from nettwin.queueing.delays import size_s_per_bit as compiled_size_s_per_bit
from nettwin.queueing.differentiable.conversion import tensors_of
from nettwin.queueing.differentiable.delays import hop_delays, size_s_per_bit
from nettwin.queueing.differentiable.network import network_of
from nettwin.queueing.differentiable.rounds import solve_network
from nettwin.queueing.differentiable.structure import inputs_of, structure_of
from nettwin.queueing.differentiable.values import Inputs, State, Structure
from nettwin.queueing.fixed_point import NetworkState
from nettwin.queueing.fixed_point import solve_network as solve_compiled
from nettwin.queueing.long_ways import LONG
from nettwin.queueing.network import network_of as compiled_network_of
from nettwin.queueing.side_by_side import side_by_side
from nettwin.scenario import (
    Demand,
    Discipline,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    Link,
    Node,
    PacketTrace,
    Routing,
    Scenario,
    Topology,
    Traffic,
)

ROUNDS = 8
SPACE = ScenarioSpace(nodes=(3, 7), trouble_share=0.5)
SEEDS = (0, 3, 4, 5, 9, 10, 13, 15, 17, 21, 25, 27, 37, 39)
"""All disciplines, all arrival processes, several paths, links down, demands without a path, and mistakes."""


def drawn(seed: int) -> tuple[Scenario, Routing]:
    scenario = random_scenario(np.random.default_rng(seed), SPACE)
    return scenario, route(scenario)


def compiled_state(scenario: Scenario, routing: Routing) -> NetworkState:
    return solve_compiled(compiled_network_of(scenario, routing), ROUNDS, tolerance=0.0)


def parts(scenario: Scenario, routing: Routing) -> tuple[Structure, Inputs]:
    structure = structure_of(scenario, routing)
    return structure, inputs_of(scenario, structure)


def state_of(scenario: Scenario, routing: Routing) -> State:
    return solve_network(network_of(*parts(scenario, routing)), ROUNDS)


def leaves(inputs: Inputs) -> dict[str, Tensor]:
    found = {f.name: getattr(inputs, f.name) for f in fields(inputs)}
    for leaf in found.values():
        leaf.requires_grad_(True)
    return found


def figures(state: Any) -> dict[str, Any]:
    """What counts of a state, compiled or not, by name."""
    found = {name: getattr(state, name) for name in ("window_s", "places", "precedence", "smoothed", "in_platoons", "service_s")}
    for part, names in {
        "queues": ("loss_ratio", "wait_s", "wait_variance_s2", "no_wait"),
        "view": ("utilization", "share", "work_s", "idle_ratio"),
        "carried": ("sent_packet_rate", "sent_bit_rate", "delivered", "delivered_bits"),
        "loss": ("flat", "per_bit"),
    }.items():
        found |= {f"{part}.{name}": getattr(getattr(state, part), name) for name in names}
    platoons = state.network.platoons
    return found | {f"platoons.{f.name}": getattr(platoons, f.name) for f in fields(platoons)}


def assert_equal(state: State, expected: NetworkState) -> None:
    used = expected.carried.arriving.packet_rate > 1e-12  # what nobody meets in a queue is a quotient of two tiny numbers
    ours = figures(state)
    for name, wanted in figures(expected).items():
        found = ours[name].detach().numpy()
        rows = used if name.startswith("queues.") else slice(None)
        np.testing.assert_allclose(found[rows], wanted[rows], rtol=1e-9, atol=1e-12 * np.abs(wanted[rows]).max(initial=0), err_msg=name)
    np.testing.assert_allclose(state.longest_wait_s.detach().numpy(), expected.longest_wait_s, rtol=1e-7)  # the root of a difference


@pytest.mark.parametrize("seed", SEEDS)
def test_a_state_is_that_of_the_compiled_theory(seed: int) -> None:
    scenario, routing = drawn(seed)
    assert_equal(state_of(scenario, routing), compiled_state(scenario, routing))


def test_the_scenarios_have_all_that_there_is() -> None:
    structures = [parts(*drawn(seed))[0] for seed in SEEDS]
    assert set().union(*(structure.kinds for structure in structures)) == set(Discipline)
    assert len({rows.kind for structure in structures for rows in structure.sources}) == 5
    assert any(bool(structure.is_down.any()) for structure in structures)
    assert any(structure.n_paths > structure.n_demands for structure in structures)


def test_networks_side_by_side_keep_their_states() -> None:
    cases = [drawn(seed) for seed in (10, 4, 21)]
    both = side_by_side(cases)
    state = state_of(both.scenario, both.routing)
    assert_equal(state, compiled_state(both.scenario, both.routing))
    for number, case in enumerate(cases):
        alone = compiled_state(*case)
        rows, used = slice(*both.queues[number : number + 2]), alone.carried.arriving.packet_rate > 1e-12
        np.testing.assert_allclose(state.queues.wait_s[rows].numpy()[used], alone.queues.wait_s[used], rtol=1e-9)


def test_a_compiled_state_as_tensors() -> None:
    expected = compiled_state(*drawn(13))
    state = tensors_of(expected)
    assert_equal(state, expected)
    ports, hops = expected.network.ports, expected.network.hops
    assert np.array_equal(state.network.ports.flat(state.network.ports.padded(state.places)).numpy(), expected.places)
    assert np.allclose(state.network.ports.per_link(state.places).numpy(), ports.per_link(expected.places))
    window_s = expected.window_s[hops.queue]
    assert np.allclose(state.network.sources.excess(torch.from_numpy(window_s)).numpy(), expected.network.sources.excess(window_s))


def test_demands_that_send_nothing_change_nothing() -> None:
    scenario, routing = drawn(3)
    rate = np.array(scenario.traffic.rate_bps)
    rate[::3] = 0.0
    scenario = replace(scenario, traffic=replace(scenario.traffic, rate_bps=rate))
    assert_equal(state_of(scenario, routing), compiled_state(scenario, routing))


def test_hops_lie_by_position_and_paths_by_length() -> None:
    structure, _ = parts(*drawn(4))
    layout, first = structure.layout, 0
    for position, n in enumerate(layout.n_at):
        hops = layout.hop_order[first : first + n]
        assert torch.equal(hops, (structure.offsets[:-1] + position)[layout.path_order[:n]])
        first += n
    assert first == structure.n_hops
    assert torch.equal(layout.hop_order[layout.hop_place], torch.arange(structure.n_hops))
    assert torch.equal(layout.queue[layout.hop_place], structure.queue)


def line(arrivals: Any, rate_bps: float) -> Scenario:
    topology = Topology(tuple(Node(name) for name in "abc"), (Link("ab", "a", "b", 1e6), Link("bc", "b", "c", 8e5)))
    demands = [Demand("a", "c", rate_bps, arrivals=arrivals, packet_sizes=FixedSize(8000.0)), Demand("a", "b", 2e5)]
    return Scenario(topology, Traffic.of(demands, topology))


def test_recorded_packets_are_measured_once() -> None:
    times_s = np.sort(np.random.default_rng(0).uniform(0, 10, 300))
    trace = PacketTrace(times_s, np.full(300, 8000.0), 10.0)
    scenario = line(trace, trace.rate_bps)
    state, expected = state_of(scenario, route(scenario)), compiled_state(scenario, route(scenario))
    np.testing.assert_allclose(state.queues.wait_s.numpy(), expected.queues.wait_s, rtol=2e-2)  # windows of a table of its own


@pytest.mark.parametrize("seed", SEEDS)
def test_derivatives_are_finite(seed: int) -> None:
    structure, inputs = parts(*drawn(seed))
    by_name = leaves(inputs)
    found = figures(solve_network(network_of(structure, inputs), ROUNDS))
    total = sum(values[torch.isfinite(values)].sum() / values.detach().abs().amax().clamp_min(1e-30) for values in found.values())
    slopes = torch.autograd.grad(total, list(by_name.values()), allow_unused=True)
    used = {name: slope for name, slope in zip(by_name, slopes, strict=True) if slope is not None}
    assert {"capacity_bps", "rate_bps", "mean_bits", "second_moment_bits2", "path_share", "buffer_bits", "buffer_packets"} <= set(used)
    assert [name for name, slope in used.items() if not bool(torch.isfinite(slope).all())] == []


def long_ring(hops: list[int]) -> tuple[Scenario, Routing]:
    """One way round a ring of 40 nodes; sizes of two laws, one wire slower than the others."""
    nodes = [f"n{i:02d}" for i in range(40)]
    links = tuple(Link(f"l{i:02d}", nodes[i], nodes[(i + 1) % 40], 8e5 if i == 7 else 1e6) for i in range(40))
    topology, rate = Topology(tuple(Node(node) for node in nodes), links), 0.6 * 1e6 / sum(hops)
    sizes = (ExponentialSize(1000.0), EmpiricalSizes((320.0, 4608.0, 12000.0), (7 / 12, 4 / 12, 1 / 12)))
    demands = [Demand(nodes[i], nodes[(i + far) % 40], rate, packet_sizes=sizes[i % 2]) for i in range(40) for far in hops]
    scenario = Scenario(topology, Traffic.of(demands, topology))
    return scenario, route(scenario)


@pytest.mark.parametrize("hops", [[1, 30], [1, 10, 20]], ids=["all long", "half long"])
def test_long_ways_are_those_of_the_compiled_theory(hops: list[int]) -> None:
    scenario, routing = long_ring(hops)
    state, expected = state_of(scenario, routing), compiled_state(scenario, routing)
    assert expected.network.long_ways.queues[:, LONG].max() > 0.1
    assert_equal(state, expected)
    assert state.network.long_ways is not None
    np.testing.assert_allclose(state.network.long_ways.queues.numpy(), expected.network.long_ways.queues, rtol=1e-9, atol=1e-12)
    found, wanted = hop_delays(state), compiled_hop_delays(expected)
    for name in ("wait_s", "variance_s2", "change_s2"):
        np.testing.assert_allclose(getattr(found, name).numpy(), getattr(wanted, name), rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(size_s_per_bit(state).numpy(), compiled_size_s_per_bit(expected), rtol=1e-9)
    again = hop_delays(tensors_of(expected))
    np.testing.assert_allclose(again.variance_s2.numpy(), wanted.variance_s2, rtol=1e-9)


def test_derivatives_on_long_ways_are_those_of_the_compiled_theory() -> None:
    (scenario, routing), step = long_ring([1, 10, 20]), 1e-6
    structure, inputs = parts(scenario, routing)
    by_name = leaves(inputs)
    waits = hop_delays(solve_network(network_of(structure, inputs), ROUNDS))
    sums = waits.wait_s.sum(), waits.variance_s2.sum()
    slopes = [torch.autograd.grad(one, list(by_name.values()), retain_graph=True, allow_unused=True) for one in sums]
    totals = [float(one.detach()) for one in sums]
    assert all(bool(torch.isfinite(slope).all()) for one in slopes for slope in one if slope is not None)

    def summed(name: str, row: int, factor: float) -> np.ndarray:
        changed = compiled_hop_delays(compiled_state(CHANGES[name](scenario, row, factor), routing))
        return np.array([changed.wait_s.sum(), changed.variance_s2.sum()])

    for name, row in (("rate_bps", 5), ("rate_bps", 50), ("capacity_bps", 7)):
        place = list(by_name).index(name)
        value = float(by_name[name][row].detach())
        exact = [float(one[place][row]) * value / total for one, total in zip(slopes, totals, strict=True)]
        central = (summed(name, row, 1 + step) - summed(name, row, 1 - step)) / (2 * step) / summed(name, row, 1.0)
        np.testing.assert_allclose(exact, central, rtol=1e-3, atol=1e-6, err_msg=f"{name} {row}")


def with_capacity(scenario: Scenario, row: int, factor: float) -> Scenario:
    links = list(scenario.topology.links)
    links[row] = replace(links[row], capacity_bps=links[row].capacity_bps * factor)
    return replace(scenario, topology=replace(scenario.topology, links=tuple(links)))


def with_rate(scenario: Scenario, row: int, factor: float) -> Scenario:
    rate = np.array(scenario.traffic.rate_bps)
    rate[row] *= factor
    return replace(scenario, traffic=replace(scenario.traffic, rate_bps=rate))


CHANGES: dict[str, Callable[[Scenario, int, float], Scenario]] = {"capacity_bps": with_capacity, "rate_bps": with_rate}


@pytest.mark.parametrize("name", sorted(CHANGES))
@pytest.mark.parametrize("seed", [3, 4, 9, 27])
def test_derivatives_are_those_of_the_compiled_theory(seed: int, name: str) -> None:
    """Wait and delivery, summed, by the logarithm of each input: exact here, by central differences there."""
    (scenario, routing), step = drawn(seed), 1e-6
    structure, inputs = parts(scenario, routing)
    leaf = leaves(inputs)[name]
    state = solve_network(network_of(structure, inputs), ROUNDS)
    used = state.carried.arriving.packet_rate.numpy(force=True) > 1e-12
    sums = (state.queues.wait_s[torch.from_numpy(used)].sum(), state.carried.delivered.sum())
    exact = np.stack([torch.autograd.grad(one, leaf, retain_graph=True)[0].numpy() for one in sums]) * leaf.numpy(force=True)

    def summed(row: int, factor: float) -> np.ndarray:
        changed = compiled_state(CHANGES[name](scenario, row, factor), routing)
        return np.array([changed.queues.wait_s[used].sum(), changed.carried.delivered.sum()])

    scale = np.array([float(one.detach()) for one in sums])
    for row in range(0, len(leaf), max(len(leaf) // 4, 1)):
        slope = (summed(row, 1 + step) - summed(row, 1 - step)) / (2 * step)
        np.testing.assert_allclose(exact[:, row] / scale, slope / scale, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("case", [drawn(13), long_ring([1, 10])], ids=["drawn", "long ring"])
def test_no_value_is_waited_for_and_no_shape_depends_on_one(case: tuple[Scenario, Routing]) -> None:
    """Tensors without values go through: a read of a value would raise."""
    structure, inputs = parts(*case)
    mode = FakeTensorMode()

    def emptied(value: Any) -> Any:
        if isinstance(value, Tensor):
            return mode.from_tensor(value)
        if isinstance(value, tuple):
            return tuple(emptied(one) for one in value)
        if hasattr(value, "__dataclass_fields__"):
            return replace(value, **{f.name: emptied(getattr(value, f.name)) for f in fields(value)})
        return value

    with mode:
        state = solve_network(network_of(emptied(structure), emptied(inputs)), rounds=2)
    assert state.queues.wait_s.shape == (structure.n_queues,)
    assert type(state.queues.wait_s) is not Tensor
