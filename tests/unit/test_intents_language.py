"""Intents in YAML: what is read, what is refused and where, and the schema that says so to editors."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from nettwin.errors import FormatError, InputError, LimitError, ScenarioError, UnknownNameError
from nettwin.intents.intent import Intent
from nettwin.intents.language.records import Fields
from nettwin.intents.language.vocabulary import INTENT, PARTS, intent_schema
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.path_constraints import Avoid, Disjointness, PathConstraint
from nettwin.intents.planning import Growth, Planning
from nettwin.intents.reading import intent_from_plain, intent_from_yaml, intent_to_plain, intent_to_yaml, read_intent, write_intent
from nettwin.intents.selectors import Selector
from nettwin.intents.slo import Metric, Slo, Soft
from nettwin.intents.survival import FailureKind, Survive
from nettwin.intents.verification import Verification
from nettwin.scenario import CapacityModule

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = """\
version: 1
name: all of it
select:
  gold: {class: 2, top: 5}
  spare: {demand: "s*", source-tag: core, target_tag: edge}
  video: {src: "mad*", dst: "*"}
objectives:
  - {minimize: utilization, tolerance: 1%}
  - {minimize: delay, stat: p99, over: gold, across: max}
  - loss
slo:
  - {name: fast, for: gold, metric: one-way-delay, stat: p99.9, bound: 25 ms}
  - {for: video, metric: jitter, bound: 5 ms, soft: {penalty: 10}}
  - {for: "*", metric: packet_loss, bound: 0.1 %, soft: 2}
  - {metric: throughput, bound: 0.99}
paths:
  - {for: gold, via: [fw1 | fw2, lb], order: strict}
  - {for: gold, avoid: {nodes: n7, links: [l1, "l2*"], tags: [subsea]}}
  - {for: video, max-hops: 6, max-stretch: 1.5}
  - {for: [gold, spare], disjoint: srlg, name: apart}
limits: {max-utilization: 80%, split: [1, 2], max-segments: 2, max-changes: 50, knobs: [sr-policy, igp-weight]}
survive:
  - {single: link, require: {max-utilization: 100%, slo: [fast]}, reroute: igp-only}
  - {single: node, only: [n1], require: {max-utilization: null, connected: true}}
planning:
  minimize: cost
  modules: {100G: 40, 400 Gbit/s: 120}
  budget: 2000
  horizon: {growth: 30%/y, years: 3}
