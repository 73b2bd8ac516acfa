"""The ns-3 adapter. What needs ns-3 itself is skipped where it is absent."""

from dataclasses import replace

import numpy as np
import pytest

from nettwin.controlplane import route
from nettwin.errors import MissingDependencyError, PredictionError
from nettwin.predict import registry
from nettwin.predict.check import check_predictor
from nettwin.predict.ns3 import exchange, installation
from nettwin.scenario import (
    AutocorrelatedExponential,
    ConstantBitRate,
    Demand,
    Discipline,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    Link,
    Node,
    Observation,
    OnOff,
    Queue,
    Scenario,
    Scheduling,
    Topology,
    Traffic,
)


def line(*, port=Scheduling(), arrivals=None, sizes=FixedSize(1000.0), rate_bps=5e5, duration_s=200.0, propagation_s=0.0):
    links = tuple(Link(f"{a}->{b}", a, b, 1e6, propagation_delay_s=propagation_s, scheduling=port) for a, b in ("AB", "BC"))
    topology = Topology(tuple(Node(name) for name in "ABC"), links)
    more = {"arrivals": arrivals} if arrivals else {}
    demand = Demand("A", "C", rate_bps, packet_sizes=sizes, **more)
    return Scenario(topology, Traffic.of([demand], topology), observation=Observation(duration_s=duration_s))


def asked(scenario):
    return exchange.question(scenario, route(scenario), exchange.Window(0.0, 1.0), 1)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        (line(port=Scheduling(Discipline.STRICT_PRIORITY, (Queue(), Queue()))), "strict-priority is not modelled"),
        (line(sizes=ExponentialSize(1000.0)), "ExponentialSize"),
        (line(sizes=FixedSize(1001.0)), "whole bytes"),
        (line(arrivals=AutocorrelatedExponential(0.5)), "AutocorrelatedExponential"),
        (line(port=Scheduling(queues=(Queue(buffer_packets=1),))), "no room to wait"),
        (line(port=Scheduling(queues=(Queue(8000.0),)), sizes=EmpiricalSizes((800.0, 1600.0), (0.5, 0.5))), "several sizes"),
    ],
)
def test_what_is_not_modelled_is_refused(scenario, reason):
    with pytest.raises(PredictionError, match=reason):
        asked(scenario)


@pytest.mark.parametrize(
    ("queue", "holds", "limit"),
    [
        (Queue(), True, "4294967295p"),
        (Queue(buffer_packets=32), True, "31p"),
        (Queue(buffer_packets=32), False, "32p"),
        (Queue(buffer_bits=8000.0), True, "7p"),
        (Queue(buffer_bits=8000.0), False, "8p"),
    ],
)
def test_buffers_become_device_queues_without_the_packet_on_the_wire(queue, holds, limit):
    port = Scheduling(queues=(queue,), buffer_holds_packet_in_service=holds)
    assert asked(line(port=port)).splitlines()[1].endswith(limit)


def test_a_buffer_in_bits_becomes_bytes_for_mixed_sizes():
    port = Scheduling(queues=(Queue(buffer_bits=8000.0),), buffer_holds_packet_in_service=False)
    sizes = EmpiricalSizes((800.0, 1600.0), (0.5, 0.5))
    assert asked(line(port=port, sizes=sizes)).splitlines()[1].endswith(" 1000B")


def test_absence_is_said_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv(installation.VARIABLE, str(tmp_path))
    monkeypatch.setattr(installation, "_roots", lambda: iter([tmp_path]))
    with pytest.raises(MissingDependencyError, match="pip install ns3"):
        installation.find_ns3()


def test_a_program_is_built_once_and_again_when_a_source_of_it_changes(monkeypatch, tmp_path):
    built = []

    def build(source, found, compiler, target, modules):
        built.append(source.name)
        target.write_text("program")

    source, header = tmp_path / "network.cc", tmp_path / "traffic.h"
    source.write_text("one")
    header.write_text("one")
    monkeypatch.setattr(installation, "build", build)
    monkeypatch.setattr(installation, "TRAFFIC", header)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = installation.Ns3Installation(tmp_path, tmp_path, "libns3.44-core.so")
    first, again = (installation.program(found, "g++", source) for _ in range(2))
    assert first == again and built == ["network.cc"]
    header.write_text("two")
    assert installation.program(found, "g++", source) != first
    assert built == ["network.cc", "network.cc"] and first.name.startswith("ns3-network-")


@pytest.fixture(scope="module")
def ns3():
    try:
        return registry.create("ns3")
    except MissingDependencyError as missing:
        pytest.skip(str(missing))


def test_ns3_fulfils_the_contract(ns3):
    check_predictor(ns3)


def test_ns3_agrees_with_the_md1_formula(ns3):
    scenario = line(rate_bps=7e5, duration_s=500.0, propagation_s=0.002)
    answer = ns3.predict(scenario)
    service_s, load = 1e-3, 0.7
    wait_s = service_s * load / (2 * (1 - load))  # Pollaczek-Khinchine; the second queue never waits behind equal packets
    assert answer.demands.delay_s[0] == pytest.approx(wait_s + 2 * service_s + 2 * 0.002, rel=0.01)
    np.testing.assert_allclose(answer.links.utilization, load, rtol=0.01)


def test_ns3_sources_keep_their_mean_rate(ns3):
    for arrivals in (ConstantBitRate(), OnOff(0.05, 0.1)):
        answer = ns3.predict(line(arrivals=arrivals, rate_bps=5e4, duration_s=4000.0))
        assert answer.demands.offered_bps[0] == pytest.approx(5e4, rel=0.02)


def test_ns3_drops_at_full_buffers(ns3):
    scenario = line(port=Scheduling(queues=(Queue(buffer_packets=4),)), rate_bps=2e6, duration_s=50.0)
    answer = ns3.predict(scenario)
    assert answer.demands.loss_ratio[0] == pytest.approx(0.5, abs=0.01)
    assert answer.links.utilization[0] == pytest.approx(1.0, abs=0.01)


def test_ns3_repeats_itself_and_differs_by_seed(ns3):
    scenario = line(duration_s=50.0)
    one, again, other = (predictor.predict(scenario).demands.delay_s[0] for predictor in (ns3, ns3, replace(ns3, seed=2)))
    assert one == again != other
