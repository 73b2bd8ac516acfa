"""The timeline of a nettwin document: changes and when they happen."""

from typing import Any

from nettwin.changes import TimedChange, Timeline
from nettwin.changes.serialization import change_from_dict, change_to_dict
from nettwin.errors import FormatError
from nettwin.formats.yaml.places import Places
from nettwin.formats.yaml.schema import Document
from nettwin.scenario import Scenario


def timeline_of(document: Document, scenario: Scenario, places: Places) -> Timeline:
    """The timeline of a document. Raises FormatError where it has none, ScenarioError where its observation never ends."""
    part = document.timeline
    if part is None:
        raise FormatError("there is no timeline", where=places.where, hint="timeline: {events: [{time_s: 10, change: fail-link A--B}]}")
    events = []
    for index, event in enumerate(part.events):
        with places.at("timeline", "events", index):
            events.append(TimedChange(event.time_s, change_from_dict(event.change, where="change")))
    with places.at("timeline"):
        return Timeline(scenario, tuple(events), part.window_s, part.convergence_delay_s)


def timeline_part(timeline: Timeline) -> dict[str, Any]:
    """The timeline as a part of its scenario's document."""
    return {
        "events": [{"time_s": event.time_s, "change": change_to_dict(event.change)} for event in timeline.events],
        "window_s": timeline.window_s,
        "convergence_delay_s": timeline.convergence_delay_s,
    }
