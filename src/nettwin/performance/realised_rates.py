"""What a run really sent: a question with less left to chance."""

from dataclasses import replace

import numpy as np

from nettwin.performance.performance import Performance
from nettwin.scenario import Scenario


def with_realised_rates(scenario: Scenario, performance: Performance) -> Scenario:
    """The scenario with the rates that its demands sent at while they were measured; nominal ones where that is not known."""
    offered = performance.demands.offered_bps
    rate = np.where(np.isfinite(offered), offered, scenario.traffic.rate_bps)
    return replace(scenario, traffic=replace(scenario.traffic, rate_bps=rate))
