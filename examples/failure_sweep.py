"""Fail every circuit of germany50 in turn: which link is worst hit, by which failure, and what does that do to delay?"""

import nettwin

network = nettwin.read("topohub:sndlib/germany50").scenario
sweep = nettwin.sweep(network, "links")

print(f"{len(sweep.failures)} failures, {len(sweep.links)} links")
print(sweep.links.nlargest(5, "worst_utilization"))

gravest = sweep.failures.index[0]
comparison = nettwin.what_if(network, f'fail-link "{gravest}"')
print(f"The gravest failure, {gravest}, as the analytic twin sees it:")
print(comparison.summary.loc[["max_utilization", "mean_delay_s", "worst_delay_s", "loss_ratio"]])
