"""All kinds of change, by the name under which they are written."""

from collections.abc import Mapping
from types import MappingProxyType

from nettwin.changes.change import Change
from nettwin.changes.demands import AddDemand, AddDemands, RemoveDemand, RemoveDemands
from nettwin.changes.failures import FailLink, FailNode, FailRiskGroup, RestoreLink, RestoreNode, RestoreRiskGroup
from nettwin.changes.links import AddLink, RemoveLink, ReplaceLink, SetCapacity, SetPropagationDelay
from nettwin.changes.nodes import AddNode, RemoveNode, ReplaceNode
from nettwin.changes.observation import SetObservation
from nettwin.changes.routing import ClearPath, SegmentPolicy, SetEcmp, SetMetric, SetNextLink, SetPath, SetPaths, SetRoutingBase
from nettwin.changes.scheduling import SetBuffer, SetClassMap, SetDiscipline, SetQueueWeights, SetScheduling
from nettwin.changes.traffic import RateLimit, ScaleTraffic, SetArrivals, SetPacketSizes, SetRate, SetRates, SetTrafficClass
from nettwin.scenario.plain import kind_name

_KINDS: tuple[type[Change], ...] = (
    FailLink,
    RestoreLink,
    FailNode,
    RestoreNode,
    FailRiskGroup,
    RestoreRiskGroup,
    SetCapacity,
    SetPropagationDelay,
    AddLink,
    RemoveLink,
    ReplaceLink,
    AddNode,
    RemoveNode,
    ReplaceNode,
    SetMetric,
    SetPath,
    SetPaths,
    SegmentPolicy,
    ClearPath,
    SetEcmp,
    SetRoutingBase,
    SetNextLink,
    SetScheduling,
    SetDiscipline,
    SetBuffer,
    SetQueueWeights,
    SetClassMap,
    ScaleTraffic,
    RateLimit,
    SetRate,
    SetRates,
    SetTrafficClass,
    SetArrivals,
    SetPacketSizes,
    AddDemand,
    AddDemands,
    RemoveDemand,
    RemoveDemands,
    SetObservation,
)

CHANGE_KINDS: Mapping[str, type[Change]] = MappingProxyType({kind_name(kind): kind for kind in _KINDS})
