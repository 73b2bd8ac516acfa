"""Lists of demands as files have them: one direction or both, several of one pair."""

from collections.abc import Sequence
from dataclasses import replace

from nettwin.scenario import Demand


def is_triangular(demands: Sequence[Demand]) -> bool:
    """Whether no pair of nodes has demands in both directions: SNDlib's UNDIRECTED demand model."""
    pairs = {(demand.source, demand.target) for demand in demands}
    return bool(pairs) and not any((target, source) in pairs for source, target in pairs)


def both_ways(demands: Sequence[Demand]) -> list[Demand]:
    """Each demand, and the same one back. An id ``A_B`` goes back as ``A_B<-``."""
    back = [replace(demand, source=demand.target, target=demand.source, id=demand.id and f"{demand.id}<-") for demand in demands]
    return [each for pair in zip(demands, back, strict=True) for each in pair]
