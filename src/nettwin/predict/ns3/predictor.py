"""The adapter from a scenario to an ns-3 run and back."""

import math
import subprocess
from dataclasses import dataclass, field

from nettwin.controlplane import route
from nettwin.errors import PredictionError, ScenarioError
from nettwin.performance import Performance
from nettwin.predict.ns3.exchange import Window, answer, question
from nettwin.predict.ns3.installation import Ns3Installation, find_compiler, find_ns3, program
from nettwin.scenario import Scenario


@dataclass(frozen=True)
class Ns3Predictor:
    """Packet-level simulation by ns-3: FIFO ports, fixed and empirical sizes of whole bytes, Poisson, constant and on-off sources.

    Raises MissingDependencyError where ns-3 or a C++ compiler is absent.
    """

    seed: int = 1
    packets: float = 1e6
    """How many packets are sent when the scenario is about the steady state; a tenth as many warm it up."""
    timeout_s: float = 3600.0
    installation: Ns3Installation = field(default_factory=find_ns3)
    compiler: str = field(default_factory=find_compiler)

    def __post_init__(self) -> None:
        if not (0 < self.seed < 2**32 and 1 <= self.packets < math.inf and self.timeout_s > 0):
            raise ScenarioError("an option is out of range", where="engine 'ns3'", hint="0 < seed < 2^32, packets >= 1, timeout_s > 0")

    @property
    def name(self) -> str:
        return "ns3"

    def predict(self, scenario: Scenario) -> Performance:
        routing, window = route(scenario), self.window(scenario)
        return answer(self._run(question(scenario, routing, window, self.seed)), scenario, routing, window)

    def window(self, scenario: Scenario) -> Window:
        """When a run starts to count, and when it ends."""
        observation, rate = scenario.observation, float(scenario.traffic.packet_rate.sum())
        if math.isfinite(observation.duration_s):
            return Window(observation.warm_up_s, observation.warm_up_s + observation.duration_s)
        duration = self.packets / rate if rate > 0 else 1.0
        warm_up = max(observation.warm_up_s, 0.1 * duration)
        return Window(warm_up, warm_up + duration)

    def _run(self, text: str) -> str:
        path = program(self.installation, self.compiler)
        try:
            done = subprocess.run([path], input=text, capture_output=True, text=True, timeout=self.timeout_s, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise PredictionError(f"not finished after {self.timeout_s:g} s", where="engine 'ns3'", hint="raise timeout_s") from None
        if done.returncode:
            raise PredictionError(f"ended with {done.returncode}: {done.stderr[-500:]}", where="engine 'ns3'")
        return done.stdout
