"""Small networks that exist: what a training set holds beside random ones."""

from nettwin.scenario import Topology

REAL_NETWORKS = (
    ("sndlib/dfn-bwin", 10),
    *((f"topozoo/{name}", nodes) for name, nodes in (
        ("Basnet", 6), ("Nordu2005", 6), ("Iinet", 9), ("Sanren", 7), ("Heanet", 7), ("Netrail", 7), ("HiberniaCanada", 10),
        ("Ilan", 10), ("Airtel", 9), ("Getnet", 7), ("Cesnet1993", 9), ("Epoch", 6), ("Globalcenter", 9), ("Nordu1989", 5),
        ("Marwan", 6), ("Arpanet19706", 9), ("Gblnet", 8), ("Gridnet", 9),
    )),
)  # fmt: skip
"""Names in topohub, and how many nodes each has."""


def real_topologies(most_nodes: int = 10) -> tuple[Topology, ...]:
    """The networks with up to so many nodes, from the Topology Zoo and SNDlib as topohub has them."""
    from nettwin.formats import registry

    return tuple(registry.read(f"topohub:{name}").scenario.topology for name, n_nodes in REAL_NETWORKS if n_nodes <= most_nodes)
