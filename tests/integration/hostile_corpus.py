"""Files that nobody should have to read, made by code: ``HOSTILE[name](folder)`` makes one and returns its path."""

import gzip
import io
import os
import random
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

BOMB_BYTES = 150 * 2**20
SUFFIXES = (".yaml", ".json", ".xml", ".txt", ".graphml", ".graph", ".tar.gz", ".zip", ".gml")

GRAPHML = '<graphml><graph edgedefault="undirected"><node id="A"/><node id="B"/>{}</graph></graphml>'
SNDLIB = (
    '<network xmlns="http://sndlib.zib.de/network" version="1.0"><networkStructure><nodes coordinatesType="pixel">'
    '<node id="A"><coordinates><x>1</x><y>2</y></coordinates></node><node id="B"><coordinates><x>1</x><y>3</y></coordinates></node></nodes>'
    '<links><link id="L"><source>A</source><target>{target}</target><preInstalledModule><capacity>{capacity}</capacity><cost>1</cost>'
    '</preInstalledModule></link></links></networkStructure><demands><demand id="D"><source>A</source><target>B</target>'
    "<demandValue>{demand}</demandValue></demand></demands></network>"
)
YAML = (
    "nodes: [A, B]\nlinks:\n  - {{ends: [A, {target}], capacity_bps: {capacity}}}\n"
    "traffic:\n  demands: [{{source: A, target: B, rate_bps: {rate}}}]\n"
)
REPETITA = "NODES 2\nlabel x y\nA 1 2\nB 3 4\n\nEDGES 1\nlabel src dest weight bw delay\ne 0 {target} {weight} {bandwidth} 10\n"
NODE_LINK = (
    '{{"directed": true, "multigraph": false, "graph": {{}}, '
    '"nodes": [{{"id": "A"}}, {{"id": "B"}}], "edges": [{{"source": "A", "target": "{}", "capacity_bps": {}}}]}}'
)
RFC8345 = (
    '{{"ietf-network:networks": {{"network": [{{"network-id": "n", "node": [{{"node-id": "A"}}, {{"node-id": "{b}"}}],'
    ' "ietf-network-topology:link": [{{"link-id": "l", "source": {{"source-node": "A"}}, "destination": {{"dest-node": "{to}"}},'
    ' "ietf-te-topology:te": {{"te-link-attributes": {{"max-link-bandwidth": {bw}}}}}}}]}}]}}}}'
)
ENTITIES = '<!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))

NATIVE = "?SNDlib native format; type: network; version: 1.0\n"
MANY_NODES = "nodes: [" + ", ".join(f"n{n}" for n in range(9000)) + "]\n"

