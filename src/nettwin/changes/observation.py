"""Edits of how a scenario is observed."""

from dataclasses import dataclass, replace

from nettwin.scenario import Observation, Scenario


@dataclass(frozen=True, slots=True)
class SetObservation:
    """Another window of time that the answer is about."""

    observation: Observation

    def apply(self, scenario: Scenario) -> Scenario:
        return replace(scenario, observation=self.observation)
