"""ns-3 with IPv4, UDP sockets, global routing and FlowMonitor on any scenario that our ns-3 engine takes. For comparisons only."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from nettwin.controlplane import route
from nettwin.performance import Performance
from nettwin.predict.ns3 import Ns3Predictor
from nettwin.predict.ns3.exchange import answer, question
from nettwin.predict.ns3.installation import MODULES, program
from nettwin.scenario import Scenario, Topology

SOURCE = Path(__file__).with_name("ns3_ip_stack.cc")
RESOLUTION_S = 1e-4
"""Of FlowMonitor's histogram of delays, from which the quantiles are read."""


@dataclass(frozen=True)
class IpStackPredictor:
    """Answers as ``Ns3Predictor`` does, of which it has the options; one link each way between neighbors, with whole metrics."""

    ns3: Ns3Predictor

    @property
    def name(self) -> str:
        return "ns3 with an IP stack"

    def predict(self, scenario: Scenario) -> Performance:
        return self.counted(scenario)[0]

    def counted(self, scenario: Scenario) -> tuple[Performance, float]:
        """The performance of the demands, and how many packets crossed a link after warm-up."""
        routing, window = route(scenario), self.ns3.window(scenario)
        text = ways_back(scenario.topology) + question(scenario, routing, window, self.ns3.seed)
        done = subprocess.run([built(self.ns3)], input=text, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
        lines = done.stdout.splitlines()
        unmeasured = ["0 0 0"] * scenario.topology.n_links
        return answer("\n".join(lines[:-1] + unmeasured), scenario, routing, window), float(lines[-1])


def ways_back(topology: Topology) -> str:
    """Per link its metric and the link that leads back."""
    number = {(link.source, link.target): index for index, link in enumerate(topology.links)}
    rows = [f"{int(link.metric)} {number[link.target, link.source]}" for link in topology.links]
    return "\n".join([f"{RESOLUTION_S} {topology.n_links}", *rows]) + "\n"


def built(ns3: Ns3Predictor) -> Path:
    """The program, compiled on first use."""
    return program(ns3.installation, ns3.compiler, SOURCE, (*MODULES, "flow-monitor"))
