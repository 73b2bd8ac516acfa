"""Compiled loops. Everything here is compiled by numba once and cached on disk."""

from nettwin.simulation.kernels.compiled import discard_stale_cache

discard_stale_cache()  # before any module of this folder looks for its cache
