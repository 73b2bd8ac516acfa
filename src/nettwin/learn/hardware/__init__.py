"""The twin of a hardware testbed: what the lines do not say about bursts is drawn, and the delays that follow are learned from.

A scenario gives mean rates; how its on-off flows burst is unknown. So the answer is a distribution of the mean delay of each flow:
fluid simulations over drawn bursts make a prior (``bursts``), message passing between flows and contended ports corrects it
(``model``), and a decision rule turns the distribution into one number (``decision``). See docs/hardware.md.
"""

from nettwin.learn.hardware.args import HardwareArgs
from nettwin.learn.hardware.decision import Rule
from nettwin.learn.hardware.forwarding import Calibrated, calibrated, link_latency_s, with_latency
from nettwin.learn.hardware.series import Compared, compared, predicted_series
from nettwin.learn.hardware.training import train
from nettwin.learn.hardware.twin import HardwareTwin

__all__ = [
    "Calibrated",
    "Compared",
    "HardwareArgs",
    "HardwareTwin",
    "Rule",
    "calibrated",
    "compared",
    "link_latency_s",
    "predicted_series",
    "train",
    "with_latency",
]