TEXTS = {
    "empty.yaml": "",
    "empty.json": "",
    "empty.xml": "",
    "blank.yaml": "\n \n",
    "nul.yaml": "\0",
    "nul.xml": "\0" * 1000,
    "scalar.yaml": "hello",
    "scalar.json": "1",
    "list.json": "[1, 2]",
    "no-nodes.yaml": "links: []",
    "comment-only.xml": "<!-- -->",
    "entities.xml": ENTITIES + "<network>&a9;</network>",
    "entities.graphml": ENTITIES + "<graphml><graph>&a9;</graph></graphml>",
    "quadratic.graphml": f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]><graphml>{"&a;" * 5_000}</graphml>',
    "external-entity.graphml": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><graphml>&a;</graphml>',
    "external-dtd.xml": '<!DOCTYPE network SYSTEM "http://127.0.0.1:9/x.dtd"><network xmlns="http://sndlib.zib.de/network"/>',
    "unknown-encoding.xml": '<?xml version="1.0" encoding="utf-99"?><network/>',
    "aliases.yaml": ALIASES,
    "self-alias.yaml": "nodes: &a [*a]",
    "merge.yaml": "x: &a {b: 1}\nnodes: [A]\n<<: *a",
    "tag.yaml": "nodes: !!python/object/apply:os.system ['true']",
    "tag2.yaml": "!!binary 'AAAA'",
    "two-documents.yaml": "nodes: [A]\n---\nnodes: [A]\n",
    "duplicate-key.yaml": "nodes: [A]\nnodes: [B]",
    "duplicate-key.json": '{"nettwin": 1, "nodes": ["A"], "nodes": ["B"]}',
    "merge-key.yaml": "nodes: [A]\n<<: {name: x}",
    "list-key.yaml": "? [a, b]\n: 1\nnodes: [A]",
    "deep.yaml": "[" * 100_000,
    "deep-block.yaml": "- " * 20_000 + "x",
    "deep.json": '{"nettwin": 1, "nodes": ' + "[" * 100_000,
    "deep2.json": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "deep.graphml": "<graphml>" + "<graph>" * 100_000,
    "deep.xml": "<a>" * 100_000,
    "deep.txt": NATIVE + "NODES (" + "(" * 100_000,
    "huge-integer.yaml": "nodes: [A]\nobservation: {duration_s: " + "9" * 50_000 + "}",
    "huge-integer.json": '{"nettwin": 1, "nodes": ["A"], "x": ' + "9" * 50_000 + "}",
    "huge-float.json": '{"nettwin": 1, "nodes": ["A"], "observation": {"duration_s": 1e999}}',
    "nan.json": NODE_LINK.format("B", "NaN"),
    "infinity.json": NODE_LINK.format("B", "Infinity"),
    "surrogate.json": '{"nettwin": 1, "nodes": ["\\ud800"]}',
    "nan.yaml": YAML.format(target="B", capacity=1e9, rate=".nan"),
    "nan-text.yaml": YAML.format(target="B", capacity="nan", rate=1),
    "infinite.yaml": YAML.format(target="B", capacity=".inf", rate=1),
    "negative.yaml": YAML.format(target="B", capacity=-1e9, rate=1),
    "negative-rate.yaml": YAML.format(target="B", capacity=1e9, rate=-1),
    "zero.yaml": YAML.format(target="B", capacity=0, rate=1),
    "dangling.yaml": YAML.format(target="C", capacity=1e9, rate=1),
    "loop.yaml": YAML.format(target="A", capacity=1e9, rate=1),
    "duplicate-node.yaml": "nodes: [A, A]",
    "duplicate-link.yaml": "nodes: [A, B]\nlinks:\n" + "  - {id: x, ends: [A, B], capacity_bps: 1}\n" * 2,
    "table-bomb.yaml": MANY_NODES + "routing: {base: {kind: forwarding-table, next_link: 'node,target,link'}}",
    "uneven-table.yaml": "nodes: [A, B]\ntraffic:\n  demands: |\n    source, target, rate_bps\n    A, B\n",
    "uneven-matrix.yaml": "nodes: [A, B]\ntraffic: {matrices: [{rate_bps: [[0, 1], [1]]}]}",
    "class-bomb.yaml": "nodes: [A, B]\ntraffic: {demands: [{source: A, target: B, rate_bps: 1, traffic_class: 32000}]}",
    "unknown-key.yaml": "nodes: [A]\nmodes: [B]",
    "control.yaml": "nodes: ['\x07']\n",
    "truncated.yaml": "nodes: [A, B]\nlinks: [{ends: [A,",
    "many-errors.yaml": "nodes: [A]\nlinks:\n" + "- {ends: 1}\n" * 60_000,
    "wide.yaml": "- 1\n" * 1_000_000,
    "wide.json": "[" + "{}," * 1_000_000 + "1]",
    "wide.graphml": "<graphml>" + "<a/>" * 1_000_000 + "</graphml>",
    "long-line.yaml": "a" * 30_000_000,
    "long-string.json": '"' + "a" * 30_000_000,
    "long-attribute.graphml": f'<graphml x="{"a" * 1_000_000}"/>',
    "brackets.json": '{"nodes": ' + "[" * 30_000_000,
    "quotes.json": '"' * 3_000_000,
    "backslashes.json": '"' + "\\" * 3_000_000,
    "nan.graphml": GRAPHML.format('<edge source="A" target="B"><data key="LinkSpeedRaw">NaN</data></edge>'),
    "negative.graphml": GRAPHML.format('<edge source="A" target="B"><data key="LinkSpeedRaw">-1</data></edge>'),
    "dangling.graphml": GRAPHML.format('<edge source="A" target="Z"/>'),
    "duplicate.graphml": GRAPHML.format('<node id="A"/>'),
    "no-graph.graphml": "<graphml/>",
    "truncated.graphml": '<graphml><graph><node id="A"',
    "nan.xml": SNDLIB.format(target="B", capacity="NaN", demand=1),
    "negative.xml": SNDLIB.format(target="B", capacity=-1, demand=1),
    "negative-demand.xml": SNDLIB.format(target="B", capacity=1, demand=-5),
    "dangling.xml": SNDLIB.format(target="Z", capacity=1, demand=1),
    "truncated.xml": SNDLIB.format(target="B", capacity=1, demand=1)[:300],
    "nan.graph": REPETITA.format(target=1, weight=1, bandwidth="nan"),
    "negative.graph": REPETITA.format(target=1, weight=1, bandwidth=-5),
    "dangling.graph": REPETITA.format(target=7, weight=1, bandwidth=5),
    "huge-count.graph": "NODES 999999999999\nlabel x y\nA 1 2\n",
    "truncated.graph": "NODES 2\nlabel x y\nA 1",
    "zero-metric.graph": REPETITA.format(target=1, weight=-1, bandwidth=5),
    "dangling.json": NODE_LINK.format("Z", 1),
    "negative.json": NODE_LINK.format("B", -1),
    "text-speed.json": NODE_LINK.format("B", '"nan"'),
    "nodes-are-numbers.json": '{"nodes": [1, 2], "links": []}',
    "no-edges.json": '{"nodes": []}',
    "null-nodes.json": '{"nodes": null, "links": null}',
    "no-nodes.json": '{"nodes": [], "links": []}',
    "rfc-dangling.json": RFC8345.format(b="B", to="Z", bw='"1"'),
    "rfc-negative.json": RFC8345.format(b="B", to="B", bw="-1"),
    "rfc-duplicate.json": RFC8345.format(b="A", to="A", bw='"1"'),
    "rfc-no-bandwidth.json": RFC8345.format(b="B", to="B", bw='{"te-bandwidth": {}}'),
    "rfc-hex.json": RFC8345.format(b="B", to="B", bw='"0x1p999"'),
    "rfc-empty.json": '{"ietf-network:networks": {"network": []}}',
    "rfc-wrong.json": '{"ietf-network:networks": {"network": [7]}}',
    "tiny.graphml": GRAPHML.format('<edge source="A" target="B"><data key="LinkSpeedRaw">1e-320</data></edge>'),
    "huge.graphml": GRAPHML.format('<edge source="A" target="B"><data key="LinkSpeedRaw">1e308</data></edge>'),
    "long-way.graphml": GRAPHML.format('<edge source="A" target="B"><data key="length_km">1e306</data></edge>'),
    "huge.xml": SNDLIB.format(target="B", capacity="1e300", demand=1),
    "huge-demand.xml": SNDLIB.format(target="B", capacity="0", demand="1e300"),
    "tiny.xml": SNDLIB.format(target="B", capacity="1e-320", demand=1),
    "tiny.graph": REPETITA.format(target=1, weight=1, bandwidth="1e-320"),
    "huge.graph": REPETITA.format(target=1, weight=1, bandwidth="1e304"),
    "huge.json": NODE_LINK.format("B", "1e308"),
    "tiny.json": NODE_LINK.format("B", "1e-320"),
    "rfc-tiny.json": RFC8345.format(b="B", to="B", bw="1e-320"),
    "no-graph.gml": "Creator 1\ngraph [",
    "deep.gml": "graph [" + "a [" * 100_000,
    "wide.gml": "graph [\n" + "node [ id 1 ]\n" * 500_000 + "]",
    "long-text.gml": 'graph [\nlabel "' + "a" * 30_000_000,
    "dangling.gml": "graph [\nnode [ id 1 ] edge [ source 1 target 2 ] ]",
    "duplicate.gml": "graph [\nnode [ id 1 ] node [ id 1 ] ]",
    "negative.gml": "graph [\nnode [ id 1 ] node [ id 2 ] edge [ source 1 target 2 capacity_bps -1 ] ]",
    "nan.gml": "graph [\nnode [ id 1 ] node [ id 2 ] edge [ source 1 target 2 capacity_bps nan ] ]",
    "native.txt": NATIVE + "NODES (\n A ( nan 1 )\n)",
    "native-open.txt": NATIVE + "NODES (",
    "csv-no-links/links.csv": "",
    "csv-header/links.csv": "a,b\n",
    "csv-quote/links.csv": 'source,target,capacity_bps\n"A,B,1\n',
    "csv-uneven/links.csv": "source,target,capacity_bps\nA,B\n",
    "csv-nan/links.csv": "source,target,capacity_bps\nA,B,nan\n",
    "csv-negative/links.csv": "source,target,capacity_bps\nA,B,-1\n",
    "csv-twice/links.csv": "source,source,target\nA,A,B\n",
    "csv-formula/links.csv": "source,target,capacity_bps\nA,B,=1+1\n",
}


