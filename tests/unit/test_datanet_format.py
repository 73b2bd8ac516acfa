"""datanet files made by hand: three nodes, every policy, all three years."""

import io
import tarfile

import numpy as np
import pytest

from nettwin.controlplane import route
from nettwin.errors import FormatError, InputError
from nettwin.formats import datanet, registry
from nettwin.formats.coverage import Status
from nettwin.scenario import CarriedOnOff, ConstantBitRate, Discipline, EmpiricalSizes, Poisson

POLICIES = {
    "0": 'schedulingPolicy "WFQ"\n schedulingWeights "70,20,10"',
    "1": 'schedulingPolicy "DRR"\n schedulingWeights "60,30,10"',
    "2": 'schedulingPolicy "SP"',
}
EDGES = [(0, 1, 0, 10_000), (1, 2, 1, 40_000), (1, 0, 0, 10_000), (2, 1, 0, 25_000)]
PORT_MATRIX = "-1,0,0,\n0,-1,1,\n0,0,-1,\n"
PATHS = "0;1\n0;1;2\n1;0\n1;2\n2;1;0\n2;1\n"
SIZES = "3,1057,3,500,0.25,1000,0.25,1500,0.5"
TRAFFIC = (
    "1000.5|-1,0,-1,0,0"
    f";0,1125,1.0,10,{SIZES},0"
    f";1,2250,2.0,{SIZES},1"
    f";4,2250,4.0,5,5,10,{SIZES},2"
    ";-1,0,-1,0,0;-1,0,-1,0,0;-1,0,-1,0,0;-1,0,-1,0,0;-1,0,-1,0,0"
)
NO_RESULT = "0,0,0,-1,-1,-1,-1,-1,-1,-1,-1"
RESULTS = (
    "5,1,0.2|"
    f"{NO_RESULT};1.2,1.1,0,0.11,-2,0.05,0.06,0.1,0.15,0.2,0.0025"
    ";2.2,2.0,0.5,0.3,-2,0.1,0.2,0.3,0.4,0.5,0.01"
    f";2.4,2.0,2.0,-1,-1,-1,-1,-1,-1,-1,-1;" + ";".join([NO_RESULT] * 5)
)
PORT_01 = "0.5,0.01,1000:0.1,0,600,3000,1000:0.4,0.02,1500,4000,1000:0.0,0,0,0,0"
USAGE = f"-1;{PORT_01};-1;-1;-1;-1;-1;-1;-1"


def gml(*, buffers='bufferSizes "8000,8000,16000"', class_map='tosToQoSqueue "0;1;2"', policies=POLICIES):
    nodes = [
        f'node [\n id {node}\n label "{node}"\n {buffers}\n {text}\n {class_map}\n levelsQoS "3"\n ]' for node, text in policies.items()
    ]
    edges = [f'edge [\n source {a}\n target {b}\n key 0\n port {p}\n weight 1\n bandwidth "{c}"\n ]' for a, b, p, c in EDGES]
    return "graph [\n directed 1\n multigraph 1\n " + "\n ".join(nodes + edges) + "\n]\n"


@pytest.fixture
def write(tmp_path):
    """Writes a data set of equal simulations and returns its archive."""

    def write(*, graph=None, routing=PORT_MATRIX, n_simulations=1, **parts):
        for folder, text in (("graphs", graph or gml()), ("routings", routing)):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "one.txt").write_text(text)
        lines = {
            "input_files": "7;one.txt;one.txt",
            "traffic": TRAFFIC,
            "simulationResults": RESULTS,
            "stability": "250;0.0009;OK;Mem(KB):1;Time(s):1",
            "linkUsage": USAGE,
        } | parts
        path = tmp_path / "results_0_0.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for part, line in lines.items():
                if line is not None:
                    data = (line + "\n").encode() * n_simulations
                    info = tarfile.TarInfo(f"results/{part}.txt")
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
        return path

    return write


def test_2022_has_buffers_in_bits_and_a_port_matrix(write):
    scenario = datanet.read(write()).scenario
    wfq, drr = scenario.topology.link("0->1").scheduling, scenario.topology.link("1->2").scheduling
    assert wfq.discipline is Discipline.VIRTUAL_CLOCK
    assert [queue.weight for queue in wfq.queues] == [70, 20, 10]
    assert [queue.buffer_bits for queue in wfq.queues] == [8000, 8000, 16000]
    assert wfq.buffer_holds_packet_in_service
    assert scenario.observation.duration_s == 250
    assert scenario.observation.delay_cap_s == np.inf
    assert drr.discipline is Discipline.DRR
    assert [queue.weight * drr.quantum_bits for queue in drr.queues] == [24_000, 12_000, 4_000]  # of one second of 40 kbit/s
    links = [[scenario.topology.links[i].id for i in route(scenario).paths_of(d)[0][1]] for d in range(3)]
    assert links == [["0->1"], ["0->1", "1->2"], ["1->0"]]


