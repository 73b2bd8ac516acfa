import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nettwin.apps.evaluate import Rates, evaluate, evaluate_one, samples_of
from nettwin.apps.evaluation_samples import told
from nettwin.errors import FormatError, InputError, PredictionError
from nettwin.formats import datanet, recorded, shards
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
    "variation_mape",
    "ipdv_mape",
    "quantile_mape",
    "by_true_delay",
    "coverage_by_true_delay",
    "interval_width",
    "selective_mape_80",
    "selective_ratio",
}
DATANET = Path(__file__).resolve().parents[3] / "shared" / "data" / "datanet2022" / "50"


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
        "engine", "rates", "simulations", "demands", "delay", "loss", "utilization", "queues", "noise", "trusted",
        "by_max_utilization", "by_nodes", "seconds",
    ]  # fmt: skip
    assert set(document["delay"]) == KEYS
    assert (document["engine"], document["simulations"], document["demands"]) == ("engine", 3, 3)
    assert document["delay"]["mape"] == pytest.approx(0.1)
    assert document["delay"]["p90_mape"] == pytest.approx(0.1)
    assert document["delay"]["coverage_90"] is None
    assert document["delay"]["quantile_mape"] == {"0.5": pytest.approx(0.1), "0.9": pytest.approx(0.1)}
    assert document["loss"] == {"mae": pytest.approx(0.01), "mae_lossy": None}
    assert document["utilization"] == {"mae": 0}
    assert document["queues"] == {"occupancy_wape": None, "utilization_mae": None, "loss_mae": None}
    assert document["trusted"] == {"share": None, "mape": None, "mape_untrusted": None}
    parts = document["delay"]["by_true_delay"]
    assert [(part["from"], part["to"]) for part in parts] == [(0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.99, 1)]
    assert sum(part["demands"] for part in parts) == 3
    assert parts[-1]["bias"] == pytest.approx(0.1)
    for group in (*document["by_max_utilization"], *document["by_nodes"]):
        assert set(group) >= set(list(document)[2:10])


def test_intervals_and_trust_are_in_the_document(dataset):
    document = evaluate(dataset, Engine(1.5, with_interval=True)).to_dict()
    delay = document["delay"]
    assert delay["coverage_90"] == 1
    assert [part["coverage_90"] for part in delay["coverage_by_true_delay"] if part["demands"]] == [1, 1]
    assert delay["interval_width"] == pytest.approx(0.5)
    assert delay["selective_mape_80"] == pytest.approx(0.5)
    assert delay["selective_ratio"] == pytest.approx(1)
    assert document["trusted"] == {"share": 1, "mape": pytest.approx(0.5), "mape_untrusted": None}


def test_the_noise_of_a_recording_is_told(dataset):
    """The recordings have an interval from 0.5 to 1 s at 90 %."""
    assert evaluate(dataset, Engine()).to_dict()["noise"] == pytest.approx(0.25 / 1.6449, rel=1e-3)


def test_simulations_are_split_by_load_and_size(dataset):
    document = evaluate(dataset, Engine()).to_dict()
    assert [(b["from"], b["to"], b["simulations"]) for b in document["by_max_utilization"]] == [(0, 0.8, 1), (0.8, 1, 1), (1, None, 1)]
    assert [(b["nodes"], b["simulations"]) for b in document["by_nodes"]] == [(2, 3)]


def test_rows_are_one_per_simulation(dataset):
    rows = evaluate(dataset, Engine(0.9)).rows()
    assert [row["max_load"] for row in rows] == pytest.approx([0.5, 0.9, 1.2])
    assert rows[0]["source"].endswith("000000")
    assert rows[0]["delay_mape"] == pytest.approx(0.1)
    assert rows[0]["delay_quantile_0.5_mape"] == pytest.approx(0.1)
    assert rows[0]["delay_p99_p100_bias"] == pytest.approx(-0.1)
    assert not any(isinstance(value, list | dict) for row in rows for value in row.values())
    assert {"loss_mae", "loss_mae_lossy", "utilization_mae", "queues_occupancy_wape", "trusted_share", "noise"} <= set(rows[0])


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


class Rate:
    """Answers with a delay of as many seconds as the rate has Mbit/s."""

    name = "rate"

    def predict(self, scenario):
        return Engine(float(scenario.traffic.rate_bps[0]) / 1e6).predict(scenario)


def write_run(folder, offered_bps=0.6e6):
    """Configured with 0.5 Mbit/s; the run sent 0.6."""
    answer = Engine(0.6).predict(scenario(0.5))
    recorded.write_sample(
        scenario(0.5), replace(answer, demands=replace(answer.demands, offered_bps=np.array([offered_bps]))), folder / "000000"
    )


def test_an_engine_is_told_nominal_or_measured_rates(tmp_path):
    write_run(tmp_path)
    nominal, measured = (evaluate(tmp_path, Rate(), rates=rates).to_dict() for rates in ("nominal", "measured"))
    assert (nominal["rates"], measured["rates"]) == ("nominal", "measured")
    assert nominal["delay"]["mape"] == pytest.approx(1 / 6)
    assert measured["delay"]["mape"] == pytest.approx(0)
    assert measured["by_max_utilization"][0]["from"] == nominal["by_max_utilization"][0]["from"]  # the groups do not move


def test_where_no_rate_was_measured_the_nominal_one_is_told(tmp_path):
    write_run(tmp_path, np.nan)
    assert evaluate(tmp_path, Rate(), rates="measured").to_dict()["delay"]["mape"] == pytest.approx(1 / 6)


@pytest.mark.skipif(not DATANET.is_dir(), reason="../shared/data/datanet2022 is not there")
def test_measured_rates_of_datanet_are_those_of_its_reader():
    simulation = next(datanet.simulations(DATANET))
    nominal, measured = simulation.read(), simulation.read(rates="measured")
    ours = told(nominal.scenario, nominal.performance, Rates.MEASURED)
    np.testing.assert_array_equal(ours.traffic.rate_bps, measured.scenario.traffic.rate_bps)
    assert not np.array_equal(ours.traffic.rate_bps, nominal.scenario.traffic.rate_bps)


def test_shards_are_a_data_set_and_so_are_their_parts(tmp_path):
    for number, loads in enumerate(((0.5, 0.9), (1.2,))):
        shards.write_shard(shards.shard_path(tmp_path, number), [(scenario(load), Engine().predict(scenario(load))) for load in loads])
    document = evaluate(tmp_path, Engine(1.1), n_jobs=2).to_dict()
    assert (document["simulations"], document["delay"]["mape"]) == (3, pytest.approx(0.1))
    shard = shards.shard_path(tmp_path, 0)
    assert len(list(samples_of(shard))) == 2
    (only,) = samples_of(f"{shard}#1")
    assert only.read().scenario.name == "load 0.9"


def test_nothing_recorded_is_an_input_error(tmp_path):
    class Unrecorded:
        source = "somewhere"

        def read(self):
            return replace(next(samples_of(tmp_path)).read(), performance=None)

    write_run(tmp_path)
    with pytest.raises(InputError, match="somewhere: nothing was recorded"):
        evaluate_one(Unrecorded(), Engine())
