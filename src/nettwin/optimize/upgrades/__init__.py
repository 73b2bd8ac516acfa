"""Planning: which circuits to upgrade, with which modules, so that the network holds what is asked at the least cost."""

from nettwin.optimize.upgrades.method import Upgrades

__all__ = ["Upgrades"]