def test_2020_does_not_count_the_packet_in_service_and_caps_delays(write):
    scenario = datanet.read(write(graph=gml(buffers='queueSizes "32,32,32"', class_map=""), linkUsage=None)).scenario
    port = scenario.topology.link("0->1").scheduling
    assert port.queues[0].buffer_packets == 32
    assert not port.buffer_holds_packet_in_service
    assert scenario.observation.delay_cap_s == 20


def test_2021_has_explicit_paths(write):
    policies = dict.fromkeys("012", 'schedulingPolicy "FIFO"')
    graph = gml(buffers='queueSizes "32"', class_map="", policies=policies).replace('levelsQoS "3"', "levelsQoS 1")
    usage = "-1;0.5,0.01,1000,0.5,0.01,4,8,1000;-1;-1;-1;-1;-1;-1;-1"
    imported = datanet.read(write(graph=graph, routing=PATHS, linkUsage=usage))
    scenario, recorded = imported.scenario, imported.performance
    assert scenario.policy.explicit_paths["0->2/1"][0].links == ("0->1", "1->2")
    assert scenario.topology.link("0->1").scheduling.buffer_holds_packet_in_service
    assert scenario.observation.delay_cap_s == np.inf
    assert recorded.queues.occupancy_packets[0] == pytest.approx(4 * 0.5)
    assert recorded.queues.delay_s[0] == pytest.approx(4 * 1000 / 10_000)


def test_traffic_has_its_true_mean_rates(write):
    traffic = datanet.read(write()).scenario.traffic
    mean_bits = 0.25 * 500 + 0.25 * 1000 + 0.5 * 1500  # the file says 1057
    sizes = EmpiricalSizes((500.0, 1000.0, 1500.0), (0.25, 0.25, 0.5))
    assert traffic.packet_sizes == (sizes,)
    assert [traffic.arrivals[i] for i in traffic.arrival_index] == [Poisson(), ConstantBitRate(), CarriedOnOff(5.0, 5.0)]
    np.testing.assert_allclose(traffic.rate_bps, [mean_bits, 2 * mean_bits, (1 + 4 * 5) / 10 * mean_bits])
    assert traffic.traffic_class.tolist() == [0, 1, 2]


def test_measured_rates_are_those_of_the_run(write):
    traffic = datanet.read(write(), rates="measured").scenario.traffic
    np.testing.assert_allclose(traffic.rate_bps, [1200, 2200, 2400])


def test_the_recording_becomes_a_performance(write):
    recorded = datanet.read(write()).performance
    np.testing.assert_allclose(recorded.demands.delay_s, [0.11, 0.3, np.nan])
    np.testing.assert_allclose(recorded.demands.delay_variation_s, [0.05, 0.1, np.nan])
    np.testing.assert_allclose(recorded.demands.loss_ratio, [0, 0.25, 1])
    np.testing.assert_allclose(recorded.delay_quantile_s(0.9), [0.2, 0.5, np.nan])
    np.testing.assert_allclose(recorded.demands.throughput_bps, [1200, 1650, 0])
    np.testing.assert_allclose(recorded.queues.utilization[:3], [0.1, 0.4, 0.0])
    np.testing.assert_allclose(recorded.queues.occupancy_packets[:3], [600 * 0.1 / 1000, 1500 * 0.4 / 1000, 0])
    np.testing.assert_allclose(recorded.queues.delay_s[:3], [0.06, 0.15, np.nan])
    np.testing.assert_allclose(recorded.links.utilization, [0.5, np.nan, np.nan, np.nan])


def test_a_map_may_send_all_classes_to_one_queue(write):
    policies = dict.fromkeys("012", 'schedulingPolicy "FIFO"')
    graph = gml(buffers='bufferSizes "8000"', class_map='tosToQoSqueue "0,1,2"', policies=policies)
    port = datanet.read(write(graph=graph, linkUsage=None)).scenario.topology.link("0->1").scheduling
    assert [port.queue_of_class(c) for c in range(3)] == [0, 0, 0]


