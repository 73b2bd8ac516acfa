"""Segment routing policies: weighted lists of places to pass, each reached by the forwarding below (RFC 8402, RFC 9256)."""

from collections.abc import Sequence
from math import inf

from nettwin.controlplane.forwarding import Forwarding
from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.scenario import NodeSegment, SegmentList, Topology


def segment_itineraries(
    demand: str, lists: Sequence[SegmentList], ends: tuple[int, int], topology: Topology, forwarding: Forwarding
) -> list[tuple[float, tuple[int, ...]]]:
    """Share and legs of each valid list, weights renormalised; without any, the demand follows the forwarding as if it had no policy.

    A list is invalid (RFC 9256, section 5.1) when it is empty, weighs nothing, or the head end cannot resolve a segment:
    a link or node that is down, or that the forwarding does not reach from the segment before.
    Raises ScenarioError for a negative weight and UnknownNameError for a segment that does not exist.
    """
    _check_weights(demand, lists)
    candidates = [(each.weight, _legs(demand, each, ends[1], topology)) for each in lists if each.segments and each.weight > 0]
    valid = [(weight, legs) for weight, legs in candidates if _arrives(ends[0], legs, forwarding)]
    if valid:
        total = sum(weight for weight, _ in valid)
        return [(weight / total, legs) for weight, legs in valid]
    return [(1.0, (ends[1],))] if _arrives(ends[0], (ends[1],), forwarding) else []


def _check_weights(demand: str, lists: Sequence[SegmentList]) -> None:
    for each in lists:
        if not 0 <= each.weight < inf:
            raise ScenarioError(f"weight of a segment list is {each.weight}", where=f"demand {demand!r}", hint="positive and finite")


def _legs(demand: str, segments: SegmentList, target: int, topology: Topology) -> tuple[int, ...]:
    legs: list[int] = []
    where = f"demand {demand!r}: segment list"
    try:
        for segment in segments.segments:
            if isinstance(segment, NodeSegment):
                legs.append(topology.index_of_node(segment.node))
            else:
                link = topology.index_of_link(segment.link)
                legs += [int(topology.link_source[link]), ~link]
    except UnknownNameError as error:
        raise error.at(where) from None
    return (*legs, target)


def _arrives(source: int, legs: Sequence[int], forwarding: Forwarding) -> bool:
    here = source
    for leg in legs:
        is_open = forwarding.graph.is_up[~leg] if leg < 0 else forwarding.distance[leg, here] < inf
        if not is_open:
            return False
        here = int(forwarding.graph.target[~leg]) if leg < 0 else leg
    return True
