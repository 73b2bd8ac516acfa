"""Moves of ports and metrics: weights, class maps, buffers, disciplines, IGP metrics, and the changes that set them."""

from nettwin.optimize.scheduling.moves import Move, knob_moves
from nettwin.optimize.scheduling.port_changes import port_changes

__all__ = ["Move", "knob_moves", "port_changes"]