def test_unknown_distributions_are_reported(write):
    entry = ";0,1125,1.0,10,"
    imported = datanet.read(write(traffic=TRAFFIC.replace(entry, ";2,1125,0.5,1.5,").replace(";1,2250,2.0,3,", ";1,2250,2.0,9,")))
    unknown = imported.coverage.of(Status.UNKNOWN)
    assert [e.item for e in unknown] == ["time distribution 2 (uniform gaps)", "size distribution '9'"]
    assert imported.scenario.traffic.rate_bps[0] == 1125


def test_archives_of_many_simulations(write):
    path = write(n_simulations=3)
    assert datanet.member_names(path) == ("0", "1", "2")
    assert [s.source for s in datanet.simulations(path.parent)] == [f"{path}#{i}" for i in range(3)]
    assert datanet.member_names(path.parent)[-1] == "results_0_0.tar.gz/2"
    assert registry.read(f"{path}#2").scenario.name == "results_0_0#2"
    assert datanet.read_member(path.parent, "results_0_0.tar.gz/1").scenario.name == "results_0_0#1"
    with pytest.raises(InputError, match="several simulations"):
        datanet.read(path)
    with pytest.raises(InputError, match="it holds 3"):
        datanet.read_member(path, "3")


def test_an_unpacked_archive_is_read_too(write, tmp_path):
    folder = tmp_path / "unpacked"
    with tarfile.open(write()) as archive:
        archive.extractall(folder, filter="data")
    assert datanet.read(folder / "results").scenario.traffic.n_demands == 3


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"traffic": TRAFFIC[:-30]}, "entries for 3 nodes"),
        ({"traffic": TRAFFIC.replace("0,1125,1.0", "0,1125,nan")}, "not finite"),
        ({"traffic": TRAFFIC.replace("0,1125,1.0", "0,1125,-1.0")}, "negative"),
        ({"traffic": TRAFFIC.replace("0,1125,1.0", "0,1125,x")}, "pair 0 -> 1"),
        ({"simulationResults": RESULTS[:-30]}, "simulationResults"),
        ({"simulationResults": RESULTS.replace("1.1,0,", "1.1,9,")}, "out of range"),
        ({"linkUsage": USAGE[:-3]}, "linkUsage"),
        ({"linkUsage": USAGE.replace("0.5,0.01", "0.5,nan")}, "negative or infinite"),
        ({"traffic": TRAFFIC.replace(SIZES, "3," * 10_000, 1)}, "longer than"),
        ({"traffic": "1|" + "," * 1_000_000}, "entries for 3 nodes"),
        ({"input_files": "\n" * 200_000}, "more than 100000 simulations"),
        ({"graph": gml() + " " * 3_000_000}, "graph file: more than"),
        ({"routing": PORT_MATRIX + "," * 10_000}, "too long for 3 nodes"),
        ({"stability": "soon"}, "duration"),
        ({"stability": "-5;"}, "observation"),
        ({"input_files": "7;one.txt"}, "number;graph;routing"),
        ({"input_files": "7;../../../etc/passwd;one.txt"}, "leads out"),
        ({"input_files": "7;two.txt;one.txt"}, "nowhere"),
        ({"routing": "-1,0,\n0,-1,\n"}, "3 x 3"),
        ({"routing": PORT_MATRIX.replace("-1,1", "-1,9")}, "no port '9'"),
        ({"routing": PATHS.replace("0;1;2", "0;2")}, "no edge 0 -> 2"),
        ({"graph": gml()[:-300]}, "GML"),
        ({"graph": "[" * 100_000}, "nested"),
        ({"graph": gml().replace("WFQ", "LIFO")}, "LIFO"),
        ({"graph": gml().replace("8000,8000,16000", "8000,-1,16000")}, "queues"),
        ({"graph": gml().replace('"10000"', '"-10000"')}, "capacity_bps"),
        ({"graph": gml().replace("port 1", "port 0")}, "one port"),
        ({"graph": gml().replace("id 2", "id 5").replace("source 2", "source 5").replace("target 2", "target 5")}, "0, 1, 2"),
        ({"graph": gml().replace('"0;1;2"', '"0;1;2;3"')}, "tosToQoSqueue"),
    ],
)
def test_broken_files_fail_with_their_place(write, parts, message):
    with pytest.raises(InputError, match=message):
        datanet.read(write(**parts))


def test_an_archive_cut_short_fails(write):
    path = write()
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError):
        datanet.read(path)


def test_lines_that_are_missing_are_noticed(write):
    with pytest.raises(FormatError, match="lines for 1 simulations"):
        datanet.read(write(traffic=TRAFFIC + "\n" + TRAFFIC))
    with pytest.raises(FormatError, match=r"stability.txt is missing"):
        datanet.read(write(stability=None))
