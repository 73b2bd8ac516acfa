"""The question: a network, its traffic, its routing policy. numpy only, no input or output."""

from nettwin.scenario.arrivals import (
    ArrivalProcess,
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    ModulatedExponential,
    OnOff,
    PacketTrace,
    Poisson,
)
from nettwin.scenario.packet_sizes import (
    INTERNET_MIX,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    PacketSizes,
    TruncatedExponentialSize,
)
from nettwin.scenario.planning import CapacityModule, LinkPlanning
from nettwin.scenario.routing import (
    AdjacencySegment,
    ExplicitPath,
    ForwardingTable,
    NodeSegment,
    Routing,
    RoutingPolicy,
    Segment,
    SegmentList,
    ShortestPaths,
)
from nettwin.scenario.scenario import Observation, Scenario
from nettwin.scenario.scheduling import Discipline, Queue, Scheduling
from nettwin.scenario.topology import Link, Node, QueueColumns, Topology
from nettwin.scenario.traffic import Demand, Traffic

__all__ = [
    "INTERNET_MIX",
    "AdjacencySegment",
    "ArrivalProcess",
    "AutocorrelatedExponential",
    "CapacityModule",
    "CarriedOnOff",
    "ConstantBitRate",
    "Demand",
    "Discipline",
    "EmpiricalSizes",
    "ExplicitPath",
    "ExponentialSize",
    "FixedSize",
    "ForwardingTable",
    "Link",
    "LinkPlanning",
    "ModulatedExponential",
    "Node",
    "NodeSegment",
    "Observation",
    "OnOff",
    "PacketSizes",
    "PacketTrace",
    "Poisson",
    "Queue",
    "QueueColumns",
    "Routing",
    "RoutingPolicy",
    "Scenario",
    "Scheduling",
    "Segment",
    "SegmentList",
    "ShortestPaths",
    "Topology",
    "Traffic",
    "TruncatedExponentialSize",
]
