"""Packets that are longer than a buffer: no queue ever takes them, so theory is told of those that fit only.

A buffer in bits drops on arrival what would exceed it, hence a packet longer than the whole buffer, whoever waits. Along a path sizes are
cut at the least buffer so far. A demand with such packets becomes a demand of its packets that fit all along the way, and one more for each
place where others end, which load the links up to there. Where paths of one demand differ in what fits, each other kind of path is a demand
too. Arrival processes stay as they are: what thinning does to them is neglected.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from nettwin.performance import DemandPerformance, HopPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.performance.slicing import sliced
from nettwin.queueing.cutting import Cutting, ceilings
from nettwin.queueing.demand_hops import queue_of_hop
from nettwin.queueing.size_limits import longest_bits
from nettwin.scenario import Routing, Scenario
from nettwin.scenario.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Fitted:
    """A question as theory is told it, and the way back from its answer. Rows of the question come first, in their order."""

    asked: Scenario
    asked_routing: Routing
    scenario: Scenario
    routing: Routing
    share: FloatArray  # [demand asked] packets that fit all along the way
    parent: IntArray  # [demand added] of which it is a part
    whole: FloatArray  # [demand added] share of the parent's packets, where this part goes all along a path; 0 where it ends before
    whole_path: IntArray  # [demand added] that path
    hop_fits: FloatArray  # [hop asked] of the packets that come
    dropped: FloatArray  # [queue] packets/s too long for it, when nothing is lost before
    arriving: FloatArray  # [queue] packets/s in all, likewise

    @cached_property
    def is_same(self) -> bool:
        """Everything fits: the question itself."""
        return self.scenario is self.asked

    @property
    def case(self) -> tuple[Scenario, Routing]:
        return self.scenario, self.routing

    @cached_property
    def _queue_fits(self) -> FloatArray:  # [queue]
        return _fitting(self.dropped, self.arriving)

    @cached_property
    def _link_fits(self) -> FloatArray:  # [link]
        topology = self.asked.topology
        per_link = [np.bincount(topology.queues.link, rate, topology.n_links).astype(np.float64) for rate in (self.dropped, self.arriving)]
        return _fitting(*per_link)

    def answered(self, told: Performance) -> Performance:
        """The answer to the question, from theory's. Delays are those of the packets that fit all along."""
        if self.is_same:
            return told
        asked = sliced(told, slice(len(self.share)), slice(None), slice(None))
        found = self._with_losses(asked, told)
        if told.interval is None or asked.interval is None:
            return found
        return replace(found, interval=self._interval(asked.interval, told.interval, told.demands.loss_ratio))

    def measured(self, performance: Performance) -> Performance:
        """The way there: what was measured as theory has to say it; nothing (NaN) about the parts added."""
        if self.is_same:
            return performance
        demands, queues, links = performance.demands, performance.queues, performance.links
        fitting = replace(demands, loss_ratio=_without(demands.loss_ratio, self.share))
        interval = performance.interval
        return replace(
            performance,
            demands=self._padded(fitting),
            queues=replace(queues, loss_ratio=_without(queues.loss_ratio, self._queue_fits)),
            links=replace(links, loss_ratio=_without(links.loss_ratio, self._link_fits)),
            interval=None
            if interval is None
            else replace(interval, lower=self._padded(interval.lower), upper=self._padded(interval.upper)),
            is_trusted=None,
        )

    def answered_hops(self, told: HopPerformance) -> HopPerformance:
        """The same for the figures of hops."""
        if self.is_same:
            return told
        n_paths, n_hops = self.asked_routing.n_paths, len(self.hop_fits)
        columns = {f.name: getattr(told, f.name)[:n_hops] for f in fields(told) if f.name not in ("path_demand", "delivered_share")}
        delivered = np.array(told.delivered_share[:n_paths])
        if self.whole.any():
            delivered = self._beside(told, columns, delivered)
        columns["loss_ratio"] = 1 - self.hop_fits * (1 - columns["loss_ratio"])
        return replace(told, **columns, path_demand=told.path_demand[:n_paths], delivered_share=delivered)

    def _beside(self, told: HopPerformance, columns: dict[str, Any], delivered: FloatArray) -> FloatArray:
        """Fills in the hops of paths that parts take; returns what each path delivers of a demand."""
        routing, asked = self.routing, self.asked_routing
        gets = np.ones(routing.n_paths)
        np.multiply.at(gets, told.path, 1 - told.loss_ratio)
        gets *= np.concatenate([self.share[asked.path_demand] * routing.path_share[: asked.n_paths], self.whole])
        shares, names = gets[: asked.n_paths].copy(), ("propagation_s", "transmission_s", "wait_s", "loss_ratio")
        columns |= {name: np.array(columns[name]) for name in names}
        for part in np.flatnonzero(self.whole > 0):
            path, row = self.whole_path[part], asked.n_paths + part
            there = slice(asked.hop_offsets[path], asked.hop_offsets[path + 1])
            here = slice(routing.hop_offsets[row], routing.hop_offsets[row + 1])
            for name in names:
                columns[name][there] = getattr(told, name)[here]
            shares[path] = gets[row]
        total = np.bincount(asked.path_demand, shares, asked.n_demands)[asked.path_demand]
        return np.where(total > 0, shares / np.maximum(total, 1e-300), delivered)

    def summed(self, per_demand: FloatArray) -> FloatArray:
        """[demand told] to [demand asked], parts added to their whole."""
        n = len(self.share)
        return np.asarray(per_demand[:n] + np.bincount(self.parent, per_demand[n:], n))

    def _interval(self, asked: Interval, told: Interval, loss_ratio: FloatArray) -> Interval:
        def bound(name: str) -> dict[str, Any]:
            found: dict[str, Any] = {name: self._demands(getattr(asked, name), getattr(told, name), loss_ratio)}
            queues, links = getattr(asked, f"{name}_queues"), getattr(asked, f"{name}_links")
            found[f"{name}_queues"] = None if queues is None else self._queues(queues)
            found[f"{name}_links"] = None if links is None else self._links(links)
            return found

        return replace(asked, **bound("lower"), **bound("upper"))

    def _with_losses(self, asked: Performance, told: Performance) -> Performance:
        demands, queues, links = (
            self._demands(asked.demands, told.demands, told.demands.loss_ratio),
            self._queues(asked.queues),
            self._links(asked.links),
        )
        return replace(asked, demands=demands, queues=queues, links=links)

    def _demands(self, asked: DemandPerformance, told: DemandPerformance, loss_ratio: FloatArray) -> DemandPerformance:
        """Of an answer or a bound of it; ``loss_ratio`` [demand told] of the answer says how much each part counts."""
        n, none = len(self.share), self.share <= 0
        beside = np.bincount(self.parent, self.whole * (1 - told.loss_ratio[n:]), n)
        throughput = np.bincount(self.parent, np.where(self.whole > 0, told.throughput_bps[n:], 0.0), n)
        columns = {
            f.name: np.where(none if f.name != "delay_quantiles_s" else none[:, None], np.nan, getattr(asked, f.name))
            for f in fields(asked)
        }
        if self.whole.any():
            columns |= self._mixed(told, loss_ratio)
        columns["loss_ratio"] = np.clip(1 - self.share * (1 - asked.loss_ratio) - beside, 0.0, 1.0)
        columns["offered_bps"] = self.asked.traffic.rate_bps
        columns["throughput_bps"] = np.where(none, 0.0, asked.throughput_bps) + throughput
        return DemandPerformance(**columns)

    def _mixed(self, told: DemandPerformance, loss_ratio: FloatArray) -> dict[str, FloatArray]:
        """Delays over all packets of a demand, whatever paths they take; means of the IPDV and of quantiles, which is rough."""
        weight = np.concatenate([self.share, self.whole]) * (1 - loss_ratio)

        def mean(values: FloatArray) -> FloatArray:
            known = np.where((weight > 0) & np.isfinite(values), weight, 0.0)
            total = self.summed(known)
            return np.where(total > 0, self.summed(known * np.nan_to_num(values)) / np.maximum(total, 1e-300), np.nan)

        delay = mean(told.delay_s)
        squares = mean(told.delay_variation_s**2 + told.delay_s**2)
        return {
            "delay_s": delay,
            "delay_variation_s": np.sqrt(np.maximum(squares - delay**2, 0.0)),
            "ipdv_s": mean(told.ipdv_s),
            "delay_quantiles_s": np.stack([mean(column) for column in told.delay_quantiles_s.T], axis=1),
        }

    def _queues(self, told: QueuePerformance) -> QueuePerformance:
        return replace(told, loss_ratio=1 - self._queue_fits * (1 - told.loss_ratio))

    def _links(self, told: LinkPerformance) -> LinkPerformance:
        return replace(told, loss_ratio=1 - self._link_fits * (1 - told.loss_ratio))

    def _padded(self, columns: DemandPerformance) -> DemandPerformance:
        added = len(self.parent)

        def pad(values: FloatArray) -> FloatArray:
            return np.concatenate([values, np.full((added, *values.shape[1:]), np.nan)])

        return DemandPerformance(**{f.name: pad(getattr(columns, f.name)) for f in fields(columns)})


