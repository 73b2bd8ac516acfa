"""SNDlib XML and native text: syntax, units, modules and costs, round trips, wrong files."""

from dataclasses import replace
from pathlib import Path

import pytest

from nettwin.errors import FormatError, InputError, LimitError, ScenarioError, UnknownNameError
from nettwin.formats import Status, sndlib
from nettwin.formats.assumptions import Assumptions
from nettwin.scenario import CapacityModule, LinkPlanning, Scenario

NATIVE = """?SNDlib native format; type: network; version: 1.0
# network islands

# META SECTION
META (
  granularity  = 15min
  time  = 20050504-1630
  unit  = MBITPERSEC
  origin  = invented, see http://example.org/#top (two words)
)

# <node_id> [(<longitude>, <latitude>)]
NODES (
  North ( 10.00 55.00 )
  South (10.50 54.0)
  East ( 12.25 54.50 ) () ()
  Lost
)

LINKS (
  L1 ( North South ) 155.00 12.00 0.50 7.00 ( 155.00 100.00 622.00 250.50 )  # a remark
  L2 ( South East ) 0.00 0.00 0.00 0.00 ( 40.00 1.00 )
  L3 ( East North ) 622.00 0.00 0.00 0.00 ( )
  L4 ( North Lost ) 10 0 0 0 ( UNLIMITED 3 )
)

DEMANDS (
  D_N_S ( North South ) 1 100.00 UNLIMITED
  D_S_N ( South North ) 2 25.50 3
  D_N_E ( North East ) 1 30 UNLIMITED
)

ADMISSIBLE_PATHS (
  D_N_S ( P_0 ( L1 ) P_1 ( L3 L2 ) )
)
"""

XML = """<?xml version="1.0" encoding="ISO-8859-1"?>
<network xmlns="http://sndlib.zib.de/network" version="1.0">
 <meta><granularity>15min</granularity><unit>MBITPERSEC</unit></meta>
 <networkStructure>
  <nodes coordinatesType="geographical">
   <node id="North"><coordinates><x>10.0</x><y>55.0</y></coordinates></node>
   <node id="South"><coordinates><x>10.5</x><y>54.0</y></coordinates></node>
   <node id="East"><coordinates><x>12.25</x><y>54.5</y></coordinates></node>
   <node id="Lost"/>
  </nodes>
  <links>
   <link id="L1"><source>North</source><target>South</target>
    <preInstalledModule><capacity>155.0</capacity><cost>12.0</cost></preInstalledModule>
    <routingCost>0.5</routingCost><setupCost>7.0</setupCost>
    <additionalModules>
     <addModule><capacity>155.0</capacity><cost>100.0</cost></addModule>
     <addModule><capacity>622.0</capacity><cost>250.5</cost></addModule>
    </additionalModules>
   </link>
   <link id="L2"><source>South</source><target>East</target>
    <additionalModules><addModule><capacity>40.0</capacity><cost>1.0</cost></addModule></additionalModules></link>
   <link id="L3"><source>East</source><target>North</target>
    <preInstalledModule><capacity>622.0</capacity><cost>0.0</cost></preInstalledModule></link>
   <link id="L4"><source>North</source><target>Lost</target>
    <preInstalledModule><capacity>10.0</capacity><cost>0.0</cost></preInstalledModule>
    <additionalModules><addModule><capacity>UNLIMITED</capacity><cost>3</cost></addModule></additionalModules></link>
  </links>
 </networkStructure>
 <demands>
  <demand id="D_N_S"><source>North</source><target>South</target><demandValue>100.0</demandValue>
   <admissiblePaths><admissiblePath id="P_0"><linkId>L1</linkId></admissiblePath>
    <admissiblePath id="P_1"><linkId>L3</linkId><linkId>L2</linkId></admissiblePath></admissiblePaths></demand>
  <demand id="D_S_N"><source>South</source><target>North</target><routingUnit>2</routingUnit>
   <demandValue>25.5</demandValue><maxPathLength>3</maxPathLength></demand>
  <demand id="D_N_E"><source>North</source><target>East</target><demandValue>30.0</demandValue></demand>
 </demands>
</network>
"""


