"""What a change is: a small value that turns one scenario into another."""

from typing import Protocol, runtime_checkable

from nettwin.scenario import Scenario


@runtime_checkable
class Change(Protocol):
    """An intended or feared edit. A frozen dataclass with plain fields, so it can be written down and read back."""

    def apply(self, scenario: Scenario) -> Scenario:
        """The scenario after the change; it shares all that does not change. Raises UnknownNameError or ScenarioError."""
        ...
