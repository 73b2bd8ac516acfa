"""Exact segment routing with splits and adjacency segments, by linear programming over lists that are invented as needed."""

from nettwin.optimize.column_generation.method import ColumnGeneration

__all__ = ["ColumnGeneration"]
