"""Reinforcement learning: a policy that was taught by a player that looks ahead, then by itself, steers demands."""

from nettwin.optimize.reinforcement.method import Reinforcement

__all__ = ["Reinforcement"]
