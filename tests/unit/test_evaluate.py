import json
from dataclasses import replace

import numpy as np
import pytest

from nettwin.apps.evaluate import evaluate, samples_of
from nettwin.errors import FormatError, InputError, PredictionError
from nettwin.formats import recorded
from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario import Demand, FixedSize, Link, Node, Scenario, Topology, Traffic

KEYS = {
    "mape",
    "mape_pooled",
    "median_ape",
    "p95_ape",
    "p99_ape",
    "wape",
    "bias_slowest_1pct",
    "p90_mape",
    "coverage_90",
    "answered",
}


def scenario(load):
    topology = Topology((Node("A"), Node("B")), (Link("A->B", "A", "B", 1e6),))
    demand = Demand("A", "B", load * 1e6, packet_sizes=FixedSize(1000.0))
    return Scenario(topology, Traffic.of([demand], topology), name=f"load {load}")


class Engine:
    """Answers with one delay and one loss for everything."""

    name = "engine"

    def __init__(self, delay_s=1.0, loss=0.0, refuses=False, with_interval=False):
        self.delay_s, self.loss, self.refuses, self.with_interval = delay_s, loss, refuses, with_interval

    def predict(self, scenario):
        if self.refuses:
            raise PredictionError("too strange")
        n = scenario.traffic.n_demands
        demands = replace(
            DemandPerformance.unknown(n, 2),
            delay_s=np.full(n, self.delay_s),
            delay_quantiles_s=np.tile([self.delay_s, 2 * self.delay_s], (n, 1)),
            loss_ratio=np.full(n, self.loss),
        )
        lower = replace(demands, delay_s=demands.delay_s / 2)
        return Performance(
            demands=demands,
            queues=QueuePerformance.unknown(scenario.topology.n_queues),
            links=replace(LinkPerformance.unknown(scenario.topology.n_links), utilization=np.array([0.5])),
            quantile_levels=(0.5, 0.9),
            interval=Interval(coverage=0.9, lower=lower, upper=demands) if self.with_interval else None,
            is_trusted=np.array([True] * n) if self.with_interval else None,
            engine=self.name,
        )


@pytest.fixture
def dataset(tmp_path):
    """Loads of 0.5, 0.9 and 1.2, all with a delay of 1 s."""
    for index, load in enumerate((0.5, 0.9, 1.2)):
        question = scenario(load)
        recorded.write_sample(question, Engine(with_interval=True).predict(question), tmp_path / f"{index:06d}")
    return tmp_path


def test_a_recording_comes_back_as_it_was(tmp_path):
    question = scenario(0.5)
    answer = Engine(with_interval=True).predict(question)
    imported = recorded.write_sample(question, answer, tmp_path / "0").read()
    back = imported.performance
    assert imported.scenario.traffic.rate_bps.tolist() == question.traffic.rate_bps.tolist()
    assert (back.engine, back.quantile_levels, back.interval.coverage) == ("engine", (0.5, 0.9), 0.9)
    np.testing.assert_array_equal(back.demands.delay_quantiles_s, answer.demands.delay_quantiles_s)
    np.testing.assert_array_equal(back.interval.lower.delay_s, answer.interval.lower.delay_s)
    np.testing.assert_array_equal(back.demands.ipdv_s, answer.demands.ipdv_s)
    np.testing.assert_array_equal(back.links.utilization, answer.links.utilization)
    assert back.is_trusted.tolist() == [True]


def test_the_document_has_its_promised_shape(dataset):
    document = json.loads(json.dumps(evaluate(dataset, Engine(1.1, 0.01)).to_dict(), allow_nan=False))
    assert list(document) == [
        "engine", "simulations", "demands", "delay", "loss", "utilization", "by_max_utilization", "by_nodes", "seconds"
    ]  # fmt: skip
    assert set(document["delay"]) == KEYS
    assert (document["engine"], document["simulations"], document["demands"]) == ("engine", 3, 3)
    assert document["delay"]["mape"] == pytest.approx(0.1)
    assert document["delay"]["p90_mape"] == pytest.approx(0.1)
    assert document["delay"]["coverage_90"] is None
    assert document["loss"] == {"mae": pytest.approx(0.01)}
    assert document["utilization"] == {"mae": 0}


def test_simulations_are_split_by_load_and_size(dataset):
    document = evaluate(dataset, Engine()).to_dict()
    assert [(b["from"], b["to"], b["simulations"]) for b in document["by_max_utilization"]] == [(0, 0.8, 1), (0.8, 1, 1), (1, None, 1)]
    assert [(b["nodes"], b["simulations"]) for b in document["by_nodes"]] == [(2, 3)]


def test_rows_are_one_per_simulation(dataset):
    rows = evaluate(dataset, Engine(0.9)).rows()
    assert [row["max_load"] for row in rows] == pytest.approx([0.5, 0.9, 1.2])
    assert rows[0]["source"].endswith("000000")
    assert rows[0]["delay_mape"] == pytest.approx(0.1)


def test_limit_and_progress(dataset):
    calls = []
    evaluation = evaluate(dataset, Engine(), limit=2, progress=lambda done, total: calls.append((done, total)))
    assert len(evaluation.samples) == 2
    assert calls == [(1, 2), (2, 2)]


def test_two_processes_give_the_same_answer(dataset):
    one, two = (evaluate(dataset, Engine(1.3), n_jobs=n_jobs) for n_jobs in (1, 2))
    assert [s.errors.mape for s in one.samples] == [s.errors.mape for s in two.samples]
    assert [s.source for s in one.samples] == [s.source for s in two.samples]


def test_one_sample_is_a_data_set_of_one(dataset):
    assert [sample.source for sample in samples_of(dataset / "000001")] == [str(dataset / "000001")]


def test_a_refusal_says_where(dataset):
    with pytest.raises(PredictionError, match=r"000000: too strange"):
        evaluate(dataset, Engine(refuses=True))


def test_an_empty_folder_is_no_data_set(tmp_path):
    with pytest.raises(InputError, match="no simulation"):
        evaluate(tmp_path, Engine())


@pytest.mark.parametrize("part", ["demands", "queues", "links"])
def test_a_broken_file_is_an_input_error(dataset, part):
    path = dataset / "000000" / f"{part}.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match="000000"):
        evaluate(dataset, Engine())


def test_columns_that_are_missing_are_an_input_error(dataset):
    folder = dataset / "000000"
    (folder / "demands.parquet").write_bytes((folder / "links.parquet").read_bytes())
    with pytest.raises(FormatError, match="cannot be understood"):
        recorded.read_performance(folder)
