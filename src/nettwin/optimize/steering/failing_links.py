"""What a survival clause says may fail."""

from nettwin.intents.judging.chosen_failures import chosen_failures
from nettwin.intents.survival import Survive
from nettwin.scenario import Scenario


def failing_links(scenario: Scenario, survive: Survive) -> list[tuple[int, ...]]:
    """For each thing that may fail alone, the links that work now and then do not."""
    up = scenario.topology.link_is_up
    every = (tuple(link for link in failure.links if up[link]) for failure in chosen_failures(survive, scenario))
    return [links for links in every if links]
