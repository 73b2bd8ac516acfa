"""What the names of GraphML data mean: Topology Zoo's, ours, and a few that need no guessing."""

from collections.abc import Mapping

from nettwin.formats.coverage import CoverageLog
from nettwin.formats.graphml.document import Item
from nettwin.formats.link_speeds import scaled_speed_bps, speed_bps
from nettwin.formats.numbers import not_negative, number

LABELS = ("label", "name")
TAGS = "tags"
LINK_ID = "link_id"
CIRCUIT = "circuit"
SPEED = "LinkSpeedRaw"
PLACES = (("Longitude", "Latitude"), ("longitude", "latitude"), ("lon", "lat"))
PLANE_PLACES = (("x", "y"),)
METRICS = ("metric", "weight")
DELAY_S = "propagation_delay_s"
LENGTHS_M = {"length_km": 1e3, "distance_km": 1e3, "dist": 1e3, "length_m": 1.0}
SPEED_LABELS = ("LinkLabel", "LinkType", "LinkNote", "capacity", "bandwidth", "speed")
SPEEDS_BPS = {SPEED: 1.0, "capacity_bps": 1.0, "bandwidth_bps": 1.0, "capacity_mbps": 1e6, "capacity_gbps": 1e9}

NODE_NAMES = {*LABELS, TAGS, "id", "Internal", "hyperedge", *(name for pair in (*PLACES, *PLANE_PLACES) for name in pair)}
EDGE_NAMES = {
    TAGS, LINK_ID, CIRCUIT, "id", "key", "LinkSpeed", "LinkSpeedUnits",
    *METRICS, DELAY_S, *LENGTHS_M, *SPEED_LABELS, *SPEEDS_BPS,
}  # fmt: skip
IGNORED = {
    **dict.fromkeys([f"geocode_{what}" for what in ("append", "country", "extent", "id", "name")], "how the position was found"),
    "Country": "geography beyond the position", "Region": "geography beyond the position",
    "GeoLocation": "geography beyond the position", "asn": "there is no routing between domains",
    "type": "a kind of device makes no difference here", "doubted": "the node is taken as given",
    "Service": "a service makes no difference here", "LinkStatus": "the link is taken as up",
    "Network": "there is one network", "color": "drawing", "width": "drawing",
}  # fmt: skip

HINTS = dict.fromkeys(("delay", "latency"), "no unit is known: name it propagation_delay_s, or length_km")


def label_of(item: Item) -> str:
    """What the node is called."""
    return next((item.data[name] for name in LABELS if item.data.get(name)), "")


def position_of(item: Item) -> tuple[tuple[float, float] | None, bool]:
    """The position, and whether it is in degrees."""
    for pairs, is_degrees in ((PLACES, True), (PLANE_PLACES, False)):
        for x, y in pairs:
            if item.data.get(x) and item.data.get(y):
                return (number(item.data[x], x, item.place), number(item.data[y], y, item.place)), is_degrees
    return None, False


def node_tags(item: Item) -> tuple[str, ...]:
    """Own tags, and Topology Zoo's flags: a node of a neighbour's network, and a node that stands for a shared medium."""
    tags = tuple(item.data.get(TAGS, "").split())
    external = ("external",) if _flag(item, "Internal") is False and "external" not in tags else ()
    shared = ("hyperedge",) if _flag(item, "hyperedge") and "hyperedge" not in tags else ()
    return (*tags, *external, *shared)


def _flag(item: Item, name: str) -> bool | None:
    """Topology Zoo writes 1 and 0; its files of 2011 True and False."""
    return {"1": True, "true": True, "0": False, "false": False}.get(item.data.get(name, "").strip().lower())


def capacity_of(edge: Item, log: CoverageLog) -> float | None:
    """The speed of an edge in bit/s, if it gives one that is clear."""
    data = edge.data
    for name, unit in SPEEDS_BPS.items():
        if data.get(name):
            speed = not_negative(data[name], name, edge.place) * unit
            if speed > 0:
                return speed
            log.ignored(name, edge.place, "a speed of zero says nothing")
    speed_in_units = scaled_speed_bps(data.get("LinkSpeed", ""), data.get("LinkSpeedUnits", ""))
    return speed_in_units or _labelled_speed(edge, log)


def _labelled_speed(edge: Item, log: CoverageLog) -> float | None:
    for name in SPEED_LABELS:
        speed = speed_bps(edge.data.get(name, ""))
        if speed:
            return speed
    for name in ("LinkSpeed", *SPEED_LABELS):
        if edge.data.get(name):
            log.unknown(name, edge.place, "no clear speed: write 10 Gbps, or name it capacity_bps")
    return None


def metric_of(edge: Item, log: CoverageLog) -> float | None:
    """An IGP metric, if it gives one above zero."""
    for name in METRICS:
        if edge.data.get(name):
            metric = number(edge.data[name], name, edge.place)
            if metric > 0:
                return metric
            log.ignored(name, edge.place, "an IGP metric is above zero")
    return None


def length_of(edge: Item) -> float | None:
    """A length in metres."""
    for name, unit in LENGTHS_M.items():
        if edge.data.get(name):
            return not_negative(edge.data[name], name, edge.place) * unit
    return None


def delay_of(edge: Item) -> float | None:
    """Our own propagation delay."""
    text = edge.data.get(DELAY_S)
    return not_negative(text, DELAY_S, edge.place) if text else None


def log_other(item: Item, known: set[str], kind: str, log: CoverageLog) -> None:
    """Reports the data that nothing above has read."""
    for name in _others(item.data, known):
        if name in IGNORED:
            log.ignored(f"{kind} {name}", item.place, IGNORED[name])
        else:
            log.unknown(f"{kind} {name[:60]}", item.place, HINTS.get(name, ""))


def _others(data: Mapping[str, str], known: set[str]) -> list[str]:
    return [name for name, text in data.items() if name not in known and text]
