"""What if a circuit fails while traffic grows by 20 %? Before and after, and who suffers."""

import nettwin
from nettwin.changes import FailLink

network = nettwin.read("topohub:sndlib/polska").scenario
busiest = nettwin.ask(network).links["utilization"].idxmax()

comparison = nettwin.what_if(network, "scale-traffic 1.2", FailLink(busiest))

print(f"1.2 times the traffic, and {busiest} fails:")
print(comparison.summary)
print(comparison.worst_links(5)[["utilization_before", "utilization_after", "is_newly_worst"]])
print(comparison.worst_demands(5)[["delay_s_before", "delay_s_after", "is_newly_worst"]])
print("newly unreachable:", list(comparison.newly_unreachable) or "none")
