"""ns-3 with IPv4, UDP sockets, global routing and FlowMonitor on any scenario that our ns-3 engine takes. For comparisons only."""

import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from nettwin.controlplane import route
from nettwin.performance import Performance
from nettwin.predict.ns3 import Ns3Predictor
from nettwin.predict.ns3.exchange import answer, question
from nettwin.predict.ns3.installation import MODULES, Ns3Installation, build
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
        routing, window = route(scenario), self.ns3._window(scenario)
        text = ways_back(scenario.topology) + question(scenario, routing, window, self.ns3.seed)
        program = built(self.ns3.installation, self.ns3.compiler)
        lines = subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603 - ours
        unmeasured = ["0 0 0"] * scenario.topology.n_links
        return answer("\n".join(lines[:-1] + unmeasured), scenario, routing, window), float(lines[-1])

    def with_seed(self, seed: int) -> "IpStackPredictor":
        return IpStackPredictor(replace(self.ns3, seed=seed))


def ways_back(topology: Topology) -> str:
    """Per link its metric and the link that leads back."""
    number = {(link.source, link.target): index for index, link in enumerate(topology.links)}
    rows = [f"{int(link.metric)} {number[link.target, link.source]}" for link in topology.links]
    return "\n".join([f"{RESOLUTION_S} {topology.n_links}", *rows]) + "\n"


@cache
def built(installation: Ns3Installation, compiler: str) -> Path:
    program = Path(mkdtemp()) / "ns3-ip-stack"
    build(SOURCE, installation, compiler, program, (*MODULES, "flow-monitor"))
    return program
