"""The packet-level simulator: every packet, every queue, exact scheduling."""

from nettwin.simulation.layout import Stage
from nettwin.simulation.result import SimulationResult
from nettwin.simulation.settings import Engine, SimulationSettings
from nettwin.simulation.simulate import simulate
from nettwin.simulation.timeline import TimedStage, simulate_stages

__all__ = ["Engine", "SimulationResult", "SimulationSettings", "Stage", "TimedStage", "simulate", "simulate_stages"]
