"""A performance of several networks side by side, taken apart."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from nettwin.performance.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance

Part = TypeVar("Part", DemandPerformance, QueuePerformance, LinkPerformance)


def sliced(performance: Performance, demands: slice, queues: slice, links: slice) -> Performance:
    """The rows of one network."""
    interval, trusted = performance.interval, performance.is_trusted
    return replace(
        performance,
        demands=_rows(performance.demands, demands),
        queues=_rows(performance.queues, queues),
        links=_rows(performance.links, links),
        interval=None if interval is None else _interval(interval, (demands, queues, links)),
        is_trusted=None if trusted is None else trusted[demands],
    )


def _interval(interval: Interval, rows: tuple[slice, slice, slice]) -> Interval:
    by_part = {DemandPerformance: rows[0], QueuePerformance: rows[1], LinkPerformance: rows[2]}
    bounds: dict[str, Any] = {f.name: getattr(interval, f.name) for f in fields(interval) if f.name != "coverage"}
    cut: dict[str, Any] = {name: None if bound is None else _rows(bound, by_part[type(bound)]) for name, bound in bounds.items()}
    return replace(interval, **cut)


def _rows(columns: Part, rows: slice) -> Part:
    return type(columns)(**{f.name: getattr(columns, f.name)[rows] for f in fields(columns)})
