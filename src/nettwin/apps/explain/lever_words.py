"""Changes and their effects in words."""

from nettwin.apps.explain.parts import Remedy, Sensitivity
from nettwin.performance.quantities import percent, seconds

REROUTES = ("class", "metric")
"""Levers that move the demand itself."""

_POINT = 1e-3  # change of the loss ratio that is worth a word


def turned(row: Sensitivity | Remedy) -> str:
    """``10 % more capacity on A->B``."""
    if row.knob == "capacity":
        return f"{_more_or_less(row.factor)} capacity on {row.about}"
    if row.knob == "traffic":
        return f"{_more_or_less(row.factor)} of {row.about}"
    if row.knob == "class traffic":
        return f"{_more_or_less(row.factor)} {row.about} traffic"
    if row.knob in ("buffer", "weight"):
        return f"{_multiple(row.factor)} the {row.knob} of {row.about}"
    return f"without {row.about}" if row.knob == "removal" else row.about


def effect(row: Sensitivity) -> str:
    """``saves 9.2 ms (-22 %)``."""
    words = []
    if row.delay_s_change == row.delay_s_change and abs(row.delay_change_ratio) >= 0.001:
        verb = "saves" if row.delay_s_change < 0 else "adds"
        words.append(f"{verb} {seconds(abs(row.delay_s_change))} ({percent(abs(row.delay_change_ratio))})")
    if abs(row.loss_ratio_change) >= _POINT:
        verb = "raises" if row.loss_ratio_change > 0 else "lowers"
        words.append(f"{verb} its loss by {100 * abs(row.loss_ratio_change):.2g} points")
    return " and ".join(words) or "changes nothing worth telling"


def harm(row: Sensitivity | Remedy) -> str:
    """What it costs the others, where it does."""
    if not row.n_harmed:
        return ""
    return f", but makes {row.n_harmed} other demand{'s' if row.n_harmed > 1 else ''} clearly slower or lossier"


def _more_or_less(factor: float) -> str:
    return f"{abs(factor - 1):.0%} {'more' if factor >= 1 else 'less'}".replace("%", " %")


def _multiple(factor: float) -> str:
    return {2.0: "twice", 0.5: "half"}.get(factor, f"{factor:.3g} times")