def write_to(folder: Path, text: str, suffix: str = ".txt") -> Path:
    path = folder / f"islands{suffix}"
    path.write_text(text)
    return path


def parts(scenario: Scenario) -> tuple[object, ...]:
    topology, traffic = scenario.topology, scenario.traffic
    return topology.nodes, topology.links, scenario.demand_ids, traffic.source.tolist(), traffic.target.tolist(), traffic.rate_bps.tolist()


@pytest.mark.parametrize(("text", "suffix"), [(NATIVE, ".txt"), (XML, ".xml")])
def test_links_keep_capacity_modules_and_costs(tmp_path: Path, text: str, suffix: str) -> None:
    topology = sndlib.read(write_to(tmp_path, text, suffix)).scenario.topology
    there, back = topology.link("North->South"), topology.link("South->North")
    assert there.capacity_bps == back.capacity_bps == 155e6
    assert there.circuit == back.circuit == "L1"
    modules = (CapacityModule(155e6, 100.0), CapacityModule(622e6, 250.5))
    assert there.planning == back.planning == LinkPlanning(modules, None, 12.0, 7.0, 0.5e-6)


@pytest.mark.parametrize(("text", "suffix"), [(NATIVE, ".txt"), (XML, ".xml")])
def test_a_link_that_is_not_built_gets_the_modules_it_needs(tmp_path: Path, text: str, suffix: str) -> None:
    imported = sndlib.read(write_to(tmp_path, text, suffix))
    link = imported.scenario.topology.link("South->East")
    assert link.capacity_bps == 40e6
    assert link.planning.installed_capacity_bps == 0.0
    assert any("cheapest of its modules" in entry.note for entry in imported.coverage)


def test_both_syntaxes_say_the_same(tmp_path: Path) -> None:
    native = sndlib.read(write_to(tmp_path, NATIVE)).scenario
    assert parts(native) == parts(sndlib.read(write_to(tmp_path, XML, ".xml")).scenario)


def test_demands_are_routing_unit_times_value_in_the_unit_of_meta(tmp_path: Path) -> None:
    scenario = sndlib.read(write_to(tmp_path, NATIVE)).scenario
    assert dict(zip(scenario.demand_ids, scenario.traffic.rate_bps.tolist(), strict=True)) == {"D_N_S": 100e6, "D_S_N": 51e6, "D_N_E": 30e6}
    scenario = sndlib.read(write_to(tmp_path, NATIVE.replace("MBITPERSEC", "GBITPERSEC"))).scenario
    assert scenario.traffic.rate_bps[0] == 100e9
    assert scenario.topology.link("North->South").capacity_bps == 155e9


def test_lengths_come_from_geographical_positions(tmp_path: Path) -> None:
    topology = sndlib.read(write_to(tmp_path, NATIVE)).scenario.topology
    # one degree of latitude is 111.2 km, half a degree of longitude there about 32.5 km
    assert topology.link("North->South").propagation_delay_s == pytest.approx(115.7e3 / 2e8, rel=0.01)
    assert topology.link("North->Lost").propagation_delay_s == 0.0


def test_a_pixel_is_taken_for_a_kilometre_and_that_is_said(tmp_path: Path) -> None:
    imported = sndlib.read(write_to(tmp_path, XML.replace('"geographical"', '"pixel"'), ".xml"))
    assert imported.scenario.topology.link("North->South").propagation_delay_s == pytest.approx(1.25**0.5 * 1e3 / 2e8)
    assert any("a pixel is a kilometre" in entry.note for entry in imported.coverage)


@pytest.mark.parametrize(("text", "suffix"), [(NATIVE, ".txt"), (XML, ".xml")])
def test_nothing_is_dropped_in_silence(tmp_path: Path, text: str, suffix: str) -> None:
    coverage = sndlib.read(write_to(tmp_path, text, suffix)).coverage
    ignored = {entry.item: entry.count for entry in coverage.of(Status.IGNORED)}
    assert ignored["maximum path length"] == 1
    assert ignored["admissible paths"] == {".txt": 1, ".xml": 2}[suffix]
    assert coverage.count(Status.UNKNOWN) == 0


