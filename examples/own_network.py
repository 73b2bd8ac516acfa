"""A network of your own, from networkx, with your own demands; and back."""

from dataclasses import replace

import networkx as nx

import nettwin
from nettwin.scenario import Demand, Traffic

graph = nx.Graph()
graph.add_edge("core", "library", capacity_bps=1e9, propagation_delay_s=50e-6)
graph.add_edge("core", "labs", capacity_bps=1e9, propagation_delay_s=20e-6)
graph.add_edge("labs", "library", capacity_bps=1e8, propagation_delay_s=60e-6)

imported = nettwin.from_networkx(graph)
print("what the graph did not say and how it was filled in:")
for entry in imported.coverage:
    if entry.note.startswith("generated"):
        print(f"  {entry.item}: {entry.note}")

demands = [Demand("core", "library", 400e6), Demand("labs", "library", 80e6), Demand("labs", "core", 300e6)]
network = replace(imported.scenario, traffic=Traffic.of(demands, imported.scenario.topology), name="campus")

print(nettwin.ask(network).demands[["rate_bps", "delay_s", "delay_p99_s", "loss_ratio"]])
print(nettwin.to_networkx(network))
