import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_scenarios import MAKERS, can_be_changed, changed, draw_change, scenarios

from nettwin import changes as ch
from nettwin.changes.alignment import aligned
from nettwin.controlplane import link_loads
from nettwin.errors import InputError
from nettwin.scenario import Scenario
from nettwin.scenario.plain import to_plain

usual = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def everything(scenario: Scenario) -> object:
    """A scenario as plain data, order included."""
    rows = [to_plain(row) for row in scenario.traffic.rows(scenario.topology)]
    parts = (scenario.topology.nodes, scenario.topology.links, scenario.policy, scenario.observation)
    return [to_plain(part) for part in parts], rows, scenario.demand_ids


def test_makers_cover_every_kind_of_change() -> None:
    assert set(MAKERS) == set(ch.CHANGE_KINDS.values())


@given(st.data())
@usual
def test_diff_leads_from_one_scenario_to_the_other_and_back(data: st.DataObject) -> None:
    before = data.draw(scenarios())
    _, after = data.draw(changed(before))
    assert ch.same_content(ch.diff(before, after).apply(before), after)
    assert ch.same_content(ch.diff(after, before).apply(after), before)


@given(st.data())
@usual
def test_diff_of_independent_scenarios(data: st.DataObject) -> None:
    before, after = data.draw(scenarios()), data.draw(scenarios())
    assert ch.same_content(ch.diff(before, after).apply(before), after)


@given(scenarios())
@usual
def test_diff_with_itself_is_empty(scenario: Scenario) -> None:
    assert len(ch.diff(scenario, scenario)) == 0
    rebuilt = Scenario(
        scenario.topology, type(scenario.traffic).of(scenario.traffic.rows(scenario.topology), scenario.topology), scenario.policy
    )
    assert len(ch.diff(scenario, rebuilt)) == 0


@given(st.data())
@usual
def test_a_plan_is_the_composition_of_its_parts(data: st.DataObject) -> None:
    scenario = data.draw(scenarios())
    plan, after = data.draw(changed(scenario))
    cut = data.draw(st.integers(0, len(plan)))
    first, second = ch.Plan(plan.changes[:cut]), ch.Plan(plan.changes[cut:])
    assert everything(second.apply(first.apply(scenario))) == everything(after) == everything(plan.apply(scenario))


@pytest.mark.parametrize("kind", MAKERS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_change_survives_writing_and_reading(kind: type, data: st.DataObject) -> None:
    change = _draw_kind(data, kind)
    if change is None:
        return
    written = json.loads(json.dumps(ch.change_to_dict(change), allow_nan=False))
    assert ch.change_from_dict(written) == change
    assert ch.parse_change(ch.command_of(change)) == change


@given(st.data())
@usual
def test_diffs_survive_writing_and_reading(data: st.DataObject) -> None:
    before = data.draw(scenarios())
    _, after = data.draw(changed(before))
    plan = ch.diff(before, after)
    assert ch.changes_from_dicts(json.loads(json.dumps(ch.changes_to_dicts(plan), allow_nan=False))) == plan


@given(st.data())
@usual
def test_changes_leave_the_scenario_as_it_was_and_share_what_they_do_not_touch(data: st.DataObject) -> None:
    scenario = data.draw(scenarios())
    before = everything(scenario)
    change = draw_change(data.draw, scenario)
    try:
        after = change.apply(scenario)
    except InputError:
        return
    assert everything(scenario) == before
    for part in ("topology", "traffic", "observation"):
        old, new = getattr(scenario, part), getattr(after, part)
        if part not in TOUCHED.get(type(change), ("topology",)):
            assert new is old


TRAFFIC_KINDS = (
    *(ch.AddDemand, ch.AddDemands, ch.RemoveDemand, ch.RemoveDemands, ch.SetTrafficClass),
    *(ch.ScaleTraffic, ch.RateLimit, ch.SetRate, ch.SetRates, ch.SetArrivals, ch.SetPacketSizes),
)
POLICY_KINDS = (ch.SetPath, ch.SetPaths, ch.SegmentPolicy, ch.ClearPath, ch.SetEcmp, ch.SetRoutingBase, ch.SetNextLink)
TOUCHED: dict[type, tuple[str, ...]] = {
    **dict.fromkeys(TRAFFIC_KINDS, ("traffic",)),
    **dict.fromkeys(POLICY_KINDS, ()),
    ch.RemoveNode: ("topology", "traffic"),
    ch.SetObservation: ("observation",),
}


@given(st.data())
@usual
def test_a_change_keeps_the_order_of_the_demands_that_stay(data: st.DataObject) -> None:
    scenario = data.draw(scenarios())
    try:
        after = draw_change(data.draw, scenario).apply(scenario)
    except InputError:
        return
    staying = [name for name in scenario.demand_ids if name in after.demand_index]
    assert list(after.demand_ids[: len(staying)]) == staying


@given(st.data())
@settings(usual, max_examples=40)
def test_aligned_scenarios_carry_the_same_loads(data: st.DataObject) -> None:
    before = data.draw(scenarios())
    _, middle = data.draw(changed(before))
    _, after = data.draw(changed(middle)) if can_be_changed(middle) else (None, middle)
    states = [before, middle, after]
    results = aligned(states)
    assert len({tuple(result.topology.node_index) for result in results}) == 1
    assert len({tuple(result.topology.link_index) for result in results}) == 1
    assert len({result.demand_ids for result in results}) == 1
    for state, result in zip(states, results, strict=True):
        own = dict(zip(state.topology.link_index, link_loads(state).tolist(), strict=True))
        wide = dict(zip(result.topology.link_index, link_loads(result).tolist(), strict=True))
        assert {name: wide[name] for name in own} == pytest.approx(own)
        assert not np.any([wide[name] for name in wide if name not in own])


def _draw_kind(data: st.DataObject, kind: type) -> ch.Change | None:
    scenario = data.draw(scenarios())
    try:
        return MAKERS[kind](data.draw, scenario)
    except InputError:
        return None