def test_what_is_unknown_is_reported_with_its_line(tmp_path: Path) -> None:
    text = XML.replace("<demands>", "<colours><red/></colours><demands>").replace("<setupCost>", "<mood>3</mood><setupCost>")
    unknown = sndlib.read(write_to(tmp_path, text, ".xml")).coverage.of(Status.UNKNOWN)
    assert {(entry.item, entry.place.rpartition("line ")[2]) for entry in unknown} == {("<mood>", "14"), ("<colours>", "29")}
    text = NATIVE.replace("ADMISSIBLE_PATHS", "SURPRISES")
    unknown = sndlib.read(write_to(tmp_path, text)).coverage.of(Status.UNKNOWN)
    assert [entry.item for entry in unknown] == ["section SURPRISES"]


@pytest.mark.parametrize("first", [(NATIVE, ".txt"), (XML, ".xml")])
@pytest.mark.parametrize("second", [".txt", ".xml"])
def test_round_trip(tmp_path: Path, first: tuple[str, str], second: str) -> None:
    scenario = sndlib.read(write_to(tmp_path, *first)).scenario
    copy = tmp_path / f"copy{second}"
    sndlib.write(scenario, copy)
    again = sndlib.read(copy).scenario
    assert parts(again) == parts(scenario)


def test_links_whose_directions_differ_are_written_one_by_one(tmp_path: Path) -> None:
    scenario = sndlib.read(write_to(tmp_path, NATIVE)).scenario
    links = tuple(replace(link, capacity_bps=1e9) if link.id == "North->South" else link for link in scenario.topology.links)
    sndlib.write(replace(scenario, topology=replace(scenario.topology, links=links)), tmp_path / "copy.txt")
    topology = sndlib.read(tmp_path / "copy.txt").scenario.topology
    assert (topology.link("North->South").capacity_bps, topology.link("South->North").capacity_bps) == (1e9, 155e6)


def test_a_triangular_matrix_is_read_as_given_unless_told(tmp_path: Path) -> None:
    path = write_to(tmp_path, NATIVE.replace("  D_S_N ( South North ) 2 25.50 3\n", ""))
    imported = sndlib.read(path)
    assert imported.scenario.traffic.n_demands == 2
    assert any(entry.item == "demand model" for entry in imported.coverage.of(Status.IGNORED))
    both = sndlib.read(path, Assumptions(both_ways=True)).scenario
    assert both.traffic.n_demands == 4
    assert both.traffic.rate_bps[both.demand_index["D_N_S<-"]] == 100e6


def test_a_demand_matrix_without_links(tmp_path: Path) -> None:
    head, _, rest = NATIVE.partition("LINKS (")
    path = write_to(tmp_path, head + "LINKS (\n)\n" + rest[rest.index("\nDEMANDS") :].partition("ADMISSIBLE")[0])
    imported = sndlib.read(path)
    scenario = imported.scenario
    assert (scenario.topology.n_links, scenario.traffic.n_demands) == (0, 3)
    assert any(entry.item == "LINKS" and "unreachable" in entry.note for entry in imported.coverage)
    assert scenario.topology.metadata["time"] == "20050504-1630"
    assert scenario.name == "islands"


def test_latin_1_and_a_missing_header_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(NATIVE.replace("East", "Öst").partition("\n")[2].encode("latin-1"))
    assert "Öst" in sndlib.read(path).scenario.topology.node_index
    assert sndlib.recognizes(path, path.read_bytes())


