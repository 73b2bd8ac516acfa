"""A circuit fails in mid-run, the routers need 200 ms to react, it is mended later: delay and loss, window by window."""

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

import nettwin
from nettwin.changes import FailLink, RestoreLink, TimedChange, Timeline
from nettwin.scenario import Demand, Link, Node, Observation, Queue, Scenario, Scheduling, Topology, Traffic

PORT = Scheduling(queues=(Queue(buffer_packets=100),))
CIRCUITS = {"A--B": 0.002, "B--C": 0.002, "A--C": 0.010}

ends = [(name.split("--"), delay_s, name) for name, delay_s in CIRCUITS.items()]
links = [Link(f"{x}->{y}", x, y, 5e6, d, 1 + 100 * d, PORT, circuit=n) for (a, b), d, n in ends for x, y in ((a, b), (b, a))]
topology = Topology(tuple(Node(name) for name in "ABC"), tuple(links))
traffic = Traffic.of([Demand("A", "C", 2e6), Demand("A", "B", 2e6)], topology)
scenario = Scenario(topology, traffic, observation=Observation(duration_s=3.0, warm_up_s=0.2))

events = (TimedChange(1.0, FailLink("A--B")), TimedChange(2.0, RestoreLink("A--B")))
series = nettwin.ask_in_time(Timeline(scenario, events, window_s=0.1, convergence_delay_s=0.2), seed=1)

summary = series.summary
print(summary.loc[summary["start_s"].between(0.75, 1.55), ["start_s", "mean_delay_s", "loss_ratio", "max_utilization"]])

figure, (above, below) = plt.subplots(2, sharex=True, layout="constrained")
for demand, rows in series.demands.groupby("demand"):
    above.step(rows["start_s"], 1e3 * rows["delay_s"], where="post", label=demand)
    below.step(rows["start_s"], 100 * rows["loss_ratio"], where="post", label=demand)
above.set(ylabel="mean delay, ms")
below.set(ylabel="loss, %", xlabel="time, s")
above.legend()
Path("out").mkdir(exist_ok=True)
figure.savefig("out/failure_in_time.svg")
print("wrote out/failure_in_time.svg")
