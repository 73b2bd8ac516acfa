"""Finite numbers that no network has: refused by name and place, with a hint at the unit, before arithmetic overflows."""

from itertools import product
from pathlib import Path

import pytest

from nettwin.errors import InputError
from nettwin.formats import read

EXTREMES = ("5e-324", "1e-320", "1e-300", "1e300", "1.7e308")
USUAL = "2.5e3"
GRAPHML = """<graphml><graph edgedefault="undirected">
<node id="A"><data key="{place}">{c}</data><data key="Latitude">1</data><data key="y">1</data>
</node><node id="B"/><edge source="A" target="B"><data key="{name}">{a}</data></edge>
<edge source="A" target="B"><data key="capacity_bps">{b}</data></edge></graph></graphml>"""
NATIVE = """
NODES (
A ( {c} 1 )
B ( 1 1 )
)
LINKS (
L ( A B ) {a} 0 0 0 ( )\nM ( A B ) 0 0 0 0 ( {b} 1 )\n)\nDEMANDS (\nD ( A B ) 1 {b} UNLIMITED\n)\n"""
REPETITA = "NODES 2\nlabel x y\nA 1 2\nB 3 4\n\nEDGES 1\nlabel src dest weight bw delay\ne 0 1 1 {a} {b}\n"
TOPOHUB = (
    '{{"directed": false, "multigraph": false, "graph": {{"demands": {{"0": {{"1": {b}}}}}}},'
    ' "nodes": [{{"id": 0, "pos": [1, 1]}}, {{"id": 1, "pos": [2, 1]}}], "edges": [{{"source": 0, "target": 1, "dist": {a}}}]}}'
)
FILES = {
    "speed.graphml": GRAPHML.replace("{name}", "capacity_bps").replace("{place}", "Longitude"),
    "length.graphml": GRAPHML.replace("{name}", "length_km").replace("{place}", "x"),
    "delay.graphml": GRAPHML.replace("{name}", "propagation_delay_s").replace("{place}", "x"),
    "native.txt": NATIVE,
    "bits.txt": "META (\nunit = BITPERSEC\n)\n" + NATIVE,
    "edges.graph": REPETITA,
    "topohub.json": TOPOHUB,
}


@pytest.mark.parametrize("name", FILES)
def test_extremes_are_refused_with_their_place_or_read_without_a_warning(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    refused = 0
    for a, b, c in product((*EXTREMES, USUAL), (*EXTREMES, USUAL), (USUAL, "1e300") if name == "length.graphml" else ("1",)):
        path.write_text(FILES[name].format(a=a, b=b, c=c))
        try:
            read(path)
        except InputError as error:
            refused += 1
            assert str(path) in str(error)
            assert "please report" not in str(error)
    assert refused >= 20


def test_the_unit_is_suspected(tmp_path: Path) -> None:
    path = tmp_path / "a.graph"
    path.write_text(REPETITA.format(a="1e17", b="1"))
    with pytest.raises(InputError, match=r"line 8: capacity_bps is 1e\+20 .*is the unit right\?"):
        read(path)
