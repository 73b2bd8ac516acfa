"""Clauses and figures in words."""

from nettwin.intents.intent import Intent
from nettwin.intents.judging.slos import slo_names
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.optimize.conflicts.conflict import MAX_CHANGES, MAX_UTILIZATION, path_names
from nettwin.performance.quantities import percent


def in_words(seconds: float) -> str:
    """A delay in milliseconds."""
    return f"{1e3 * seconds:.3g} ms"


def clause_words(intent: Intent, clause: str) -> str:
    """What a clause asks, in a few words."""
    if clause in path_names(intent):
        return _path_words(intent.paths[path_names(intent).index(clause)])
    if clause in slo_names(intent):
        slo = intent.slos[slo_names(intent).index(clause)]
        return f"{_who(slo.selected)} {slo.statistic} {slo.metric.value} at most {in_words(slo.bound)}"
    if clause == MAX_UTILIZATION:
        return f"no link above {percent(intent.limits.max_utilization or 0.0)}"
    if clause == MAX_CHANGES:
        return f"at most {intent.limits.max_changes} changes"
    return "after any single failure"


def _path_words(constraint: PathConstraint) -> str:
    parts = []
    if constraint.via:
        stops = [" or ".join(names) for names in constraint.via]
        parts.append(f"via {(' and then ' if constraint.is_ordered else ' and ').join(stops)}")
    if constraint.avoid != Avoid():
        avoid = constraint.avoid
        parts.append("avoids " + ", ".join([*avoid.nodes, *avoid.links, *(f"what is tagged {tag}" for tag in avoid.tags)]))
    if constraint.max_hops is not None:
        parts.append(f"at most {constraint.max_hops} hops")
    if constraint.max_stretch is not None:
        parts.append(f"at most {constraint.max_stretch:g} times the shortest delay")
    if constraint.disjoint is not None:
        parts.append(f"{constraint.disjoint.value}-disjoint" + (f" from {constraint.disjoint_from}" if constraint.disjoint_from else ""))
    return f"{_who(constraint.selected)} {', '.join(parts)}"


def _who(selector: str) -> str:
    return "everything" if selector == "*" else selector
