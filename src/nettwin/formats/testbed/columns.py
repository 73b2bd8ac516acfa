"""The columns of a line, checked: as many as there are flows, finite, not negative."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from nettwin.errors import FormatError, LimitError
from nettwin.formats.testbed.files import Record
from nettwin.scenario.arrays import FloatArray

MOST_FLOWS = 20_000
MOST_LINKS = 10_000
LONGEST_PATH = 1_000


@dataclass(frozen=True, eq=False)
class Flows:
    """What a line says about each flow, in SI units."""

    ids: tuple[str, ...]  # [flow] source_target_number
    paths: tuple[tuple[int, ...], ...]  # [flow] links in order
    rate_bps: FloatArray  # [flow] without the headers of the wire
    size_bits: FloatArray  # [flow] likewise
    delay_s: FloatArray  # [flow] mean; NaN where nothing was measured


def flows_of(record: Record) -> Flows:
    """Raises FormatError where columns are missing or do not fit."""
    ids = tuple(str(name) for name in _list(record, "flow_id", MOST_FLOWS))
    if len(set(ids)) != len(ids):
        raise FormatError("a flow stands twice", where="flow_id", hint="ids are unique in one experiment")
    is_windowed = "flow_avg_delay" in record
    rate = _mean_rate(record, len(ids)) if is_windowed else column(record, "flow_traffic", len(ids))
    size = _size(record, len(ids)) if is_windowed else column(record, "flow_packet_size", len(ids))
    if not np.all(size > 0):
        raise FormatError("a packet size is not above zero", where="flow_packet_size")
    # Of the windowed recordings even `flow_delay_ms` is in seconds, as its equal `flow_avg_delay` is.
    delay = column(record, "flow_avg_delay", len(ids)) if is_windowed else 1e-3 * column(record, "flow_delay_ms", len(ids))
    return Flows(ids, _paths(record, len(ids)), rate, size, np.where(delay > 0, delay, np.nan))


def capacities_bps(record: Record) -> FloatArray:  # [link]
    """Raises FormatError for a capacity that is not above zero."""
    capacity = 1e9 * numbers(_list(record, "link_capacity", MOST_LINKS), "link_capacity")
    if not np.all((capacity > 0) & (capacity < 1e18)):
        raise FormatError("a capacity is not above zero, or out of all measure", where="link_capacity", hint="they are in Gbit/s")
    return capacity


def column(record: Record, name: str, length: int) -> FloatArray:
    """Numbers of a field, one per flow."""
    values = numbers(_list(record, name, MOST_FLOWS), name)
    if len(values) != length:
        raise FormatError(f"{len(values)} values for {length} flows", where=name)
    return values


def rows(record: Record, name: str, length: int) -> FloatArray:  # [flow, window]
    """Numbers of a field with a row per flow."""
    values = [numbers(row if isinstance(row, list) else [row], name) for row in _list(record, name, MOST_FLOWS)]
    if len(values) != length or len({len(row) for row in values}) > 1:
        raise FormatError(f"not one row of equal length for each of {length} flows", where=name)
    return np.stack(values) if values else np.empty((0, 0))


def numbers(values: Sequence[object], name: str) -> FloatArray:
    """Finite numbers, none below zero."""
    try:
        result = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise FormatError("not only numbers", where=name) from None
    if result.ndim != 1 or not np.all((result >= 0) & np.isfinite(result) & (result < 1e30)):
        raise FormatError("nested, negative, or out of all measure", where=name, hint="expected a flat list of numbers")
    return result


def _mean_rate(record: Record, length: int) -> FloatArray:
    """Over the windows: the recordings have no other total."""
    windows = rows(record, "flow_traffic_per_seg", length)
    return windows.mean(axis=1) if windows.size else np.zeros(length)


def _size(record: Record, length: int) -> FloatArray:
    """The largest over the windows: it is 0 in silent ones, and constant in the others."""
    sizes = rows(record, "flow_avg_packet_size_per_seg", length)
    return sizes.max(axis=1) if sizes.size else np.zeros(length)


def _paths(record: Record, length: int) -> tuple[tuple[int, ...], ...]:
    n_links = len(_list(record, "link_capacity", MOST_LINKS))
    listed = _list(record, "link_to_path", MOST_FLOWS)
    if len(listed) != length:
        raise FormatError(f"{len(listed)} paths for {length} flows", where="link_to_path")
    return tuple(_path(path, n_links, row) for row, path in enumerate(listed))


def _path(path: object, n_links: int, row: int) -> tuple[int, ...]:
    is_path = isinstance(path, list) and 0 < len(path) <= LONGEST_PATH
    if not (is_path and all(isinstance(link, int) and 0 <= link < n_links for link in cast(list[Any], path))):
        raise FormatError("no path over known links", where=f"link_to_path: flow {row}", hint=f"link numbers below {n_links}")
    return tuple(cast(list[int], path))


def _list(record: Record, name: str, most: int) -> list[object]:
    if name not in record:
        raise FormatError("the field is missing", where=name, hint="is this a line of a testbed recording?")
    values = record[name]
    if not isinstance(values, list):
        raise FormatError("no list", where=name)
    if len(values) > most:
        raise LimitError(f"{len(values)} values, at most {most} are read", where=name)
    return values