def _text(name: str, text: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        return path.parent if "/" in name else path

    return make


def _bytes(name: str, data: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data())
        return folder / name

    return make


def _bomb(head: bytes) -> bytes:
    """Members of a mebibyte each, made once."""
    return gzip.compress(head) + gzip.compress(b" " * 2**20) * (BOMB_BYTES // 2**20)


def _bomb_of_one_member(head: bytes) -> bytes:
    squeezer = zlib.compressobj(1, wbits=31)
    parts = [squeezer.compress(head), *(squeezer.compress(b" " * 2**20) for _ in range(BOMB_BYTES // 2**20))]
    return b"".join([*parts, squeezer.flush()])


def _tar(*entries: tuple[str, bytes, bytes], is_truncated: bool = False) -> bytes:
    """Entries are name, type and data; for links the data is the target."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, kind, data in entries:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(data) if kind == tarfile.REGTYPE else 0
            info.linkname = data.decode() if kind != tarfile.REGTYPE else ""
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()[: 60 if is_truncated else None]


def _zip(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def _special(name: str, make: Callable[[Path], None]) -> Callable[[Path], Path]:
    def maker(folder: Path) -> Path:
        make(folder / name)
        return folder / name

    return maker


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**40)


def _dangling_tables(folder: Path) -> None:
    folder.mkdir()
    (folder / "nodes.csv").write_text("id\nA\n")
    (folder / "links.csv").write_text("source,target,capacity_bps\nA,B,1\n")


def _random(seed: int) -> bytes:
    return random.Random(seed).randbytes(20_000)  # noqa: S311 - nothing secret


INSIDE = "results/simulationResults.txt"
REGULAR = tarfile.REGTYPE
REFERENCES = (
    ("d/input_files.txt", REGULAR, b"0;../../../etc/passwd;/etc/passwd\n"),
    ("d/simulationResults.txt", REGULAR, b"0\n"),
    ("d/traffic.txt", REGULAR, b"0\n"),
)
HOSTILE: dict[str, Callable[[Path], Path]] = {name: _text(name, text) for name, text in TEXTS.items()}
HOSTILE |= {f"random{suffix}": _bytes(f"random{suffix}", lambda seed=seed: _random(seed)) for seed, suffix in enumerate(SUFFIXES)}
HOSTILE |= {
    f"latin1{suffix}": _bytes(f"latin1{suffix}", lambda: b"nodes: [\xe9\xff\xfe]\n") for suffix in (".yaml", ".json", ".xml", ".graph")
}
HOSTILE |= {
    "csv-dangling": _special("csv-dangling", _dangling_tables),
    "bomb.yaml": _bytes("bomb.yaml", lambda: _bomb(b"nodes: [A]\n")),
    "bomb.json": _bytes("bomb.json", lambda: _bomb(b'{"nettwin": 1, "nodes": ["A"]}')),
    "bomb.graphml": _bytes("bomb.graphml", lambda: _bomb_of_one_member(b"<graphml>")),
    "bomb.tar.gz": _bytes("bomb.tar.gz", lambda: _tar((INSIDE, REGULAR, b"0" * BOMB_BYTES))),
    "bomb-small.tar.gz": _bytes("bomb-small.tar.gz", lambda: _tar((INSIDE, REGULAR, b"0" * 2**24))),
    "bomb.zip": _bytes("bomb.zip", lambda: _zip(INSIDE, b"0" * 2**24)),
    "many.tar.gz": _bytes("many.tar.gz", lambda: _tar(*((f"{INSIDE}{n}", REGULAR, b"") for n in range(30_000)))),
    "traversal.tar.gz": _bytes("traversal.tar.gz", lambda: _tar((INSIDE, REGULAR, b"1"), ("../../etc/passwd", REGULAR, b"x"))),
    "absolute.tar.gz": _bytes("absolute.tar.gz", lambda: _tar((INSIDE, REGULAR, b"1"), ("/etc/passwd", REGULAR, b"x"))),
    "symlink.tar.gz": _bytes(
        "symlink.tar.gz", lambda: _tar((INSIDE, tarfile.SYMTYPE, b"/etc/passwd"), ("input_files.txt", REGULAR, b"0;a;b"))
    ),
    "hardlink.tar.gz": _bytes(
        "hardlink.tar.gz", lambda: _tar((INSIDE, tarfile.LNKTYPE, b"/etc/passwd"), ("input_files.txt", REGULAR, b"0;a;b"))
    ),
    "device.tar.gz": _bytes("device.tar.gz", lambda: _tar((INSIDE, tarfile.CHRTYPE, b""), ("input_files.txt", REGULAR, b"0;a;b"))),
    "references.tar.gz": _bytes("references.tar.gz", lambda: _tar(*REFERENCES)),
    "truncated.tar.gz": _bytes("truncated.tar.gz", lambda: _tar((INSIDE, REGULAR, _random(3)), is_truncated=True)),
    "truncated.yaml.gz": _bytes("truncated.yaml.gz", lambda: gzip.compress(b"nodes: [A, B]\n")[:15]),
    "corrupt.yaml.gz": _bytes("corrupt.yaml.gz", lambda: gzip.compress(b"nodes: [A, B]\n")[:12] + b"\xff" * 20),
    "traversal.zip": _bytes("traversal.zip", lambda: _zip("../../etc/passwd", b"x")),
    "truncated.zip": _bytes("truncated.zip", lambda: _zip(INSIDE, _random(4))[:500]),
    "sparse.yaml": _special("sparse.yaml", _sparse),
    "folder.yaml": _special("folder.yaml", Path.mkdir),
    "fifo.yaml": _special("fifo.yaml", os.mkfifo),
    "loop-link.yaml": _special("loop-link.yaml", lambda path: path.symlink_to(path)),
    "dangling-link.yaml": _special("dangling-link.yaml", lambda path: path.symlink_to("nowhere")),
    "zero-device.yaml": _special("zero-device.yaml", lambda path: path.symlink_to("/dev/zero")),
    "null-device.json": _special("null-device.json", lambda path: path.symlink_to("/dev/null")),
    "missing.yaml": _special("missing.yaml", lambda path: None),
    "nul\0name.yaml": lambda folder: folder / "nul\0name.yaml",
    "long-name": lambda folder: folder / ("x" * 5000),
    "link-to-folder": _special("link-to-folder", lambda path: path.symlink_to("/")),
}
