"""What is wanted where nobody says, and how values of an objective are written."""

from collections.abc import Callable

from nettwin.intents.intent import Intent
from nettwin.intents.objectives import Figure, Objective
from nettwin.performance.quantities import number, percent, seconds

LEAST_UTILIZATION = Intent(name="least maximum utilization", objectives=(Objective(minimize=Figure.MAX_UTILIZATION),))
"""The intent of those who give none."""
_SHOWN: dict[Figure, Callable[[float], str]] = {
    Figure.MAX_UTILIZATION: lambda value: percent(value) if value >= 10 else f"{100 * value:.2f} %",
    Figure.ONE_WAY_DELAY: seconds,
    Figure.DELAY_VARIATION: seconds,
    Figure.PACKET_LOSS: percent,
    Figure.COST: number,
    Figure.CHANGES: number,
}


def shown_value(objective: Objective | None) -> Callable[[float], str]:
    """Writes a value of this objective for people."""
    return number if objective is None else _SHOWN[objective.minimize]


def name_of(objective: Objective) -> str:
    """``p99 of one-way-delay over gold``."""
    if objective.minimize in (Figure.MAX_UTILIZATION, Figure.COST, Figure.CHANGES):
        return objective.minimize.value
    over = "" if objective.over == "*" else f" over {objective.over}"
    return f"{objective.across} of {objective.statistic} {objective.minimize.value}{over}"
