"""The packet-level simulator: every packet, every queue, exact scheduling."""

from nettwin.simulation.result import SimulationResult
from nettwin.simulation.settings import Engine, SimulationSettings
from nettwin.simulation.simulate import simulate

__all__ = ["Engine", "SimulationResult", "SimulationSettings", "simulate"]
