"""Changes: what may happen to a scenario, by intent or by accident."""

from nettwin.changes.change import Change
from nettwin.changes.commands import command_of, usage
from nettwin.changes.content import same_content
from nettwin.changes.demands import AddDemand, AddDemands, RemoveDemand, RemoveDemands
from nettwin.changes.diff import diff
from nettwin.changes.failures import FailLink, FailNode, FailRiskGroup, RestoreLink, RestoreNode, RestoreRiskGroup
from nettwin.changes.kinds import CHANGE_KINDS
from nettwin.changes.links import AddLink, RemoveLink, ReplaceLink, SetCapacity, SetPropagationDelay
from nettwin.changes.nodes import AddNode, RemoveNode, ReplaceNode
from nettwin.changes.observation import SetObservation
from nettwin.changes.plan import Plan
from nettwin.changes.routing import ClearPath, SegmentPolicy, SetEcmp, SetMetric, SetNextLink, SetPath, SetPaths, SetRoutingBase
from nettwin.changes.scheduling import SetBuffer, SetClassMap, SetDiscipline, SetQueueWeights, SetScheduling
from nettwin.changes.selection import Selection
from nettwin.changes.serialization import change_from_dict, change_to_dict, changes_from_dicts, changes_to_dicts, parse_change
from nettwin.changes.timeline import Phase, TimedChange, Timeline, phases, timeline_from_dict, timeline_to_dict
from nettwin.changes.traffic import RateLimit, ScaleTraffic, SetArrivals, SetPacketSizes, SetRate, SetRates, SetTrafficClass

__all__ = [
    "CHANGE_KINDS",
    "AddDemand",
    "AddDemands",
    "AddLink",
    "AddNode",
    "Change",
    "ClearPath",
    "FailLink",
    "FailNode",
    "FailRiskGroup",
    "Phase",
    "Plan",
    "RateLimit",
    "RemoveDemand",
    "RemoveDemands",
    "RemoveLink",
    "RemoveNode",
    "ReplaceLink",
    "ReplaceNode",
    "RestoreLink",
    "RestoreNode",
    "RestoreRiskGroup",
    "ScaleTraffic",
    "SegmentPolicy",
    "Selection",
    "SetArrivals",
    "SetBuffer",
    "SetCapacity",
    "SetClassMap",
    "SetDiscipline",
    "SetEcmp",
    "SetMetric",
    "SetNextLink",
    "SetObservation",
    "SetPacketSizes",
    "SetPath",
    "SetPaths",
    "SetPropagationDelay",
    "SetQueueWeights",
    "SetRate",
    "SetRates",
    "SetRoutingBase",
    "SetScheduling",
    "SetTrafficClass",
    "TimedChange",
    "Timeline",
    "change_from_dict",
    "change_to_dict",
    "changes_from_dicts",
    "changes_to_dicts",
    "command_of",
    "diff",
    "parse_change",
    "phases",
    "same_content",
    "timeline_from_dict",
    "timeline_to_dict",
    "usage",
]
