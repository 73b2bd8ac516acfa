"""How good is an engine? Record the simulator's answers as a data set, then evaluate the analytic twin against them."""

import tempfile
from pathlib import Path

import nettwin
from nettwin.apps.evaluate import evaluate
from nettwin.changes import ScaleTraffic
from nettwin.formats.recorded import write_sample
from nettwin.predict.registry import create
from nettwin.scenario import Demand, Link, Node, Queue, Scenario, Scheduling, Topology, Traffic

PORT = Scheduling(queues=(Queue(buffer_packets=50),))
RING = "ABCDE"

neighbours = [(x, RING[(i + step) % len(RING)]) for i, x in enumerate(RING) for step in (1, -1)]
topology = Topology(tuple(map(Node, RING)), tuple(Link(f"{x}->{y}", x, y, 10e6, 1e-4, scheduling=PORT) for x, y in neighbours))
ring = Scenario(topology, Traffic.of([Demand(x, y, 2e6) for x in RING for y in RING if x != y], topology), name="ring")

with tempfile.TemporaryDirectory() as folder:
    for number, factor in enumerate((0.6, 1.2, 1.6)):
        scenario = ScaleTraffic(factor).apply(ring)
        truth = nettwin.ask(scenario, "simulator", packets=300_000, seed=number).performance
        write_sample(scenario, truth, Path(folder) / f"{number:06d}")
    report = evaluate(folder, create("queueing")).to_dict()
    delay = report["delay"]

print(f"{report['engine']}: {report['simulations']} simulations, {report['demands']} demands")
print(f"mean delay: MAPE {delay['mape']:.2%}, median error {delay['median_ape']:.2%}, p90 {delay['p90_mape']:.2%}")
print(f"loss: mean absolute error {report['loss']['mae']:.5f}")
for group in report["by_max_utilization"]:
    print(f"  load from {group['from']}: MAPE {group['delay']['mape']:.2%}")
