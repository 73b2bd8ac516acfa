"""Take one demand off the hottest link with a segment list: which detour helps, and what does it cost in delay?"""

import nettwin
from nettwin.changes import SegmentPolicy
from nettwin.controlplane import route
from nettwin.scenario import NodeSegment, SegmentList

network = nettwin.read("topohub:sndlib/polska").scenario
before = nettwin.ask(network)
hottest = before.links["utilization"].idxmax()


def crosses(demand: str, link: str) -> bool:
    paths = route(network).paths_of(network.index_of_demand(demand))
    return any(network.topology.links[i].id == link for _, links in paths for i in links)


by_rate = before.demands.sort_values("rate_bps", ascending=False)
largest = next(demand for demand in by_rate.index if crosses(demand, hottest))
ends = tuple(before.demands.loc[largest, ["source", "target"]])
print(f"hottest link {hottest}, {before.links.loc[hottest, 'utilization']:.1%}; largest demand on it: {largest}")

for node in (node.id for node in network.topology.nodes if node.id not in ends):
    after = nettwin.what_if(network, SegmentPolicy(largest, (SegmentList((NodeSegment(node),)),))).after
    utilization, delay_s = after.links.loc[hottest, "utilization"], after.demands.loc[largest, "delay_s"]
    print(f"  by way of {node:>10}: hottest link {utilization:.1%}, {largest} takes {1e3 * delay_s:.2f} ms")
