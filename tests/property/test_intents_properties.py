"""What must hold for any intent, and for any network that is held against one."""

from dataclasses import replace

import jsonschema
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_predictor import FakePredictor
from nettwin.changes import FailLink
from nettwin.controlplane import link_loads, route
from nettwin.errors import InputError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.judging.case import routed_share
from nettwin.intents.language.vocabulary import intent_schema
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import PER_DEMAND, STATISTICS, Figure, Objective
from nettwin.intents.path_constraints import Avoid, Disjointness, PathConstraint
from nettwin.intents.planning import Growth, Planning
from nettwin.intents.reading import intent_from_plain, intent_from_yaml, intent_to_plain, intent_to_yaml
from nettwin.intents.selectors import Selector
from nettwin.intents.slo import TIMES, Metric, Slo, Soft
from nettwin.intents.survival import FailureKind, Survive
from nettwin.intents.verdict import Status
from nettwin.intents.verification import Verification
from nettwin.predict.batches import predict_all
from nettwin.scenario import CapacityModule, Link, Node, NodeSegment, RoutingPolicy, Scenario, SegmentList, Topology, Traffic

names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=6).filter(lambda text: text != "*")
patterns = st.lists(names, max_size=2).map(tuple)
shares = st.floats(1e-9, 1.0, exclude_max=True)
positive = st.floats(1e-9, 1e12)
KEYS = ("select", "slo", "for", "metric", "bound", "paths", "via", "limits", "survive", "require", "planning", "modules", "soft", "knobs")
nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
VALIDATOR = jsonschema.Draft202012Validator(intent_schema())
quickly = settings(deadline=None, max_examples=60, derandomize=True)


@st.composite
def slos(draw: st.DrawFn, selector: st.SearchStrategy[str]) -> Slo:
    metric = draw(st.sampled_from(Metric))
    return Slo(
        metric=metric,
        bound=draw(positive if metric in TIMES else shares),
        selected=draw(selector),
        statistic=draw(st.sampled_from(STATISTICS)) if metric is Metric.ONE_WAY_DELAY else "mean",
        soft=draw(st.none() | st.builds(Soft, penalty=positive)),
    )


@st.composite
def objectives(draw: st.DrawFn, selector: st.SearchStrategy[str]) -> Objective:
    figure = draw(st.sampled_from(Figure))
    over = draw(selector) if figure in PER_DEMAND else "*"
    across = draw(st.sampled_from(["mean", "max"]))
    statistic = draw(st.sampled_from(STATISTICS)) if figure is Figure.ONE_WAY_DELAY else "mean"
    return Objective(minimize=figure, over=over, across=across, statistic=statistic, tolerance=draw(shares))


