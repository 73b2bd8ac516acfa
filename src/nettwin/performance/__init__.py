"""The answer: what the network does to its traffic. numpy only."""

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
    "Interval",
    "LinkPerformance",
    "NetworkSummary",
    "Performance",
    "PerformanceSeries",
    "QueuePerformance",
    "summarize",
]
