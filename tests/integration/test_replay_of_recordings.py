"""Simulations that others ran with OMNeT++, run again with ours from graph, routing and nominal traffic alone.

The default ones are cut short, so that they take seconds; their bounds leave room for the noise of short runs, and none for
other rules: with textbook WFQ, say, the error doubles. The slow ones have full length and the bounds that the project promises.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nettwin.formats import datanet
from nettwin.performance.error_measures import mean_absolute_error, relative_errors
from nettwin.predict.simulator import SimulatorPredictor
from nettwin.scenario import CarriedOnOff, Discipline, OnOff

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
MIXED_2022 = ("datanet2022/50/results_400-2000_33_33.tar.gz", 0)
MIXED_75_2022 = ("datanet2022/75/results_400-2000_18_18.tar.gz", 0)
FIFO_2021 = ("datanet2021/results_30_400-2000_0_24.tar.gz", 12)
WFQ_2020 = ("datanet2020/gnnet_data_set_0_99.tar.gz", 2)
MIXED_2020 = ("datanet2020/gnnet_data_set_0_99.tar.gz", 36)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")


def recording(name, *, longest_s=np.inf):
    path, index = name
    imported = datanet.Simulation(DATA / path, index).read()
    return shortened(imported.scenario, longest_s), imported.performance


@cache
def replayed(name, longest_s):
    """The recording, our answer and its delay errors; one simulation for all tests that look at it."""
    scenario, recorded = recording(name, longest_s=longest_s)
    return recorded, *delay_errors(scenario, recorded)


def shortened(scenario, longest_s):
    observation = replace(scenario.observation, duration_s=min(scenario.observation.duration_s, longest_s))
    return replace(scenario, observation=observation)


def delay_errors(scenario, recorded):
    answer = SimulatorPredictor(seed=1).predict(scenario)
    return answer, relative_errors(answer.demands.delay_s, recorded.demands.delay_s)


@pytest.mark.parametrize(
    ("name", "longest_s", "median", "mean", "loss"),
    [(MIXED_2022, 2000, 0.013, 0.024, 0.004), (FIFO_2021, 4000, 0.015, 0.02, 0.0015), (MIXED_2020, 4000, 0.016, 0.025, 0.003)],
)
def test_a_short_replay_agrees(name, longest_s, median, mean, loss):
    recorded, answer, errors = replayed(name, longest_s)
    assert np.isfinite(answer.demands.delay_s).all()
    assert np.median(np.abs(errors)) < median
    assert np.abs(errors).mean() < mean
    assert abs(np.median(errors)) < 0.006
    assert mean_absolute_error(answer.demands.loss_ratio, recorded.demands.loss_ratio) < loss
    np.testing.assert_allclose(answer.demands.loss_ratio.mean(), recorded.demands.loss_ratio.mean(), rtol=0.03)


def test_queues_agree_too():
    recorded, answer, _ = replayed(MIXED_2022, 2000)
    occupancy = relative_errors(answer.queues.occupancy_packets, recorded.queues.occupancy_packets)
    sojourn = relative_errors(answer.queues.delay_s, recorded.queues.delay_s)
    assert np.median(np.abs(occupancy)) < 0.015
    assert abs(np.median(occupancy)) < 0.006
    assert abs(np.median(sojourn)) < 0.006
    assert mean_absolute_error(answer.queues.utilization, recorded.queues.utilization) < 0.004
    assert mean_absolute_error(answer.queues.loss_ratio, recorded.queues.loss_ratio) < 0.004


def test_their_wfq_is_not_fair_queueing():
    scenario, recorded = recording(WFQ_2020, longest_s=4000)
    _, ours = delay_errors(scenario, recorded)
    links = tuple(with_textbook_wfq(link) for link in scenario.topology.links)
    fair = replace(scenario, topology=replace(scenario.topology, links=links))
    _, textbook = delay_errors(fair, recorded)
    assert np.abs(textbook).mean() > 2 * np.abs(ours).mean()


def with_textbook_wfq(link):
    is_theirs = link.scheduling.discipline is Discipline.VIRTUAL_CLOCK
    return replace(link, scheduling=replace(link.scheduling, discipline=Discipline.WFQ)) if is_theirs else link


def test_their_on_off_sources_send_one_packet_more_per_cycle():
    scenario, recorded = recording(MIXED_2022, longest_s=1000)
    textbook = replace(scenario, traffic=with_textbook_on_off(scenario.traffic))
    biases = [np.median(delay_errors(question, recorded)[1]) for question in (scenario, textbook)]
    assert abs(biases[0]) < 0.006
    assert biases[1] < -0.01


def with_textbook_on_off(traffic):
    """The same peak rates and periods, without the packet more."""
    rates = traffic.rate_bps.copy()
    for row, index in enumerate(traffic.arrival_index):
        process = traffic.arrivals[index]
        if isinstance(process, CarriedOnOff):
            peak = process.peak_packet_rate(traffic.packet_rate[row])
            rates[row] = peak * process.on_s / (process.on_s + process.off_s) * traffic.mean_size_bits[row]
    arrivals = tuple(OnOff(p.on_s, p.off_s) if isinstance(p, CarriedOnOff) else p for p in traffic.arrivals)
    return replace(traffic, arrivals=arrivals, rate_bps=rates)


@pytest.mark.slow
@pytest.mark.parametrize("name", [MIXED_75_2022, FIFO_2021, WFQ_2020])
def test_a_full_replay_meets_the_promise(name):
    scenario, recorded = recording(name)
    answer, errors = delay_errors(scenario, recorded)
    p90 = relative_errors(answer.delay_quantile_s(0.9), recorded.delay_quantile_s(0.9))
    assert np.median(np.abs(errors)) <= 0.01
    assert np.abs(errors).mean() <= 0.02
    assert np.abs(p90).mean() <= 0.02
    assert mean_absolute_error(answer.demands.loss_ratio, recorded.demands.loss_ratio) <= 0.002
    if np.isfinite(recorded.queues.utilization).any():
        occupancy = relative_errors(answer.queues.occupancy_packets, recorded.queues.occupancy_packets)
        assert mean_absolute_error(answer.queues.utilization, recorded.queues.utilization) <= 0.002
        assert np.median(np.abs(occupancy)) <= 0.01
