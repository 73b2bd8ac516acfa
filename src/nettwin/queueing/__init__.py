"""Queueing theory: dispersion of arrivals, finite-buffer ports, schedulers, and the network's fixed point."""
