"""The schema of a nettwin document: what may stand in the file, and the JSON Schema that says so to editors."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, Strict, StrictBool, Tag, WithJsonSchema

from nettwin.formats.yaml.parts import Part, Quantity, Text, kind_of, model_of, named_or, one_of
from nettwin.scenario import (
    AdjacencySegment,
    ArrivalProcess,
    ExplicitPath,
    Node,
    NodeSegment,
    Observation,
    PacketSizes,
    Scheduling,
)
from nettwin.scenario.planning import LinkPlanning

VERSION = 1
HIGHEST_CLASS = 255
"""More traffic classes than the 64 of DSCP is a mistake, and each costs a column in every port."""

FIRST_ERROR = Field(fail_fast=True)
"""On lists that may be long: thousands of errors would take longer to write down than the document to read."""

Bps = Annotated[float, Quantity("rate_bps")]
Seconds = Annotated[float, Quantity("time_s")]
Number = Annotated[float, Quantity("number")]
TrafficClass = Annotated[int, Strict(), Field(ge=0, le=HIGHEST_CLASS)]
TwoTexts = Annotated[tuple[Text, ...], Field(min_length=2, max_length=2)]

if TYPE_CHECKING:  # derived types exist only at run time
    ArrivalsPart: TypeAlias = Any
    PacketSizesPart: TypeAlias = Any
    NodePart: TypeAlias = Any
    SchedulingMap: TypeAlias = Any
    SchedulingPart: TypeAlias = Any
    PlanningPart: TypeAlias = Any
    PathPart: TypeAlias = Any
    SegmentPart: TypeAlias = Any
    ObservationPart: TypeAlias = Any
else:
    ArrivalsPart = one_of(get_args(ArrivalProcess))
    PacketSizesPart = one_of(get_args(PacketSizes))
    NodePart = named_or(model_of(Node))
    SchedulingMap = model_of(Scheduling)
    SchedulingPart = named_or(SchedulingMap)
    PlanningPart = model_of(LinkPlanning)
    PathPart = model_of(ExplicitPath)
    SegmentPart = one_of((NodeSegment, AdjacencySegment))
    ObservationPart = model_of(Observation)


class Columns(Part):
    """A table as column names and rows."""

    columns: list[str]
    rows: Annotated[list[list[Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean", "null"]})]]], FIRST_ERROR]


TableText = Annotated[str, Field(description="comma-separated rows under a row of column names")]
TextTable = Annotated[TableText, Tag("<text>")]
ColumnTable = Annotated[Columns, Tag("<columns>")]


def _table_shape(value: Any) -> str:
    return "<text>" if isinstance(value, str) else "<columns>" if isinstance(value, Mapping) else "<rows>"


class LinkDefaults(Part):
    """What a link takes where it says nothing itself."""

    capacity_bps: Bps | None = None
    propagation_delay_s: Seconds | None = None
    metric: Number | None = None
    scheduling: SchedulingPart | None = None


class DemandDefaults(Part):
    """What a demand takes where it says nothing itself."""

    rate_bps: Bps | None = None
    traffic_class: TrafficClass | None = None
    arrivals: ArrivalsPart | None = None
    packet_sizes: PacketSizesPart | None = None


class Defaults(Part):
    """Defaults for the rest of the document."""

    link: LinkDefaults = LinkDefaults()
    demand: DemandDefaults = DemandDefaults()


class LinkPart(LinkDefaults):
    """A cable between two ``ends``, which becomes two links, or one direction from ``source`` to ``target``."""

    id: Text | None = Field(None, description="of the link; of the circuit where both ends are given")
    ends: TwoTexts | None = Field(None, description="both directions, under one circuit")
    link_ids: TwoTexts | None = Field(None, description="ids of the two directions, where they are not named after their ends")
    source: Text | None = None
    target: Text | None = None
    circuit: Text | None = Field(None, description="the cable that this direction runs in")
    risk_groups: tuple[Text, ...] | None = None
    tags: tuple[Text, ...] | None = None
    is_up: StrictBool | None = None
    planning: PlanningPart | None = None


class DemandPart(DemandDefaults):
    """A need from source to target."""

    source: Text
    target: Text
    id: Text | None = None


class MatrixPart(Part):
    """A traffic matrix: rows are sources, columns are targets, in the order of ``nodes`` or of the document."""

    rate_bps: Annotated[tuple[Annotated[tuple[Bps, ...], FIRST_ERROR], ...], FIRST_ERROR]
    nodes: tuple[Text, ...] | None = None
    traffic_class: TrafficClass | None = None
    arrivals: ArrivalsPart | None = None
    packet_sizes: PacketSizesPart | None = None


class TrafficPart(Part):
    """All demands: rows, matrices or both."""

    demands: Annotated[
        TextTable | ColumnTable | Annotated[tuple[DemandPart, ...], FIRST_ERROR, Tag("<rows>")], Discriminator(_table_shape)
    ] = ()
    matrices: tuple[MatrixPart, ...] = ()


class ShortestPathsPart(Part):
    """OSPF / IS-IS on the links' metrics."""

    kind: Literal["shortest-paths"]
    has_ecmp: StrictBool = True


