"""The constants of the model that theory leaves open. Few, and each with its reason; fitted on datanet2022 with 50 and 75 nodes only."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """Times are in units of the packet time at the share of the server that a queue gets."""

    window_floor: float = 4.0
    """Burstiness matters over a few packet times even in an idle queue."""
    window_factor: float = 2.0
    """Relaxation time of an infinite queue: factor * variability / (1 - load)**2. Whitt & You (2018): 1/2 to 2."""
    window_buffer_factor: float = 1 / math.pi**2
    """Relaxation time at load 1: factor * places**2 / variability, as of Brownian motion between two reflecting barriers."""
    own_burst: float = 0.5
    """Share of a demand's own excess arrivals that a packet of it still finds in the queue."""
    unusable_space: float = 1.5
    """Space that a full byte-limited queue leaves free, in mean residual packets: the next packet is too long for it."""
    tie_width: float = 0.02
    """Relative difference of service per weight over which one queue takes full precedence over another (LEAST_SERVED, WFQ, DRR)."""
    least_departure_variability: float = 0.2
    """Floor of the squared variation of service in departures: Whitt, "The Queueing Network Analyzer", 1983, equation 38."""


DEFAULT = Calibration()
