"""The vocabulary: every key of an intent, what it means, and which field it stands for."""

from dataclasses import replace
from typing import Any

from nettwin.intents.intent import Intent
from nettwin.intents.language.containers import ListOf, MapOf, OrNothing
from nettwin.intents.language.kinds import NUMBER, SHARE, Choice, Count, Flag, Schema, Share, Text, Words
from nettwin.intents.language.place import Place
from nettwin.intents.language.records import Fields, Fixed, Key, Record
from nettwin.intents.language.special import Bound, Modules, OneOrTwoSelectors, Splits, Waypoint, proxy, slo_of, written_bound
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import EVERY_DEMAND, STATISTICS, Figure, Objective
from nettwin.intents.path_constraints import Avoid, Disjointness, PathConstraint
from nettwin.intents.planning import Growth, Planning
from nettwin.intents.selectors import Selector
from nettwin.intents.slo import Metric, Soft
from nettwin.intents.survival import FailureKind, Survive
from nettwin.intents.verification import Verification

_METRICS = (
    ("delay", "one-way-delay"),
    ("latency", "one-way-delay"),
    ("jitter", "delay-variation"),
    ("loss", "packet-loss"),
)
_FIGURES = (("utilization", "max-utilization"), ("mlu", "max-utilization"), *_METRICS)
_KNOBS = (
    ("sr-policy", "segment-policy"),
    ("segment-routing", "segment-policy"),
    ("igp-weight", "igp-metric"),
    ("queue-weights", "queue-weight"),
    ("queue-map", "class-map"),
    ("buffers", "buffer"),
    ("scheduler", "discipline"),
)
_GROUPS = (("srlg", "risk-group"),)

METRIC = Choice(Metric, "metric", _METRICS)
FIGURE = Choice(Figure, "figure", _FIGURES)
STATISTIC = Words((*((word, word) for word in STATISTICS), ("median", "p50")))
SELECTOR = Text("the name of a selector")
PATTERN = Text("a name or pattern")
PATTERNS = ListOf(PATTERN)
_NAME = Key("name", "name", Text(), "how the verdict calls this clause")
_FOR = "name of a selector, or * for every demand"


SELECT = Record(
    Fields(
        (
            Key("demand", "demand", PATTERN, "id or pattern of demands, as Oslo->*", ("demands", "id")),
            Key("source", "source", PATTERN, "id or pattern of the node where the demand starts", ("src",)),
            Key("target", "target", PATTERN, "id or pattern of the node where it ends", ("dst", "destination")),
            Key("class", "traffic_class", Count(), "traffic class, a whole number as in the scenario", ("traffic-class",)),
            Key("source-tag", "source_tag", Text(), "tag of the node where it starts"),
            Key("target-tag", "target_tag", Text(), "tag of the node where it ends", ("destination-tag",)),
            Key("top", "top", Count(1), "of those that meet the other conditions, so many with the largest rates"),
        ),
        "a selector",
    ),
    Selector,
)

_MINIMIZE = Key("minimize", "minimize", FIGURE, "what is to be as small as possible", is_required=True)
OBJECTIVE = Record(
    Fields(
        (
            _MINIMIZE,
            Key("stat", "statistic", STATISTIC, "of each demand's one-way delay: mean or a percentile", ("statistic",)),
            Key("across", "across", Words((("mean", "mean"), ("max", "max"))), "over the demands: mean, weighted by rate, or max"),
            Key("over", "over", SELECTOR, _FOR),
            Key("tolerance", "tolerance", SHARE, "how much of itself it may give up for the objectives after it, as 1 %"),
        ),
        "an objective",
    ),
    Objective,
    short=_MINIMIZE,
)

