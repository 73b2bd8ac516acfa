"""Search with the twin: delay, loss, percentiles, variation, and how ports are scheduled."""

from nettwin.optimize.twin_guided.method import TwinGuided

__all__ = ["TwinGuided"]