@pytest.mark.parametrize(
    ("wrong", "right", "error", "message"),
    [
        ("622.00 0.00 0.00 0.00 ( )", "622.00 0.00 0.00 ( )", FormatError, "line 23"),
        ("155.00 12.00 0.50", "-155.00 12.00 0.50", FormatError, "line 21.*pre-installed capacity"),
        ("155.00 12.00 0.50", "nan 12.00 0.50", FormatError, "line 21.*finite"),
        ("( 40.00 1.00 )", "( 40.00 )", FormatError, "line 22.*modules"),
        ("( 40.00 1.00 )", "( 0 1.00 )", ScenarioError, "line 22.*L2.*capacity_bps is 0"),
        ("L3 (", "L1 (", FormatError, "L1.*twice"),
        ("Lost\n", "East\n", InputError, "East.*twice"),
        ("( East North )", "( East Nord )", UnknownNameError, "islands.txt.*did you mean North"),
        ("( East North )", "( East East )", ScenarioError, "source and target"),
        ("D_N_E ( North East )", "D_N_E ( North West )", UnknownNameError, "West"),
        ("D_N_E (", "D_N_S (", ScenarioError, "ids"),
        ("30 UNLIMITED", "-30 UNLIMITED", FormatError, "line 30"),
        ("type: network", "type: solution", FormatError, "solution file"),
        ("LINKS (", "NODES (", FormatError, "NODES stands twice"),
        ("ADMISSIBLE_PATHS (", "ADMISSIBLE_PATHS " + "(" * 50, LimitError, "nested"),
        ("  origin", ")\n  origin", FormatError, "instead of"),
    ],
)
def test_wrong_native_files_say_where_and_what(tmp_path: Path, wrong: str, right: str, error: type[Exception], message: str) -> None:
    assert wrong in NATIVE
    with pytest.raises(error, match=message):
        sndlib.read(write_to(tmp_path, NATIVE.replace(wrong, right, 1)))


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("<capacity>155.0</capacity>", "<capacity>-1</capacity>", "line 13.*capacity"),
        ("<capacity>155.0</capacity>", "", "line 13.*without <capacity>"),
        ('<node id="Lost"/>', "<node/>", "without an id"),
        ("<target>South</target>", "", "without source or target"),
        ("<demandValue>30.0</demandValue>", "", "without <demandValue>"),
        ("<x>10.0</x>", "<x>ten</x>", "finite number"),
        ("<x>10.0</x>", "<x>10.0</x><x>11.0</x>", "<x> stands twice"),
        ("<network ", "<model ", "no XML|instead of <network>"),
        ("<networkStructure>", "<!DOCTYPE x><networkStructure>", "no XML|document type"),
    ],
)
def test_wrong_xml_files_say_where_and_what(tmp_path: Path, wrong: str, right: str, message: str) -> None:
    assert wrong in XML
    with pytest.raises(FormatError, match=message):
        sndlib.read(write_to(tmp_path, XML.replace(wrong, right, 1), ".xml"))


def test_truncated_native_files_are_input_errors(tmp_path: Path) -> None:
    closed = NATIVE.index(")\n\nADMISSIBLE") + 1
    for end in range(0, closed, 7):
        try:
            scenario = sndlib.read(write_to(tmp_path, NATIVE[:end])).scenario
        except InputError:
            continue
        # cut between two sections, the rest is a smaller network
        assert NATIVE[:end].rstrip("\n #<_>()[],abcdefghijklmnopqrstuvwxyz").endswith(")") or scenario.traffic.n_demands == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("NODES (" + " a" * 1_100_000, "words"),
        ("( " * 1_000_000, "nested|instead of"),
        ("META (\n" + "a = b\n" * 2000, "META has more than"),
        ("NODES ( " + "x" * 100_000, "longer than"),
    ],
    ids=["words", "brackets", "meta", "word"],
)
def test_endless_texts_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        sndlib.read(write_to(tmp_path, text))


def test_recognition() -> None:
    assert sndlib.recognizes(Path("x.txt"), NATIVE.encode())
    assert sndlib.recognizes(Path("x.xml"), XML.encode())
    assert not sndlib.recognizes(Path("x.xml"), b"<graphml/>")
    assert not sndlib.recognizes(Path("x.txt"), b"graph [\n node [\n")