verify: {with: simulation, tolerance: {delay: 15%}, else: reject}
"""
IN_PYTHON = Intent(
    name="all of it",
    select={
        "gold": Selector(traffic_class=2, top=5),
        "spare": Selector(demand="s*", source_tag="core", target_tag="edge"),
        "video": Selector(source="mad*"),
    },
    objectives=(
        Objective(minimize=Figure.MAX_UTILIZATION, tolerance=0.01),
        Objective(minimize=Figure.ONE_WAY_DELAY, statistic="p99", over="gold", across="max"),
        Objective(minimize=Figure.PACKET_LOSS),
        Objective(minimize=Figure.COST),
    ),
    slos=(
        Slo(name="fast", selected="gold", metric=Metric.ONE_WAY_DELAY, statistic="p99.9", bound=0.025),
        Slo(selected="video", metric=Metric.DELAY_VARIATION, bound=0.005, soft=Soft(penalty=10)),
        Slo(metric=Metric.PACKET_LOSS, bound=0.001, soft=Soft(penalty=2)),
        Slo(metric=Metric.THROUGHPUT, bound=0.99),
    ),
    paths=(
        PathConstraint(selected="gold", via=(("fw1", "fw2"), ("lb",)), is_ordered=True),
        PathConstraint(selected="gold", avoid=Avoid(nodes=("n7",), links=("l1", "l2*"), tags=("subsea",))),
        PathConstraint(selected="video", max_hops=6, max_stretch=1.5),
        PathConstraint(selected="gold", disjoint=Disjointness.RISK_GROUP, disjoint_from="spare", name="apart"),
    ),
    limits=Limits(max_utilization=0.8, max_splits=2, max_segments=2, max_changes=50, knobs=(Knob.SEGMENT_POLICY, Knob.IGP_METRIC)),
    survive=(
        Survive(slos=("fast",)),
        Survive(single=FailureKind.NODE, only=("n1",), max_utilization=None),
    ),
    planning=Planning(
        modules=(CapacityModule(100e9, 40.0), CapacityModule(400e9, 120.0)), budget=2000.0, growth=Growth(per_year=0.3, years=3.0)
    ),
    verify=Verification(engine="simulator", tolerance={Metric.ONE_WAY_DELAY: 0.15}),
)


def test_every_key_means_its_field() -> None:
    assert intent_from_yaml(EVERYTHING) == IN_PYTHON


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_intent(IN_PYTHON, tmp_path / "intent.yaml")
    assert read_intent(tmp_path / "intent.yaml") == IN_PYTHON
    assert intent_from_plain(json.loads(json.dumps(intent_to_plain(IN_PYTHON)))) == IN_PYTHON
    assert intent_to_yaml(Intent()) == "{version: 1}\n"


@pytest.mark.parametrize(
    ("old", "new", "error", "told"),
    [
        ("max-stretch", "max-strech", UnknownNameError, r"line 19: paths\[2\].max-strech: unknown key .*did you mean max-stretch"),
        ("survive:", "surive:", UnknownNameError, "did you mean survive"),
        ("src:", "sorce:", UnknownNameError, "did you mean source"),
        ("p99.9", "p98", UnknownNameError, r"slo\[0\].stat: .*did you mean p99"),
        ("jitter", "jiter", UnknownNameError, "did you mean jitter"),
        ("igp-weight", "igp-wait", UnknownNameError, "did you mean igp-weight"),
        ("single: node", "single: nod", UnknownNameError, "did you mean node"),
        ("for: video, metric", "for: vido, metric", UnknownNameError, "did you mean video"),
        ("slo: [fast]", "slo: [slow]", UnknownNameError, r"survive\[0\]: unknown SLO"),
        ("25 ms", "25 %", FormatError, r"slo\[0\]: the bound is a share .*one-way-delay is a time"),
        ("0.1 %", "1 ms", FormatError, "packet-loss is a share"),
        ("25 ms", "25 lightyears", FormatError, "no time"),
        ("bound: 25 ms", "soft: 1", FormatError, "bound is missing"),
        ("1%", "lots", FormatError, "instead of a share"),
        ("30%/y", "30%/month", FormatError, "horizon.growth"),
        ("[1, 2]", "[2, 3]", FormatError, "a range from 1 on"),
        ("100G: 40", "100Q: 40", FormatError, "no rate"),
        ("class: 2", "class: ef", FormatError, "a whole number"),
        ("via: [fw1 | fw2, lb]", "via: [fw1 |, lb]", FormatError, "names of nodes"),
        ("nodes: n7", "nodes: 7", FormatError, "put it in quotes"),
        ("version: 1", "version: 2", FormatError, "version"),
        ("else: reject", "else: accept", FormatError, "reject"),
        ("connected: true", "connected: maybe", FormatError, "true or false"),
        ("src:", "source: x, src:", FormatError, "mean the same"),
        ("bound: 5 ms", "bound: -5 ms", ScenarioError, r"slo\[1\]: .*bound is -0.005"),
        ("bound: 0.99", "bound: 1.5", ScenarioError, "at most 100 %"),
        ("metric: jitter, ", "metric: jitter, stat: p99, ", ScenarioError, "percentiles are known of one-way delay only"),
        ("name: apart", "name: fast", ScenarioError, "two clauses are called 'fast'"),
        ("budget: 2000", "budget: -1", ScenarioError, "planning: budget is -1"),
        ("gold: {class: 2, top: 5}", "gold: {class: 2, class: 3}", FormatError, "stands twice"),
        ("gold: {class: 2, top: 5}", "gold: &g {class: 2}", FormatError, "anchor"),
        ("name: all of it", f"name: {'x' * 5000}", LimitError, "longer than"),
    ],
)
def test_mistakes_are_told_with_their_place(old: str, new: str, error: type[InputError], told: str) -> None:
    assert old in EVERYTHING
    with pytest.raises(error, match=told):
        intent_from_yaml(EVERYTHING.replace(old, new, 1))


@pytest.mark.parametrize("text", ["[]", "7", "", "slo: 3", "select: []", "objectives: {}", "paths: [[]]", "limits: 3", "verify: x"])
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        intent_from_yaml(text)


def test_a_file_that_is_no_hand_written_intent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_text("name: x\n" + "# padding\n" * 150_000)
    with pytest.raises(LimitError):
        read_intent(tmp_path / "large.yaml")
    with pytest.raises(LimitError):
        intent_from_yaml("select: " + "[" * 40 + "]" * 40)


def test_the_published_schema_is_that_of_the_code() -> None:
    published = json.loads((ROOT / "docs" / "schema" / "intent.json").read_text())
    assert published == intent_schema(), "run: nettwin intent schema > docs/schema/intent.json"
    jsonschema.Draft202012Validator.check_schema(published)


def problems(plain: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(intent_schema()).iter_errors(plain)]


EXAMPLES = sorted((ROOT / "examples" / "intents").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_an_intent_and_fits_the_schema(path: Path) -> None:
    assert problems(yaml.safe_load(path.read_text())) == []
    assert problems(intent_to_plain(read_intent(path))) == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


def test_the_schema_accepts_what_is_read_and_refuses_unknown_keys() -> None:
    plain = yaml.safe_load(EVERYTHING.replace("target_tag", "target-tag").replace("packet_loss", "packet-loss"))
    assert problems(plain) == []
    assert problems(intent_to_plain(IN_PYTHON)) == []
    for place in _maps(plain):
        place["no-such-key"] = 1
        assert problems(plain), place
        with pytest.raises(InputError):
            intent_from_plain(plain)
        del place["no-such-key"]
    assert problems(plain) == []


def _maps(plain: Any) -> list[dict[str, Any]]:
    """Every map of fixed keys, that is all but the modules, whose keys are capacities, and the selectors, whose keys are names."""
    if isinstance(plain, list):
        return [found for item in plain for found in _maps(item)]
    if not isinstance(plain, dict):
        return []
    own = [] if any(str(key)[0].isdigit() for key in plain) or set(plain) == {"gold", "spare", "video"} else [plain]
    return own + [found for item in plain.values() for found in _maps(item)]


def test_every_key_is_on_the_page() -> None:
    page = (ROOT / "docs" / "intents.md").read_text(encoding="utf-8")
    for fields in (INTENT.fields, *(part.fields for part in PARTS)):
        for key in fields.keys:
            assert f"`{key.name}`" in page, (fields.called, key.name)
            if isinstance(key.kind, Fields):
                assert all(f"`{inner.name}`" in page for inner in key.kind.keys)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Slo(metric=Metric.ONE_WAY_DELAY, bound=float("nan")),
        lambda: Slo(metric=Metric.ONE_WAY_DELAY, bound=0.0),
        lambda: Slo(metric=Metric.PACKET_LOSS, bound=0.1, statistic="p99"),
        lambda: Soft(penalty=0.0),
        lambda: Objective(minimize=Figure.ONE_WAY_DELAY, statistic="p42"),
        lambda: Objective(minimize=Figure.PACKET_LOSS, across="median"),
        lambda: Objective(minimize=Figure.MAX_UTILIZATION, tolerance=1.0),
        lambda: Objective(minimize=Figure.MAX_UTILIZATION, over="gold"),
        lambda: Limits(max_utilization=0.0),
        lambda: Limits(max_splits=0),
        lambda: Limits(knobs=(Knob.BUFFER, Knob.BUFFER)),
        lambda: Survive(max_utilization=None, connected=False),
        lambda: Growth(per_year=-1.0, years=1.0),
        lambda: Verification(tolerance={Metric.PACKET_LOSS: 0.0}),
        lambda: Intent(objectives=(Objective(minimize=Figure.PACKET_LOSS, over="gold"),)),
    ],
)
def test_values_check_themselves(build) -> None:
    with pytest.raises(InputError):
        build()
