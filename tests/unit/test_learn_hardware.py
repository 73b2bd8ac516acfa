"""The hardware model: where packets can wait, what fluids do, which number is decided on, and a training of seconds."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from nettwin.controlplane import route
from nettwin.errors import FormatError, InputError, PredictionError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.imported import Imported
from nettwin.learn.hardware import (
    HardwareArgs,
    HardwareTwin,
    Rule,
    calibrated,
    compared,
    link_latency_s,
    predicted_series,
    train,
    with_latency,
)
from nettwin.learn.hardware.bursts import BurstPrior, Bursts, drawn_bursts, drawn_waits, simulated_waits
from nettwin.learn.hardware.contention import contention_of
from nettwin.learn.hardware.decision import bin_of, decided, edges, expected_relative_error, probability_below, quantile
from nettwin.learn.hardware.features import example_of, load_examples, save_examples
from nettwin.learn.hardware.model import HardwareShape, union_of
from nettwin.learn.hardware.storage import load_member
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import (
    ConstantBitRate,
    Demand,
    ExplicitPath,
    FixedSize,
    Link,
    Node,
    Observation,
    OnOff,
    Queue,
    RoutingPolicy,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)

BURST = OnOff(0.5, 0.5)
PRIOR = BurstPrior(draws=4)


def star(rates_bps, arrivals=ConstantBitRate(), buffer_s=0.02):
    """Sources a, b, ... feed the hub over 1 Gbit/s each, which feeds the sink over 1 Gbit/s, and that one more link of equal speed."""
    names = "abcdefgh"[: len(rates_bps)]
    port = Scheduling(queues=(Queue(buffer_bits=buffer_s * 1e9),))
    links = [Link(name, name, "hub", 1e9, scheduling=port) for name in names]
    links += [Link("out", "hub", "sink", 1e9, scheduling=port), Link("on", "sink", "end", 1e9, scheduling=port)]
    topology = Topology(tuple(Node(name) for name in (*names, "hub", "sink", "end")), tuple(links))
    demands = [Demand(name, "end", rate, 0, arrivals, FixedSize(8000.0), name) for name, rate in zip(names, rates_bps, strict=True)]
    paths = {name: (ExplicitPath((name, "out", "on")),) for name in names}
    return Scenario(topology, Traffic.of(demands, topology), RoutingPolicy(explicit_paths=paths), Observation(duration_s=5.0))


def waits_of(scenario, prior=PRIOR):
    return drawn_waits(contention_of(scenario, route(scenario)), 5.0, prior, np.random.default_rng(0))


def test_only_ports_that_are_fed_faster_than_they_send_are_contended():
    scenario = star([0.1e9, 0.1e9])
    contention = contention_of(scenario, route(scenario))
    assert contention.n_ports == 1  # not the sources' own links at a tenth of their capacity, nor the link after `out`
    np.testing.assert_allclose(contention.load, [0.1, 0.1])
    assert contention_of(star([0.9e9]), route(star([0.9e9]))).n_ports == 1  # a source may burst beyond its link


def test_feeds_are_the_ports_that_traffic_comes_from():
    scenario = star([0.4e9, 0.3e9])
    contention = contention_of(scenario, route(scenario))
    assert contention.hop_position.tolist() == [0, 1, 0, 1]
    into_out = contention.feed_from >= 0
    assert sorted(contention.feed_port[into_out].tolist()) == [contention.hop_port[1]] * 2
    assert (~into_out).sum() == 2


def test_below_capacity_a_steady_fluid_never_waits():
    assert waits_of(star([0.4e9, 0.5e9])).max() == 0


def test_above_capacity_the_buffer_stays_full():
    waits = waits_of(star([0.8e9, 0.8e9], buffer_s=0.02))
    assert 0.018 < waits[:, -1].min() <= waits.max() <= 0.02


def test_bursts_wait_where_their_mean_would_not():
    """Twice 0.4 at an ON share of at most 0.5 is at least 1.6 while both are ON, as they are at first."""
    prior = replace(PRIOR, least_on=0.4, most_on=0.5, most_on_bps=2e9)
    assert waits_of(star([0.4e9, 0.4e9], BURST), prior)[:, -1].min() > 0.004
    assert waits_of(star([0.15e9, 0.15e9], BURST), prior).max() == 0


def test_a_fast_flow_sends_for_most_of_the_time():
    scenario = star([0.45e9, 0.1e9, 0.59e9], BURST)
    contention = contention_of(scenario, route(scenario))
    draws = [drawn_bursts(contention, PRIOR, np.random.default_rng(seed)) for seed in range(50)]
    share, cycles = (np.stack([getattr(draw, name) for draw in draws]) for name in ("on_share", "cycles"))
    assert share[:, 0].min() >= 0.75
    assert share[:, 1].min() < 0.45
    assert PRIOR.least_on <= share.min() <= share.max() <= PRIOR.most_on
    assert 2 <= cycles.min() < 3
    assert 9 < cycles.max() <= 10


def test_the_wait_is_that_of_the_bursts_that_overlap():
    """Two bursts of twice 0.8 that begin together fill a buffer of 20 ms at once; their mean rates fit."""
    scenario = star([0.4e9, 0.4e9], BURST)
    contention = contention_of(scenario, route(scenario))

    def wait_s(*cycles):
        return simulated_waits(contention, 5.0, Bursts(np.full(2, 0.5), np.array(cycles)))[-1]

    assert 0.017 < wait_s(2.0, 2.0) <= 0.02
    assert wait_s(2.0, 10.0) < wait_s(2.0, 2.0)


def test_a_wait_moves_traffic_on_without_losing_any():
    """Behind a full port of 1 Gbit/s a link of equal speed has nothing to hold, however the bursts arrive."""
    scenario = star([0.45e9, 0.45e9], BURST)
    more = [*scenario.topology.links, Link("side", "x", "sink", 1e9)]
    topology = Topology((*scenario.topology.nodes, Node("x")), tuple(more))
    trickle = Demand("x", "end", 1e6, 0, ConstantBitRate(), FixedSize(8000.0), "x")
    traffic = Traffic.of([*scenario.traffic.rows(scenario.topology), trickle], topology)
    paths = {**scenario.policy.explicit_paths, "x": (ExplicitPath(("side", "on")),)}
    crossed = replace(scenario, topology=topology, traffic=traffic, policy=RoutingPolicy(explicit_paths=paths))
    contention = contention_of(crossed, route(crossed))
    waits = drawn_waits(contention, 5.0, PRIOR, np.random.default_rng(0))
    last = contention.hop_port == contention.hop_port[contention.hop_flow == 0][-1]
    assert waits[:, last].max() < 0.004
    assert waits.max() > 0.01


@pytest.mark.parametrize(("rule", "cost"), [(Rule.RELATIVE, lambda a, t: abs(a / t - 1)), (Rule.MEDIAN, lambda a, t: abs(np.log(a / t)))])
def test_the_decision_has_the_least_expected_error(rule, cost):
    probability = torch.softmax(torch.randn(3, len(edges()) - 1, generator=torch.Generator().manual_seed(3)) * 2, 1)
    values = np.exp(((edges()[1:] + edges()[:-1]) / 2).numpy())
    answers = decided(probability, rule).numpy()
    for row, answer in zip(probability.numpy(), answers, strict=True):
        least = min(float((row * cost(value, values)).sum()) for value in values)
        assert float((row * cost(answer, values)).sum()) <= least * 1.03
    np.testing.assert_allclose(decided(probability, Rule.MEAN).numpy(), probability.numpy() @ values, rtol=1e-5)


def test_of_a_coin_between_little_and_much_the_relative_rule_says_little():
    probability = torch.zeros(1, len(edges()) - 1)
    probability[0, bin_of(torch.tensor([0.0, 4.0]))] = torch.tensor([0.4, 0.6])
    low, high = decided(probability, Rule.RELATIVE), decided(probability, Rule.MEDIAN)
    assert float(low[0]) == pytest.approx(1.0, abs=0.05)
    assert float(high[0]) == pytest.approx(np.exp(4.0), rel=0.2)
    assert float(expected_relative_error(probability, low)[0]) == pytest.approx(0.6, abs=0.03)


def test_quantiles_lie_within_their_bins():
    probability = torch.zeros(1, len(edges()) - 1)
    probability[0, 5] = 1.0
    low, high = (float(quantile(probability, level)[0]) for level in (0.01, 0.99))
    assert float(edges()[5]) <= low < high <= float(edges()[6]) + 1e-6


def test_true_values_are_spread_evenly_over_right_distributions():
    generator = torch.Generator().manual_seed(1)
    probability = torch.softmax(torch.randn(4000, len(edges()) - 1, generator=generator), 1)
    row = torch.multinomial(probability, 1, generator=generator)[:, 0]
    true = edges()[row] + (edges()[row + 1] - edges()[row]) * torch.rand(4000, generator=generator)
    below = probability_below(probability, true)
    assert np.histogram(below.numpy(), 10, (0, 1))[0].tolist() == pytest.approx([400] * 10, rel=0.2)
    torch.testing.assert_close(probability_below(probability, quantile(probability, 0.3)), torch.full((4000,), 0.3), atol=1e-4, rtol=0)


def test_equal_seeds_draw_equal_bursts():
    scenario = star([0.4e9, 0.4e9], BURST)
    one, same, other = (example_of(scenario, None, PRIOR, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.wait_draws, same.wait_draws)
    assert not np.array_equal(one.wait_draws, other.wait_draws)


def test_examples_side_by_side_are_answered_as_alone_and_files_give_them_back(tmp_path):
    examples = [example_of(star(rates, BURST), None, PRIOR, 0) for rates in ([0.4e9, 0.4e9], [0.3e9, 0.2e9, 0.4e9])]
    save_examples(examples, tmp_path / "kept.npz")
    for one, other in zip(examples, load_examples(tmp_path / "kept.npz"), strict=True):
        np.testing.assert_array_equal(one.flow, other.flow)
        np.testing.assert_array_equal(one.feed_from, other.feed_from)
    from nettwin.learn.hardware.model import PARTS, HardwareModel

    torch.manual_seed(0)
    model = HardwareModel(HardwareShape(size=8), {part: getattr(examples[0], part).shape[1] for part in (*PARTS, "base")}).eval()
    with torch.no_grad():
        together, apart = model(union_of(examples)), torch.cat([model(union_of([example])) for example in examples])
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-4)


def line(seed):
    """An experiment of two routers as the testbed writes it: a delay of 0.1 ms, 9 ms where the port of 1 Gbit/s is overloaded."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.05e9, 0.75e9, 2)
    delay = 0.1 if rates.sum() * 1.05 < 1e9 else 9.0
    return {
        "flow_id": ["0_1_0", "0_1_1"],
        "flow_traffic": rates.tolist(),
        "flow_packet_size": [8000.0, 8000.0],
        "flow_type": [[1.0, 0.0], [1.0, 0.0]],
        "link_capacity": [1.0, 1.0, 1.0, 1.0, 10.0],
        "link_to_path": [[2, 0, 3, 1, 4]] * 2,
        "flow_delay_ms": [delay, delay],
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hardware")
    file = folder / "lines.jsonl"
    file.write_text("".join(json.dumps(line(seed)) + "\n" for seed in range(60)))
    args = HardwareArgs(
        train=(str(file),), members=2, epochs=12, batch_size=4, learning_rate=1e-2, prior=PRIOR, shape=HardwareShape(size=8)
    )
    return file, train(args, folder / "out"), args


def test_a_training_learns_when_buffers_fill(trained):
    from nettwin.formats import testbed

    file, output, _ = trained
    twin = HardwareTwin(str(output))
    errors = []
    for experiment in list(testbed.experiments(file))[:20]:
        imported = experiment.read()
        answer = twin.predict(imported.scenario)
        errors.append(np.abs(answer.demands.delay_s / imported.performance.demands.delay_s - 1).mean())
        assert (answer.interval.lower.delay_s <= answer.interval.upper.delay_s).all()
        assert np.isnan(answer.demands.loss_ratio).all()
    assert np.median(errors) < 0.2


def test_a_training_runs_again_from_its_args(trained, tmp_path):
    _, output, args = trained
    kept = json.loads((output / "args.json").read_text())
    again = HardwareArgs(
        **{**kept, "train": tuple(kept["train"]), "prior": BurstPrior(**kept["prior"]), "shape": HardwareShape(**kept["shape"])}
    )
    assert again == args
    assert train(replace(again, members=1, epochs=12), tmp_path) == tmp_path
    first, second = (load_member(folder / "member-0.safetensors").state_dict() for folder in (output, tmp_path))
    for name, value in first.items():
        torch.testing.assert_close(second[name], value)


def test_what_is_no_training_is_refused(tmp_path):
    with pytest.raises(InputError, match="no trained members"):
        HardwareTwin(str(tmp_path)).predict(star([1e8]))
    with pytest.raises(InputError):
        HardwareArgs(train=())
    (tmp_path / "member-0.safetensors").write_bytes(b"nothing")
    with pytest.raises(FormatError):
        load_member(tmp_path / "member-0.safetensors")
    lonely = star([1e8])
    cut = replace(lonely, topology=replace(lonely.topology, links=tuple(replace(link, is_up=False) for link in lonely.topology.links)))
    with pytest.raises(PredictionError):
        example_of(cut, None, PRIOR, 0)


def test_latency_of_devices_is_found_again():
    """Delays made of an engine's answer and known constants."""
    engine = QueueingPredictor()
    scenarios = [star([rate, rate]) for rate in (1e8, 2e8, 3e8, 4e8)] + [star([1e8]), star([2e8, 1e8, 1e8])]
    measured = []
    for scenario in scenarios:
        answer = engine.predict(scenario)
        measured.append((scenario, replace(answer, demands=replace(answer.demands, delay_s=answer.demands.delay_s + 3 * 4e-6 + 2e-6))))
    twin = calibrated(engine, measured)
    for scenario, performance in measured:
        np.testing.assert_allclose(twin.predict(scenario).demands.delay_s, performance.demands.delay_s, rtol=1e-3)
    with pytest.raises(InputError, match="eight"):
        calibrated(engine, measured[:1])


def test_the_latency_of_links_is_that_of_the_flows_that_do_not_wait():
    """12 us per link beside 8 us of sending; one experiment has waits as well."""
    engine, measured = QueueingPredictor(), []
    for rates, wait_s in (([1e8, 1e8], 0.0), ([2e8], 0.0), ([1e8, 3e8, 1e8], 0.0), ([9e8, 9e8], 0.02)):
        scenario = star(rates)
        answer = engine.predict(scenario)
        delay_s = np.full(len(rates), 3 * (12e-6 + 8e-6) + wait_s)
        measured.append((scenario, replace(answer, demands=replace(answer.demands, delay_s=delay_s))))
    latency_s = link_latency_s(measured)
    assert latency_s == pytest.approx(12e-6)
    told = engine.predict(with_latency(star([1e8]), latency_s)).demands.delay_s
    np.testing.assert_allclose(told, 60e-6, rtol=0.01)
    with pytest.raises(InputError, match="eight"):
        link_latency_s(measured[:1])


def test_windows_are_predicted_and_compared_in_order():
    engine, windows = QueueingPredictor(), []
    for rate in (1e8, 8e8, 0.0):
        scenario = replace(star([rate, 1e8]), observation=Observation(duration_s=0.1))
        answer = engine.predict(scenario)
        delay_s = np.where(scenario.traffic.rate_bps > 0, answer.demands.delay_s * 2, np.nan)
        windows.append(Imported(scenario, CoverageLog().report(), replace(answer, demands=replace(answer.demands, delay_s=delay_s))))
    series = predicted_series(engine, windows)
    np.testing.assert_allclose(series.window_edges_s, [0, 0.1, 0.2, 0.3])
    both = compared(series, windows)
    np.testing.assert_allclose(both.relative_errors, 0.5)
    assert len(both.relative_errors) == 5
    assert np.isnan(both.predicted_s[2, 0])
    with pytest.raises(InputError, match="2 measured windows for 3"):
        compared(series, [*windows[:2], replace(windows[2], performance=None)])
