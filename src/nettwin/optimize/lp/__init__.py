"""Linear programs: the multi-commodity flow bound, and the column generation that all of them share."""

from nettwin.optimize.lp.bounds import bound_of, mcf_bound
from nettwin.optimize.lp.flow_network import FlowNetwork
from nettwin.optimize.lp.method import MultiCommodityFlow

__all__ = ["FlowNetwork", "MultiCommodityFlow", "bound_of", "mcf_bound"]
