"""networkx graphs <-> scenarios, for Python programs."""

from typing import TYPE_CHECKING, Any, cast

from nettwin.formats.assumptions import Assumptions
from nettwin.formats.imported import Imported
from nettwin.formats.node_link import import_node_link, node_link_of
from nettwin.scenario import Scenario

if TYPE_CHECKING:
    import networkx

    Graph = networkx.Graph[Any]
    MultiDiGraph = networkx.MultiDiGraph[Any]


def to_networkx(scenario: Scenario) -> "MultiDiGraph":
    """A directed multigraph: links are edges under their ids, with their fields as attributes and their ``index``.

    The rest of the scenario (traffic, policy, observation) is kept in ``graph.graph["nettwin"]``, so ``from_networkx`` gives it back.
    """
    import networkx

    graph = networkx.node_link_graph(node_link_of(scenario), directed=True, multigraph=True, edges="edges")
    return cast("MultiDiGraph", graph)


def from_networkx(graph: "Graph", assumptions: Assumptions = Assumptions()) -> Imported:
    """The scenario in a graph of any kind: of ``to_networkx``, also changed since, or one of your own.

    In your own, edges may have ``capacity_bps``, ``propagation_delay_s`` (or ``length_km``) and ``metric`` (or ``weight``), nodes ``label``
    and ``pos``; an undirected edge is a cable with both directions. What is missing is made from the assumptions; the coverage says so.
    """
    import networkx

    return import_node_link(networkx.node_link_data(graph, edges="edges"), "networkx graph", assumptions)
