"""The default method: what kind of intent is it, who is good at that, one after the other."""

from nettwin.optimize.portfolio.portfolio import Portfolio

__all__ = ["Portfolio"]
