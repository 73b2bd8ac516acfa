"""Performances as pandas tables, with the names of the scenario and the units in ``DataFrame.attrs``."""

from bisect import bisect_left
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from nettwin.apps.scenario_tables import demand_table, link_table, table
from nettwin.changes.timeline import Timeline, phases
from nettwin.performance import NetworkSummary, Performance, PerformanceSeries, summarize
from nettwin.scenario import Scenario

PATH_FIGURES = ("mean_hops", "propagation_delay_s", "port_delay_s")
"""Columns of demands that tell about the paths of one moment."""


@dataclass(frozen=True, eq=False)
class PerformanceView:
    """A performance together with its scenario: tables with one row per demand, link and queue, named by their ids."""

    scenario: Scenario
    performance: Performance

    @cached_property
    def summary(self) -> NetworkSummary:
        """The whole network in a few numbers."""
        return summarize(self.performance)

    @cached_property
    def demands(self) -> pd.DataFrame:
        """One row per demand: who, how much, and what its packets experience.

        ``port_delay_s`` is the delay without propagation: waiting and being sent at the ports on the way.
        """
        asked = demand_table(self.scenario).drop(columns=["arrivals", "mean_packet_bits"])
        answer = _columns(self.performance.demands, but="delay_quantiles_s")
        quantiles = {quantile_column(level): self.performance.delay_quantile_s(level) for level in self.performance.quantile_levels}
        port_delay = {"port_delay_s": self.performance.demands.delay_s - asked["propagation_delay_s"].to_numpy()}
        return table(dict(asked) | answer | port_delay | quantiles | self._confidence(), asked.index, "demand")

    @cached_property
    def links(self) -> pd.DataFrame:
        """One row per directed link: its port, what is offered to it, and what it carries."""
        asked = link_table(self.scenario).drop(columns=["discipline", "n_queues", "offered_utilization"])
        return table(dict(asked) | _columns(self.performance.links), asked.index, "link")

    @cached_property
    def queues(self) -> pd.DataFrame:
        """One row per queue, numbered within its link."""
        topology = self.scenario.topology
        queues = topology.queues
        links = np.array([link.id for link in topology.links], dtype=object)[queues.link]
        position = np.arange(topology.n_queues) - queues.offsets[queues.link]
        columns: dict[str, Any] = {
            "link": links,
            "position": position,
            "weight": queues.weight,
            "buffer_bits": queues.buffer_bits,
            "buffer_packets": queues.buffer_packets,
        }
        ids = [f"{link}[{k}]" for link, k in zip(links, position, strict=True)]
        return table(columns | _columns(self.performance.queues), ids, "queue")

    def _confidence(self) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        if (interval := self.performance.interval) is not None:
            columns |= {"delay_lower_s": interval.lower.delay_s, "delay_upper_s": interval.upper.delay_s}
            columns |= {"loss_lower_ratio": interval.lower.loss_ratio, "loss_upper_ratio": interval.upper.loss_ratio}
        if self.performance.is_trusted is not None:
            columns["is_trusted"] = self.performance.is_trusted
        return columns


@dataclass(frozen=True, eq=False)
class SeriesView:
    """A performance per window of time, as tables with the columns ``start_s`` and ``end_s`` in front.

    A window is shown with the scenario as it is when the window ends: links and demands that an event adds are in every
    window, down or with rate 0 until then. Ports that get another number of queues are shown with those they began with.
    """

    timeline: Timeline
    series: PerformanceSeries

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per window: the network-wide figures."""
        result = pd.DataFrame([summarize(window) for window in self.series.windows])
        result.index.name = "window"
        return self._timed([result])

    @cached_property
    def demands(self) -> pd.DataFrame:
        """One row per window and demand, without the figures of paths: those may change within a window."""
        return self._timed([view.demands.drop(columns=list(PATH_FIGURES)).reset_index() for view in self._views])

    @cached_property
    def links(self) -> pd.DataFrame:
        return self._timed([view.links.reset_index() for view in self._views])

    @cached_property
    def queues(self) -> pd.DataFrame:
        return self._timed([view.queues.reset_index() for view in self._views])

    def windows(self) -> list[tuple[float, float, PerformanceView]]:
        """Start, end and answer of each window."""
        edges = self.series.window_edges_s.tolist()
        return list(zip(edges[:-1], edges[1:], self._views, strict=True))

    @cached_property
    def _views(self) -> list[PerformanceView]:
        stages = phases(self.timeline)
        starts = [stage.start_s for stage in stages]
        shown = [_with_queues_of(stages[0].scenario, stage.scenario) for stage in stages]
        scenarios = [shown[bisect_left(starts, end) - 1] for end in self.series.window_edges_s[1:].tolist()]
        return [PerformanceView(scenario, window) for scenario, window in zip(scenarios, self.series.windows, strict=True)]

    def _timed(self, tables: list[pd.DataFrame]) -> pd.DataFrame:
        edges = self.series.window_edges_s
        whole = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
        n_rows = len(whole) // max(1, len(edges) - 1)
        whole.insert(0, "start_s", np.repeat(edges[:-1], n_rows))
        whole.insert(1, "end_s", np.repeat(edges[1:], n_rows))
        return whole


def _with_queues_of(first: Scenario, scenario: Scenario) -> Scenario:
    """A series numbers the queues as its first scenario does, whatever schedulers the ports get later."""
    if np.array_equal(first.topology.queues.offsets, scenario.topology.queues.offsets):
        return scenario
    pairs = zip(scenario.topology.links, first.topology.links, strict=True)
    links = tuple(replace(link, scheduling=old.scheduling) for link, old in pairs)
    return replace(scenario, topology=replace(scenario.topology, links=links))


def quantile_column(level: float) -> str:
    """The column that holds a delay quantile: 0.99 -> ``delay_p99_s``, 0.999 -> ``delay_p99_9_s``."""
    return f"delay_p{f'{level * 100:.6g}'.replace('.', '_')}_s"


def _columns(values: Any, but: str = "") -> dict[str, Any]:
    return {f.name: getattr(values, f.name) for f in fields(values) if f.name != but}
