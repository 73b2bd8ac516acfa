"""Textbook formulas, as functions of plain numbers or arrays. The network model reduces to them where they hold; the tests say where.

Sources: Kleinrock, "Queueing Systems" I (1975) for M/M/1/K and M/G/1; Cobham (1954) for priorities; Kingman (1961) for GI/G/1 in heavy
traffic; Allen, "Probability, Statistics, and Queueing Theory" (1990) for the formula of Allen and Cunneen.
"""

import math
from collections.abc import Sequence


def mm1k_loss_ratio(load: float, places: int) -> float:
    """Share of arrivals that find all ``places`` (the one in service included) of an M/M/1/K taken."""
    if load == 1:
        return 1 / (places + 1)
    return (1 - load) * load**places / (1 - load ** (places + 1))


def mm1k_mean_packets(load: float, places: int) -> float:
    """Mean number in an M/M/1/K, the one in service included."""
    if load == 1:
        return places / 2
    return load / (1 - load) - (places + 1) * load ** (places + 1) / (1 - load ** (places + 1))


def mg1_wait_s(packet_rate: float, mean_service_s: float, second_moment_s2: float) -> float:
    """Pollaczek-Khinchine: mean wait before service in an M/G/1."""
    return packet_rate * second_moment_s2 / 2 / (1 - packet_rate * mean_service_s)


def cobham_waits_s(packet_rates: Sequence[float], mean_services_s: Sequence[float], second_moments_s2: Sequence[float]) -> list[float]:
    """Mean wait per class of an M/G/1 with non-preemptive priorities, the first class first."""
    residual = sum(rate * second for rate, second in zip(packet_rates, second_moments_s2, strict=True)) / 2
    waits, before = [], 0.0
    for rate, service in zip(packet_rates, mean_services_s, strict=True):
        after = before + rate * service
        waits.append(residual / ((1 - before) * (1 - after)))
        before = after
    return waits


def kingman_wait_s(load: float, mean_service_s: float, arrival_variation: float, service_variation: float) -> float:
    """Mean wait of a GI/G/1 in heavy traffic; the variations are squared coefficients of variation."""
    return load / (1 - load) * mean_service_s * (arrival_variation + service_variation) / 2


def allen_cunneen_wait_s(load: float, mean_service_s: float, variation: float, n_servers: int = 1) -> float:
    """Mean wait of a GI/G/m: that of M/M/m times ``variation``, the mean of those of arrivals and services."""
    offered = load * n_servers
    head = sum(offered**k / math.factorial(k) for k in range(n_servers))
    tail = offered**n_servers / math.factorial(n_servers) / (1 - load)
    return tail / (head + tail) * mean_service_s / (n_servers * (1 - load)) * variation
