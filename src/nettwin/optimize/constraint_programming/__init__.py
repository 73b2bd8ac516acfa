"""Constraint programming with OR-Tools CP-SAT: hard path constraints, disjoint paths, few changes."""

from nettwin.optimize.constraint_programming.method import ConstraintProgramming

__all__ = ["ConstraintProgramming"]
