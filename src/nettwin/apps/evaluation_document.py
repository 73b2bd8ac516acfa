"""The errors of an engine as JSON, and as the flat rows of CSV and Parquet."""

import math
from dataclasses import asdict
from typing import Any

from nettwin.performance.pooled_errors import DelayErrors, Errors, TrueDelayErrors

_NESTED = ("quantile_mape", "by_true_delay")


def errors_part(errors: Errors) -> dict[str, Any]:
    """The part of the document that every group of simulations has; None where nothing is known."""
    figures = errors.figures
    return {
        "simulations": errors.simulations,
        "demands": errors.demands,
        "delay": _delay_part(errors.delay),
        "loss": _known({"mae": figures.loss_mae, "mae_lossy": errors.loss_mae_lossy}),
        "utilization": _known({"mae": figures.utilization_mae}),
        "queues": _known(
            {
                "occupancy_wape": figures.occupancy_wape,
                "utilization_mae": figures.queue_utilization_mae,
                "loss_mae": figures.queue_loss_mae,
            }
        ),
        "noise": _number(figures.noise),
        "trusted": _known(asdict(errors.trusted)),
    }


def flat_row(errors: Errors) -> dict[str, Any]:
    """The same figures of one simulation in one row, without those that say the same of one."""
    document = errors_part(errors)
    delay = document["delay"]
    return {
        "demands": document["demands"],
        **{f"delay_{name}": value for name, value in delay.items() if not isinstance(value, list | dict) and name != "mape_pooled"},
        **{f"delay_quantile_{level}_mape": value for level, value in delay["quantile_mape"].items()},
        **{f"delay_{_part_name(part)}_mape": part["mape"] for part in delay["by_true_delay"]},
        **{f"delay_{_part_name(part)}_bias": part["bias"] for part in delay["by_true_delay"]},
        **{f"{name}_{key}": value for name in ("loss", "utilization", "queues", "trusted") for key, value in document[name].items()},
        "noise": document["noise"],
    }


def _delay_part(delay: DelayErrors) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(delay).items() if name not in _NESTED}
    return _known(plain) | {
        "quantile_mape": _known({f"{level:g}": value for level, value in delay.quantile_mape.items()}),
        "by_true_delay": [_range(part) | _known({"mape": part.mape, "bias": part.bias}) for part in delay.by_true_delay],
        "coverage_by_true_delay": [_range(part) | _known({"coverage_90": part.coverage_90}) for part in delay.by_true_delay],
    }


def _range(part: TrueDelayErrors) -> dict[str, Any]:
    return {"from": part.from_share, "to": part.to_share, "demands": part.demands}


def _part_name(part: dict[str, Any]) -> str:
    return f"p{100 * part['from']:g}_p{100 * part['to']:g}"


def _known(figures: dict[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in figures.items()}


def _number(value: float) -> float | None:
    """JSON has neither NaN nor infinity."""
    return value if math.isfinite(value) else None