@st.composite
def path_constraints(draw: st.DrawFn, selector: st.SearchStrategy[str]) -> PathConstraint:
    disjoint = draw(st.none() | st.sampled_from(Disjointness))
    return PathConstraint(
        selected=draw(selector),
        via=draw(st.lists(st.lists(names, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple)),
        is_ordered=draw(st.booleans()),
        avoid=Avoid(nodes=draw(patterns), links=draw(patterns), tags=draw(patterns)),
        max_hops=draw(st.integers(1, 99)),
        max_stretch=draw(st.none() | st.floats(1, 1e3)),
        disjoint=disjoint,
        disjoint_from=draw(selector) if disjoint else "",
    )


@st.composite
def intents(draw: st.DrawFn) -> Intent:
    select = draw(st.dictionaries(names, selectors, max_size=3))
    chosen = st.sampled_from(["*", *select])
    some_slos = tuple(replace(slo, name=f"slo {index}") for index, slo in enumerate(draw(st.lists(slos(chosen), max_size=3))))
    survive = st.builds(
        Survive,
        single=st.sampled_from(FailureKind),
        only=patterns,
        max_utilization=st.none() | positive,
        slos=st.lists(st.sampled_from([slo.name for slo in some_slos]), max_size=2).map(tuple) if some_slos else st.just(()),
    )
    return Intent(
        name=draw(st.just("") | names),
        select=select,
        objectives=tuple(draw(st.lists(objectives(chosen), max_size=3))),
        slos=some_slos,
        paths=tuple(draw(st.lists(path_constraints(chosen), max_size=2))),
        limits=draw(limits),
        survive=tuple(draw(st.lists(survive, max_size=2))),
        planning=draw(st.none() | plannings),
        verify=draw(st.none() | st.builds(Verification, engine=names, tolerance=st.dictionaries(st.sampled_from(Metric), positive))),
    )


selectors = st.builds(
    Selector,
    demand=names,
    source=names,
    target=names,
    traffic_class=st.none() | st.integers(0, 255),
    source_tag=names,
    target_tag=names,
    top=st.none() | st.integers(1, 10**6),
)
limits = st.builds(
    Limits,
    max_utilization=st.none() | positive,
    max_splits=st.integers(1, 9),
    max_segments=st.integers(0, 9),
    max_changes=st.none() | st.integers(0, 999),
    knobs=st.lists(st.sampled_from(Knob), unique=True).map(tuple),
)
plannings = st.builds(
    Planning,
    modules=st.dictionaries(positive, st.floats(0, 1e9), max_size=3).map(lambda d: tuple(CapacityModule(*each) for each in d.items())),
    budget=st.none() | st.floats(0, 1e12),
    growth=st.builds(Growth, per_year=st.floats(-0.5, 2.0), years=st.floats(0, 20)),
)


@quickly
@given(intents())
def test_an_intent_and_its_text_are_one_to_one(intent: Intent) -> None:
    assert intent_from_plain(intent_to_plain(intent)) == intent
    assert intent_from_yaml(intent_to_yaml(intent)) == intent
    VALIDATOR.validate(intent_to_plain(intent))


@quickly
@given(nonsense)
def test_nonsense_is_refused_in_our_words(plain: object) -> None:
    try:
        assert intent_from_plain(intent_to_plain(intent_from_plain(plain)))
    except InputError as error:
        assert str(error)


def random_network(seed: int, n_nodes: int = 7) -> Scenario:
    """Links both ways with metrics, delays and tags, demands with detours of their own."""
    rng = np.random.default_rng(seed)
    ends = [(a, b) for a in range(n_nodes) for b in range(a) if rng.random() < 0.5]
    links = tuple(
        Link(f"{x}->{y}", f"n{x}", f"n{y}", 1e9, float(rng.integers(0, 4)) * 1e-3, float(rng.integers(1, 3)), circuit=f"{a}--{b}")
        for a, b in ends
        for x, y in ((a, b), (b, a))
    )
    topology = Topology(tuple(Node(f"n{i}", tags=("t",) if i % 3 == 0 else ()) for i in range(n_nodes)), links)
    rates = rng.random((n_nodes, n_nodes)) * 3e8
    np.fill_diagonal(rates, 0.0)
    plain = Scenario(topology, Traffic.from_matrix(rates))
    stops = rng.integers(0, n_nodes, (5, 2))
    lists = {
        plain.demand_ids[int(rng.integers(plain.traffic.n_demands))]: tuple(SegmentList((NodeSegment(f"n{n}"),)) for n in pair)
        for pair in stops
    }
    return replace(plain, policy=RoutingPolicy(segment_lists=lists))


networks = st.builds(random_network, st.integers(0, 2**32))


@quickly
@given(networks, st.integers(0, 6), st.integers(0, 6), st.booleans())
def test_path_rules_agree_with_walking_each_path(scenario: Scenario, first: int, second: int, is_ordered: bool) -> None:
    constraint = PathConstraint(via=((f"n{first}",), (f"n{second}", "n0")), is_ordered=is_ordered, avoid=Avoid(tags=("t",)), max_hops=2)
    (clause,) = judge(Intent(paths=(constraint,)), scenario).clauses
    expected = np.zeros(scenario.traffic.n_demands)
    for demand in range(scenario.traffic.n_demands):
        for share, links in route(scenario).paths_of(demand):
            nodes = [scenario.topology.links[links[0]].source, *(scenario.topology.links[link].target for link in links)]
            expected[demand] += share * _broken(nodes, (first, second), is_ordered)
    assert np.isclose(clause.excess, expected.sum())
    assert clause.status is (Status.VIOLATED if expected.any() else Status.SATISFIED)


def _broken(nodes: list[str], stops: tuple[int, int], is_ordered: bool) -> float:
    """How many rules a path breaks, for hops by how much."""
    first = [index for index, node in enumerate(nodes) if node == f"n{stops[0]}"]
    second = [index for index, node in enumerate(nodes) if node in (f"n{stops[1]}", "n0")]
    passes = bool(first and second) and (not is_ordered or max(second) >= min(first))
    inside = [node for node in nodes[1:-1] if node not in (nodes[0], nodes[-1])]
    avoids = all(int(node[1:]) % 3 for node in inside)
    return (not passes) + (not avoids) + max(0, (len(nodes) - 1) / 2 - 1)


@quickly
@given(networks, st.floats(1e-3, 0.1), st.floats(0, 0.01))
def test_certainty_is_never_claimed_too_early(scenario: Scenario, bound_s: float, half_width_s: float) -> None:
    intent = Intent(slos=(Slo(metric=Metric.ONE_WAY_DELAY, bound=bound_s),))
    narrow, wide = (
        judge(intent, scenario, lambda questions, width=width: predict_all(FakePredictor(half_width_s=width), questions)).clauses[0]
        for width in (half_width_s, 2 * half_width_s)
    )
    delay_s = FakePredictor().predict(scenario).demands.delay_s
    if narrow.status is Status.SATISFIED:
        assert (delay_s + half_width_s <= bound_s * (1 + 1e-9)).all()
    if narrow.status is Status.UNDETERMINED:
        assert wide.status is Status.UNDETERMINED
    assert wide.doubt >= narrow.doubt >= 0
    assert wide.excess == narrow.excess


@quickly
@given(networks, st.floats(0.2, 2.0))
def test_survival_agrees_with_failing_one_by_one(scenario: Scenario, bound: float) -> None:
    (clause,) = judge(Intent(survive=(Survive(max_utilization=bound),)), scenario).clauses
    excess = cut = 0.0
    for circuit in scenario.topology.circuits:
        failed = FailLink(circuit).apply(scenario)
        highest = float((link_loads(failed) / failed.topology.capacity_bps).max(initial=0.0))
        excess += max(highest / bound - 1, 0)
        cut += float((routed_share(scenario) - routed_share(failed)) @ scenario.traffic.rate_bps)
    assert np.isclose(clause.excess, excess + cut / scenario.traffic.rate_bps.sum())
    assert clause.status is (Status.VIOLATED if clause.excess > 0 else Status.SATISFIED)
