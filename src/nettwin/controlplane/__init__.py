"""What the routers would do: a scenario's routing policy and state turned into paths and loads."""

from nettwin.controlplane.loads import link_loads, offered_utilization
from nettwin.controlplane.routes import MAX_PATHS, n_equal_paths, route, truncated_demands

__all__ = ["MAX_PATHS", "link_loads", "n_equal_paths", "offered_utilization", "route", "truncated_demands"]
