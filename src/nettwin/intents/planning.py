"""What may be bought: the planning part of an intent."""

from dataclasses import dataclass

from nettwin.scenario import CapacityModule


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How traffic grows until the network must still do."""

    per_year: float = 0.0
    """0.3 is 30 % a year, compounded."""
    years: float = 0.0

    @property
    def factor(self) -> float:
        return float((1.0 + self.per_year) ** self.years)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """Upgrades on sale, and what they may cost."""

    modules: tuple[CapacityModule, ...] = ()
    """For links that name none of their own."""
    budget: float | None = None
    """Most that the whole plan may cost."""
    growth: Growth = Growth()
