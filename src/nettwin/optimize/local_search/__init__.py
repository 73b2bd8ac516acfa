"""Local search: traffic is shifted demand by demand to where links are cheap, over segment lists and over IGP metrics."""

from nettwin.optimize.local_search.method import LocalSearch
from nettwin.optimize.local_search.search import Found, search

__all__ = ["Found", "LocalSearch", "search"]
