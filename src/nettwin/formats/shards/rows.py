"""A sample as a row of a table, and back: cells are lists of figures, and the scenario's document as text."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import numpy as np

from nettwin.errors import FormatError, NettwinError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import DEFAULT_LIMITS, parse_json
from nettwin.formats.yaml import dumps, validated
from nettwin.formats.yaml.loading import scenario_of
from nettwin.formats.yaml.places import Places
from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

INTERVAL_FIGURES = ("delay_s", "loss_ratio")
"""What our simulator gives intervals for."""

_PARTS: dict[str, Any] = {"demands": DemandPerformance, "queues": QueuePerformance, "links": LinkPerformance}
_LIMITS = replace(DEFAULT_LIMITS, json_elements=8_000_000)
"""A scenario with 300 nodes has 90,000 demands of six values each."""

Cells = Mapping[str, Any]
"""pyarrow's scalars by the name of their column."""


def row_of(scenario: Scenario, performance: Performance) -> dict[str, Any]:
    """The cells of a sample, as numpy and plain Python have them."""
    row: dict[str, Any] = {
        "name": scenario.name,
        "scenario": dumps(scenario, is_json=True),
        "engine": performance.engine,
        "quantile_levels": list(performance.quantile_levels),
    }
    for part in _PARTS:
        columns = getattr(performance, part)
        row |= {f"{part}.{f.name}": np.ravel(getattr(columns, f.name)) for f in fields(columns)}
    if performance.interval is not None:
        row["coverage"] = performance.interval.coverage
        for prefix in ("lower", "upper"):
            bound = getattr(performance.interval, prefix)
            row |= {f"{prefix}_{name}": getattr(bound, name) for name in INTERVAL_FIGURES}
    return row


def sample_of(cells: Cells, where: str) -> Imported:
    """Scenario and performance in a row. Raises FormatError, LimitError."""
    with _understanding(where):
        scenario, log = _scenario(cells["scenario"].as_py(), where)
        performance = _performance(cells)
        _check_fits(performance, scenario)
        return Imported(scenario, log.report(), performance)


def performance_of(cells: Cells, where: str) -> Performance:
    """The performance in a row. Raises FormatError."""
    with _understanding(where):
        return _performance(cells)


@contextmanager
def _understanding(where: str) -> Iterator[None]:
    """Whatever goes wrong with cells that a stranger wrote is an error of the file."""
    try:
        yield
    except NettwinError as error:
        raise (error if error.where.startswith(where) else error.at(where)) from None
    except KeyError as error:
        raise FormatError(f"the column {error} is missing", where=where) from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FormatError(f"the sample cannot be understood: {error}", where=where) from None


def _scenario(text: str, where: str) -> tuple[Scenario, CoverageLog]:
    plain = parse_json(text.encode(), where=where, limits=_LIMITS)
    if not isinstance(plain, dict):
        raise FormatError("the scenario is no document", where=where)
    places, log = Places(where), CoverageLog()
    return scenario_of(validated(plain, places), places, log), log


def _performance(cells: Cells) -> Performance:
    levels = tuple(float(level) for level in cells["quantile_levels"].as_py())
    n_demands = len(_column(cells, "demands.delay_s"))
    return Performance(
        demands=_part(cells, "demands", n_demands, len(levels)),
        queues=_part(cells, "queues", len(_column(cells, "queues.utilization")), 0),
        links=_part(cells, "links", len(_column(cells, "links.utilization")), 0),
        quantile_levels=levels,
        interval=_interval(cells, n_demands, len(levels)),
        engine=str(cells["engine"].as_py()),
    )


def _part(cells: Cells, part: str, n_rows: int, n_levels: int) -> Any:
    build = _PARTS[part]
    shapes = {f.name: (n_rows, n_levels) if f.name == "delay_quantiles_s" else (n_rows,) for f in fields(build)}
    return build(**{name: _column(cells, f"{part}.{name}").reshape(shape) for name, shape in shapes.items()})


def _interval(cells: Cells, n_demands: int, n_levels: int) -> Interval | None:
    if "coverage" not in cells or cells["coverage"].as_py() is None:
        return None
    bounds = []
    for prefix in ("lower", "upper"):
        unknown = DemandPerformance.unknown(n_demands, n_levels)
        known = {name: _column(cells, f"{prefix}_{name}").reshape(n_demands) for name in INTERVAL_FIGURES}
        bounds.append(replace(unknown, **known))
    return Interval(coverage=float(cells["coverage"].as_py()), lower=bounds[0], upper=bounds[1])


def _column(cells: Cells, name: str) -> FloatArray:
    """A copy: a view would keep the whole row group in memory."""
    return np.array(cells[name].values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _check_fits(performance: Performance, scenario: Scenario) -> None:
    found = (len(performance.demands.delay_s), len(performance.queues.utilization), len(performance.links.utilization))
    wanted = (scenario.traffic.n_demands, scenario.topology.n_queues, scenario.topology.n_links)
    if found != wanted:
        raise FormatError(f"figures of {found} demands, queues and links for a scenario with {wanted}", where="performance")