def fitted(scenario: Scenario, routing: Routing) -> Fitted:
    """What theory is told of a scenario on its paths: the scenario itself where every packet fits into every buffer on its way."""
    buffers, longest = scenario.topology.queues.buffer_bits, longest_bits(scenario.traffic)
    if longest.max(initial=0.0) <= buffers.min(initial=np.inf):
        return _same(scenario, routing)
    queue = queue_of_hop(scenario, routing)
    found = ceilings(routing, queue, buffers, longest)
    return _cut(scenario, routing, Cutting(scenario, routing, found, queue)) if len(found.cut_path) else _same(scenario, routing)


def _cut(scenario: Scenario, routing: Routing, cutting: Cutting) -> Fitted:
    told, told_routing, parts = cutting.told_scenario(), cutting.told_routing(), cutting.parts
    moving, dropped = parts.moving, cutting.dropped()
    per_path = told.traffic.packet_rate[told_routing.path_demand] * told_routing.path_share
    queue = queue_of_hop(told, told_routing)
    return Fitted(
        asked=scenario,
        asked_routing=routing,
        scenario=told,
        routing=told_routing,
        share=cutting.share,
        parent=parts.demand[moving],
        whole=np.where(parts.is_lost, 0.0, parts.share)[moving],
        whole_path=parts.path[moving],
        hop_fits=cutting.hop_fits(),
        dropped=dropped,
        arriving=np.bincount(queue, per_path[told_routing.hop_path], len(dropped)) + dropped,
    )


def _same(scenario: Scenario, routing: Routing) -> Fitted:
    nothing = np.zeros(scenario.topology.n_queues)
    return Fitted(
        asked=scenario,
        asked_routing=routing,
        scenario=scenario,
        routing=routing,
        share=np.ones(routing.n_demands),
        parent=np.zeros(0, dtype=np.int64),
        whole=np.zeros(0),
        whole_path=np.zeros(0, dtype=np.int64),
        hop_fits=np.ones(len(routing.hop_link)),
        dropped=nothing,
        arriving=nothing,
    )


def _fitting(dropped: FloatArray, arriving: FloatArray) -> FloatArray:
    """Share of what arrives that is not too long."""
    return np.asarray(1 - np.divide(dropped, arriving, out=np.zeros(len(dropped)), where=arriving > 0))


def _without(loss: FloatArray, fits: FloatArray) -> FloatArray:
    """Loss ratio among those that fit, from the loss ratio of all."""
    return np.asarray(np.clip(1 - (1 - loss) / np.where(fits > 0, fits, 1.0), 0.0, 1.0))
