"""The answer: what the network does to its traffic. numpy only."""

from nettwin.performance.hops import HopPerformance, sum_by_demand
from nettwin.performance.network import NetworkSummary, summarize
from nettwin.performance.performance import (
    QUANTILE_LEVELS,
    DemandPerformance,
    Interval,
    LinkPerformance,
    Performance,
    PerformanceSeries,
    QueuePerformance,
)

__all__ = [
    "QUANTILE_LEVELS",
    "DemandPerformance",
    "HopPerformance",
    "Interval",
    "LinkPerformance",
    "NetworkSummary",
    "Performance",
    "PerformanceSeries",
    "QueuePerformance",
    "sum_by_demand",
    "summarize",
]