_PENALTY = Key("penalty", "penalty", NUMBER, "price of exceeding the bound by 100 %, per demand")
SOFT = Record(Fields((_PENALTY,), "a soft bound"), Soft, short=_PENALTY)
SLO = Record(
    Fields(
        (
            _NAME,
            Key("for", "selected", SELECTOR, _FOR),
            Key("metric", "metric", METRIC, "what is bounded", is_required=True),
            Key("stat", "statistic", STATISTIC, "of one-way delay: mean or a percentile; of the others the mean", ("statistic",)),
            Key("bound", "bound", Bound(), "as 25 ms or 0.1 %", is_required=True, written=written_bound),
            Key("soft", "soft", SOFT, "may be violated, at a price"),
        ),
        "an SLO",
    ),
    slo_of,
)

AVOID = Record(
    Fields(
        (
            Key("nodes", "nodes", PATTERNS, "ids or patterns; a demand may still start or end there", ("node",)),
            Key("links", "links", PATTERNS, "ids or patterns of links or circuits", ("link",)),
            Key("tags", "tags", PATTERNS, "of links or nodes", ("tag",)),
        ),
        "avoid",
    ),
    Avoid,
)
PATH = Record(
    Fields(
        (
            _NAME,
            Key(
                "for",
                "",
                OneOrTwoSelectors(),
                f"{_FOR}; two of them where the paths of one must be disjoint from those of the other",
                written=lambda path: None if path.selected == EVERY_DEMAND else path.selected,
            ),
            Key("via", "via", ListOf(Waypoint()), "nodes that every path must pass; a | b: one of them"),
            Key("order", "is_ordered", Words((("strict", True), ("any", False))), "whether the waypoints must be passed in this order"),
            Key("avoid", "avoid", AVOID, "what no path may use"),
            Key("max-hops", "max_hops", Count(1), "most links of a path"),
            Key("max-stretch", "max_stretch", NUMBER, "most propagation delay, as a multiple of the shortest possible"),
            Key("disjoint", "disjoint", Choice(Disjointness, "kind of disjointness", _GROUPS), "what two demands must not share"),
            Key("disjoint-from", "disjoint_from", SELECTOR, "selector of the demands that must be disjoint from these"),
        ),
        "a path constraint",
    ),
    PathConstraint,
)

LIMITS = Record(
    Fields(
        (
            Key("max-utilization", "max_utilization", SHARE, "most offered load of any link, as a share of its capacity"),
            Key("split", "max_splits", Splits(), "most segment lists of one demand", ("splits", "max-splits")),
            Key("max-segments", "max_segments", Count(), "most segments of one list, the target not counted", ("segments",)),
            Key("max-changes", "max_changes", Count(), "most changes of a plan", ("changes",)),
            Key("knobs", "knobs", ListOf(Choice(Knob, "knob", _KNOBS)), "what a plan may change"),
        ),
        "limits",
    ),
    Limits,
)

_FAILURE = Choice(FailureKind, "kind of failure", _GROUPS)
_SINGLE = Key("single", "single", _FAILURE, "what fails, one at a time", written=lambda clause: _FAILURE.write(clause.single))
SURVIVE = Record(
    Fields(
        (
            _SINGLE,
            Key("only", "only", PATTERNS, "ids or patterns of what may fail; otherwise anything of this kind"),
            Key(
                "require",
                "",
                Fields(
                    (
                        Key("max-utilization", "max_utilization", OrNothing(SHARE), "most offered load of any link; null: any"),
                        Key(
                            "slo",
                            "slos",
                            ListOf(Text("the name of an SLO")),
                            "names of SLOs, or of selectors for all their SLOs",
                            ("slos",),
                        ),
                        Key("connected", "connected", Flag(), "whether every demand whose ends survive must still arrive"),
                    ),
                    "require",
                ),
                "what must still hold",
            ),
            Key("reroute", "", Fixed(("igp-only",)), "how the network reacts: as its IGP does, nothing is optimized anew"),
        ),
        "survive",
    ),
    Survive,
    short=_SINGLE,
)