class ForwardingTablePart(Part):
    """Destination-based output ports: a table with the columns node, target and link."""

    kind: Literal["forwarding-table"]
    next_link: Annotated[TextTable | ColumnTable, Discriminator(_table_shape)]


class SegmentListPart(Part):
    """Segments in order, and their weight among the lists of one demand."""

    segments: tuple[SegmentPart, ...]
    weight: Number = 1.0


BaseName = Annotated[Literal["shortest-paths"], Tag("<name>")]
BaseShortest = Annotated[ShortestPathsPart, Tag("<shortest-paths>")]
BaseTable = Annotated[ForwardingTablePart, Tag("<forwarding-table>")]


class RoutingPart(Part):
    """The routing policy: one base for all demands, and exceptions by demand id."""

    base: Annotated[BaseName | BaseShortest | BaseTable, Discriminator(kind_of)] = "shortest-paths"
    explicit_paths: dict[str, tuple[PathPart, ...]] = Field(default_factory=dict)
    segment_lists: dict[str, tuple[SegmentListPart, ...]] = Field(default_factory=dict)


class EventPart(Part):
    """A change and when it happens."""

    time_s: Seconds
    change: Annotated[Any, WithJsonSchema({"type": ["object", "string"]})]


class TimelinePart(Part):
    """Changes in time: ``nettwin.formats.yaml.read_timeline`` reads them."""

    events: Annotated[tuple[EventPart, ...], FIRST_ERROR] = ()
    window_s: Seconds = 1.0
    convergence_delay_s: Seconds = 0.0


class Document(Part):
    """A network, its traffic, its routing policy, and how it is observed."""

    nettwin: Literal[1] = Field(1, description="version of this schema")
    name: Text = ""
    description: Text = ""
    metadata: dict[str, Text] = Field(default_factory=dict)
    defaults: Defaults = Defaults()
    scheduling: dict[str, SchedulingMap] = Field(default_factory=dict, description="profiles that links name")
    arrivals: dict[str, ArrivalsPart] = Field(default_factory=dict, description="profiles that demands name")
    packet_sizes: dict[str, PacketSizesPart] = Field(default_factory=dict, description="profiles that demands name")
    nodes: Annotated[tuple[NodePart, ...], Field(min_length=1, fail_fast=True)]
    links: Annotated[tuple[LinkPart, ...], FIRST_ERROR] = ()
    traffic: TrafficPart = TrafficPart()
    routing: RoutingPart = RoutingPart()
    observation: ObservationPart | None = None
    timeline: TimelinePart | None = None


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a nettwin document."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Document.model_json_schema()}
    return {**schema, "title": "nettwin scenario"}
