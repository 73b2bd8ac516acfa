"""Predict a real network: GEANT with its demands, in ten lines."""

import nettwin

network = nettwin.read("topohub:sndlib/geant").scenario
answer = nettwin.ask(network)

print(answer.summary)
print(answer.links.nlargest(5, "utilization")[["capacity_bps", "utilization"]])
print(answer.demands.nlargest(5, "delay_s")[["rate_bps", "delay_s", "delay_p99_s", "loss_ratio"]])
print("units:", answer.demands.attrs["units"])
