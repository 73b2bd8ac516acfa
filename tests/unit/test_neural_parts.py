"""Parts of the neural twin: graphs side by side, weights in files, capped means, groups, pairs."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nettwin.controlplane import route
from nettwin.errors import FormatError, InputError
from nettwin.predict.neural import ensemble
from nettwin.predict.neural.attributes import DEMAND_ATTRIBUTES, QUEUE_ATTRIBUTES, demand_attributes, link_attributes, queue_attributes
from nettwin.predict.neural.batch import batch_of, neighbors
from nettwin.predict.neural.calibration import COVERAGES, LOAD_EDGES, SIZE_EDGES, Calibration, expected_error, groups
from nettwin.predict.neural.capped import capped_mean
from nettwin.predict.neural.ensemble import run
from nettwin.predict.neural.graph import union
from nettwin.predict.neural.ground import ground_of
from nettwin.predict.neural.library import MANIFEST, load_library
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.predict.neural.prior import prior_of, prior_of_many
from nettwin.predict.neural.shape import VARIANTS, ModelShape
from nettwin.predict.neural.weights import load_model, save_model
from nettwin.scenario import Link, Scenario
from small_twins import drawn, model, twin


def test_graphs_in_a_union_are_answered_as_alone() -> None:
    graphs = [prior_of(drawn(seed)).graph for seed in range(3)]
    models = [model(0), model(1)]
    whole, alone = run(models, union(graphs)), [run(models, graph) for graph in graphs]
    for name in ("delay", "loss", "quantiles", "hop_wait", "queue_wait", "scales", "trust"):
        parts = np.concatenate([getattr(one, name) for one in alone])
        np.testing.assert_allclose(getattr(whole, name), parts, rtol=1e-4, atol=1e-6)


def test_models_asked_as_one_answer_as_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, models = prior_of(drawn(3)).graph, [model(0), model(1), model(2)]
    together = run(models, graph)
    monkeypatch.setattr(ensemble, "_FEW_HOPS", 0)
    apart = run(models, graph)
    for field in fields(apart):
        np.testing.assert_allclose(getattr(together, field.name), getattr(apart, field.name), rtol=1e-4, atol=1e-6)


def test_theory_side_by_side_gives_the_same_graph() -> None:
    cases = [(scenario, route(scenario)) for scenario in (drawn(1), drawn(2))]
    together = prior_of_many(cases).graph
    apart = union([prior_of(scenario).graph for scenario, _ in cases])
    for name in ("queue_plain", "queue_theory", "hop_plain", "hop_theory", "demand_plain", "demand_theory", "hop_queue", "path_demand"):
        np.testing.assert_allclose(getattr(together, name), getattr(apart, name), rtol=1e-4, atol=1e-4)


def test_queues_that_the_network_may_not_correct_keep_what_theory_says() -> None:
    graph, models = prior_of(drawn(3)).graph, [model(0)]
    physics = graph.physics
    free = run(models, graph)
    bound = run(models, replace(graph, queue_correctable=np.zeros_like(graph.queue_correctable)))
    longest = np.minimum(physics.hop_wait, physics.hop_room)
    assert not np.allclose(free.hop_wait, longest, rtol=1e-3)
    np.testing.assert_allclose(bound.hop_wait, longest, rtol=1e-5)
    np.testing.assert_allclose(bound.ipdv, np.maximum(physics.demand_ipdv, 1e-9), rtol=1e-2, atol=1e-8)
    np.testing.assert_array_equal(bound.trust, free.trust)


def test_hops_are_sorted_by_position() -> None:
    graph = prior_of(drawn(5)).graph
    batch = batch_of(graph)
    assert sum(batch.n_at) == graph.n_hops
    assert list(batch.n_at) == sorted(batch.n_at, reverse=True)
    assert np.array_equal(np.sort(batch.hop_order), np.arange(graph.n_hops))
    start = np.concatenate([[0], np.cumsum(graph.path_length)])
    for position, n in enumerate(batch.n_at):
        rows = batch.hop_order[sum(batch.n_at[:position]) :][:n]
        assert np.array_equal(rows, start[batch.path_order[:n]] + position)


def test_every_queue_meets_the_others_of_its_port() -> None:
    one, other = neighbors(np.array([0, 1, 1, 2, 2, 2]))
    assert sorted(zip(one.tolist(), other.tolist(), strict=True)) == [(1, 2), (2, 1), (3, 4), (3, 5), (4, 3), (4, 5), (5, 3), (5, 4)]


def test_the_order_of_hops_is_restored() -> None:
    prior = prior_of(drawn(3))
    outputs = run([model(0, size=0.0)], prior.graph)
    np.testing.assert_allclose(outputs.hop_wait, np.minimum(prior.graph.physics.hop_wait, prior.graph.physics.hop_room), rtol=1e-5)


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_every_variant_answers_and_learns(variant: str) -> None:
    batch = batch_of(prior_of(drawn(4)).graph)
    made = model(0, shape=VARIANTS[variant])
    outputs = made(batch)
    (outputs.delay.log().square().mean() + outputs.quantiles.mean() + outputs.scales.mean()).backward()
    assert torch.isfinite(outputs.delay).all()
    assert all(torch.isfinite(p.grad).all() for p in made.parameters() if p.grad is not None)


def test_without_messages_a_demand_knows_nothing_of_others() -> None:
    """The RNN's answer for a demand depends on the queues of its path only, the GNN's on those that its neighbors cross too."""
    graph = prior_of(drawn(6, nodes=(8, 8), trouble_share=0.0)).graph
    own_links = graph.queue_link[graph.hop_queue[_rows(graph, 0)]]
    changed = graph.queue_plain.copy()
    changed[~np.isin(graph.queue_link, own_links), :4] += 1.0
    for variant, is_deaf in (("rnn", True), ("gnn-mean", False)):
        made = model(3, shape=VARIANTS[variant])
        before = made(batch_of(graph)).delay[graph.path_demand[0]]
        after = made(batch_of(type(graph)(**{**vars(graph), "queue_plain": changed}))).delay[graph.path_demand[0]]
        assert torch.equal(before, after) is is_deaf


def _rows(graph: object, path: int) -> slice:
    start = np.concatenate([[0], np.cumsum(graph.path_length)])  # type: ignore[attr-defined]
    return slice(int(start[path]), int(start[path + 1]))


def test_weights_survive_their_file(tmp_path: Path) -> None:
    made = model(1)
    save_model(made, tmp_path / "m.safetensors", {"seed": 1})
    batch = batch_of(prior_of(drawn(0)).graph)
    assert torch.equal(load_model(tmp_path / "m.safetensors")(batch).delay, made(batch).delay)


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    for content in (b"", b"\x80\x04pickle", b"\x10\x00\x00\x00\x00\x00\x00\x00" + b"{}" + b" " * 30, b"\xff" * 64):
        path.write_bytes(content)
        with pytest.raises(FormatError):
            load_model(path)


def test_a_twin_whose_weights_were_changed_is_refused(tmp_path: Path) -> None:
    twin(tmp_path)
    member = tmp_path / "member-0.safetensors"
    member.write_bytes(member.read_bytes()[:-4] + b"\0\0\0\1")
    manifest = tmp_path / MANIFEST
    manifest.write_text(json.dumps(json.loads(manifest.read_text())))  # not what is in memory
    with pytest.raises(FormatError, match="not those that the manifest names"):
        load_library(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99, "members": [], "calibration": {}}'])
def test_a_broken_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(FormatError):
        load_library(tmp_path)


def test_a_member_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    twin(tmp_path / "twin")
    manifest = json.loads((tmp_path / "twin" / MANIFEST).read_text())
    manifest["members"][0]["file"] = "../elsewhere.safetensors"
    (tmp_path / "twin" / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(FormatError):
        load_library(tmp_path / "twin")


def test_a_folder_without_a_twin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json"):
        NeuralPredictor(str(tmp_path)).predict(drawn(0))


def test_impossible_options_are_refused() -> None:
    with pytest.raises(InputError):
        NeuralPredictor(coverage=1.0)
    with pytest.raises(InputError):
        ModelShape(aggregation="max")


def test_a_wider_coverage_gives_wider_intervals(tmp_path: Path) -> None:
    twin(tmp_path)
    scenario = drawn(7)
    narrow, wide = (NeuralPredictor(str(tmp_path), coverage=c).predict(scenario).interval for c in (0.5, 0.95))
    assert narrow is not None
    assert wide is not None
    known = np.isfinite(narrow.lower.delay_s)
    assert (wide.upper.delay_s >= narrow.upper.delay_s)[known].all()
    assert (wide.lower.delay_s <= narrow.lower.delay_s)[known].all()
    assert wide.upper_queues is not None
    assert narrow.upper_queues is not None
    used = np.isfinite(narrow.upper_queues.delay_s)
    assert (wide.upper_queues.delay_s >= narrow.upper_queues.delay_s)[used].all()


def test_calibration_survives_json_and_interpolates() -> None:
    shape = (len(SIZE_EDGES) + 1, len(LOAD_EDGES) + 1, len(COVERAGES))
    table = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    plain = Calibration.none()
    given = Calibration(plain.factors | {"delay": table}, plain.exponents | {"p90": np.arange(8.0)})
    calibration = Calibration.from_dict(json.loads(json.dumps(given.to_dict())))
    group = groups(np.array([5, 30, 300]), np.array([0.2, 0.8, 2.0]))
    loads = len(LOAD_EDGES) + 1
    assert group.tolist() == [0, loads + 1, 2 * loads + 2]
    at_90 = COVERAGES.index(0.9)
    assert calibration.at("delay", 0.9)[group].tolist() == [table[0, 0, at_90], table[1, 1, at_90], table[2, 2, at_90]]
    between = calibration.at("delay", 0.85)[group][0]
    assert table[0, 0, at_90 - 1] < between < table[0, 0, at_90]
    assert calibration.exponents["p90"].tolist() == list(range(8))


def test_expected_errors_are_products_of_powers() -> None:
    columns = [np.log(np.array([0.01, 0.04])), np.array([0.0, 1.0]), *[np.zeros(2)] * 5]
    expected = expected_error(np.array([np.log(3.0), 0.5, np.log(2.0), 0, 0, 0, 0, 0]), columns)
    np.testing.assert_allclose(expected, [3 * 0.1, 3 * 0.2 * 2])


def test_a_calibration_for_other_attributes_is_refused() -> None:
    plain = Calibration.none().to_dict()
    plain["delay"]["exponents"].append(1.0)
    with pytest.raises(ValueError, match="attributes"):
        Calibration.from_dict(plain)
    with pytest.raises(KeyError):
        Calibration.from_dict({})


def test_demands_of_many_paths_and_platoons_have_attributes_that_say_so() -> None:
    """Of single paths nothing lies between; waits, spreads and shares are within their bounds, and nothing is NaN."""
    for seed in range(3, 9):
        prior = prior_of(drawn(seed))
        ground, outputs = ground_of(prior), run([model(0)], prior.graph)
        columns = demand_attributes(ground, outputs)
        assert ("expected", *columns) == DEMAND_ATTRIBUTES
        assert all(np.isfinite(column).all() for column in columns.values())
        single = np.bincount(prior.graph.path_demand, minlength=prior.graph.n_demands) == 1
        assert columns["between paths"][single].max(initial=0.0) < 1e-3
        assert (columns["waiting"] <= 0).all()
        of_queues = queue_attributes(ground, outputs, ground.queues.theory_utilization)
        of_links = link_attributes(ground, of_queues, ground.per_link(ground.queues.theory_utilization))
        assert tuple(of_queues) == QUEUE_ATTRIBUTES
        assert set(of_links) == set(QUEUE_ATTRIBUTES)
        assert all(np.isfinite(column).all() for column in (*of_queues.values(), *of_links.values()))


def test_a_cap_shortens_the_mean_of_a_wide_delay() -> None:
    mean, quantiles = np.array([10.0, 10.0]), np.array([[1.0, 2, 8, 18, 22, 25, 30, 40], [9.0, 9, 10, 10, 11, 11, 12, 13]])
    capped = capped_mean(mean, quantiles, 20.0)
    assert capped[0] < 9.7
    assert capped[1] == 10.0
    assert np.array_equal(capped_mean(mean, quantiles, np.inf), mean)
    assert (capped_mean(mean, quantiles, 5.0) <= 5.0).all()


def test_distance_is_certain(tmp_path: Path) -> None:
    """A delay that is nearly all propagation has a narrow interval, however little is known of the waits."""
    predictor, near = twin(tmp_path), drawn(8, nodes=(5, 5), trouble_share=0.0, max_load=(0.5, 0.5))
    links = tuple(replace(link, propagation_delay_s=1e6) for link in near.topology.links)
    far = replace(near, topology=replace(near.topology, links=links))
    answer, waits = predictor.predict(far), predictor.predict(replace(near, topology=replace(near.topology, links=_without_length(near))))
    assert answer.interval is not None
    width = answer.interval.upper.delay_s - answer.interval.lower.delay_s
    assert (width <= 8 * waits.demands.delay_s).all()
    assert (answer.interval.upper.delay_s >= answer.demands.delay_s).all()


def _without_length(scenario: Scenario) -> tuple[Link, ...]:
    return tuple(replace(link, propagation_delay_s=0.0) for link in scenario.topology.links)