GROWTH = Record(
    Fields(
        (
            Key("growth", "per_year", Share("/ ?(?:y|yr|year)"), "of all traffic, as 30 %/y; compounded", is_required=True),
            Key("years", "years", NUMBER, "how far ahead", is_required=True),
        ),
        "horizon",
    ),
    Growth,
)
_PLANNING = Fields(
    (
        Key("modules", "modules", Modules(), "capacities on sale and their costs, as {100G: 40}; for links that name none of their own"),
        Key("budget", "budget", NUMBER, "most that the whole plan may cost"),
        Key("horizon", "growth", GROWTH, "how traffic grows until the network must still do; the intent is judged at its end"),
    ),
    "planning",
)


class PlanningKind:
    """The planning clause; ``minimize: cost`` in it is a last objective."""

    _keys = replace(_PLANNING, keys=(*_PLANNING.keys, Key("minimize", "minimize", Words((("cost", "cost"),)), "a last objective")))

    def read(self, plain: Any, place: Place) -> dict[str, Any]:
        values = self._keys.read(plain, place)
        is_cheap = values.pop("minimize", None) is not None
        planning = Record(_PLANNING, lambda **_: Planning(**values)).read({}, place)
        return {"planning": planning, "minimizes_cost": is_cheap}

    def write(self, value: Intent) -> Any:
        return None if value.planning is None else _PLANNING.write(value.planning)

    def schema(self) -> Schema:
        return self._keys.schema()


VERIFY = Record(
    Fields(
        (
            Key("with", "engine", Text(aliases=(("simulation", "simulator"), ("emulation", "emulator"))), "the engine that verifies"),
            Key(
                "tolerance",
                "tolerance",
                MapOf(METRIC, SHARE, proxy, lambda pairs: pairs, (*(str(each) for each in Metric), *(alias for alias, _ in _METRICS))),
                "how far its answer may be from the prediction, per metric",
            ),
            Key("else", "", Fixed(("reject",)), "what happens to a plan that is further off"),
        ),
        "verify",
    ),
    Verification,
)


def _intent(minimizes_cost: bool = False, objectives: tuple[Objective, ...] = (), **others: Any) -> Intent:
    has_cost = any(objective.minimize is Figure.COST for objective in objectives)
    last = (Objective(minimize=Figure.COST),) if minimizes_cost and not has_cost else ()
    return Intent(objectives=(*objectives, *last), **others)


INTENT = Record(
    Fields(
        (
            Key("version", "", Fixed((1,)), "of this form", written=lambda _: 1),
            Key("name", "name", Text(), "of the intent"),
            Key("select", "select", MapOf(SELECTOR, SELECT, proxy, lambda pairs: pairs), "selectors of demands by name", ("selectors",)),
            Key("objectives", "objectives", ListOf(OBJECTIVE), "what to minimize, the most important first", ("objective",)),
            Key("slo", "slos", ListOf(SLO), "service level objectives", ("slos",)),
            Key("paths", "paths", ListOf(PATH), "where traffic may and may not go", ("path",)),
            Key("limits", "limits", LIMITS, "bounds on links and on the plan"),
            Key("survive", "survive", ListOf(SURVIVE), "what must hold when something fails"),
            Key("planning", "", PlanningKind(), "what may be bought", written=PlanningKind().write),
            Key("verify", "verify", VERIFY, "how a plan is proven"),
        ),
        "an intent",
    ),
    _intent,
)
PARTS = (SELECT, OBJECTIVE, SOFT, SLO, AVOID, PATH, LIMITS, SURVIVE, GROWTH, VERIFY)
"""What an intent is made of."""


def intent_schema() -> Schema:
    """The JSON Schema (2020-12) of an intent."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nettwin intent",
        "description": "What an operator wants of a network, whatever the way to get there.",
        **INTENT.fields.schema(),
        "$defs": {part.name: part.fields.schema() for part in PARTS},
    }
