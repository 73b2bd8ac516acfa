"""Somebody else's file: what was modelled, ignored, and not understood? Then keep it in our own format."""

from pathlib import Path

import nettwin
from nettwin.formats import Status

GRAPHML = """<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="label" attr.type="string"/>
  <key id="d1" for="node" attr.name="Latitude" attr.type="double"/>
  <key id="d2" for="node" attr.name="Longitude" attr.type="double"/>
  <key id="d3" for="edge" attr.name="LinkSpeedRaw" attr.type="double"/>
  <key id="d4" for="edge" attr.name="Colour" attr.type="string"/>
  <graph edgedefault="undirected">
    <node id="0"><data key="d0">Oslo</data><data key="d1">59.9</data><data key="d2">10.7</data></node>
    <node id="1"><data key="d0">Bergen</data><data key="d1">60.4</data><data key="d2">5.3</data></node>
    <node id="2"><data key="d0">Trondheim</data><data key="d1">63.4</data><data key="d2">10.4</data></node>
    <edge source="0" target="1"><data key="d3">10000000000</data><data key="d4">red</data></edge>
    <edge source="1" target="2"><data key="d3">10000000000</data></edge>
    <edge source="0" target="2"/>
  </graph>
</graphml>
"""

folder = Path("out")
folder.mkdir(exist_ok=True)
(folder / "norway.graphml").write_text(GRAPHML)

imported = nettwin.read(folder / "norway.graphml")
print(imported.coverage.summary())
for status in (Status.UNKNOWN, Status.IGNORED):
    for entry in imported.coverage.of(status):
        print(f"  {status}: {entry.item} at {entry.place} ({entry.count}) {entry.note}")

nettwin.write(imported.scenario, folder / "norway.yaml")
again = nettwin.read(folder / "norway.yaml")
print("kept as YAML:", again.scenario.topology.n_nodes, "nodes,", again.scenario.topology.n_links, "links,", again.coverage.summary())
