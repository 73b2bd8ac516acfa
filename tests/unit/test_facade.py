import subprocess
import sys

import networkx as nx
import pytest

import nettwin
from nettwin.errors import PredictionError, UnknownNameError


def test_importing_it_loads_nothing_heavy() -> None:
    program = "import sys, nettwin; print(sorted({'numpy', 'pandas', 'numba', 'matplotlib', 'networkx'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_every_name_it_offers_exists() -> None:
    assert all(callable(getattr(nettwin, name)) for name in nettwin.__all__)
    assert set(nettwin.__all__) <= set(dir(nettwin))
    assert nettwin.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'predicted'"):
        _ = nettwin.predicted


def test_ask_and_what_if_on_a_graph_of_ones_own() -> None:
    graph = nx.Graph()
    graph.add_edge("A", "B", capacity_bps=1e6)
    graph.add_edge("B", "C", capacity_bps=1e6)
    graph.add_edge("A", "C", capacity_bps=1e6)
    scenario = nettwin.from_networkx(graph).scenario
    answer = nettwin.ask(scenario)
    assert answer.links["utilization"].between(0, 1).all()
    comparison = nettwin.what_if(scenario, "fail-link A--B", "scale-traffic 0.5")
    assert not comparison.links.loc["A->B", "is_up_after"]
    sweep = nettwin.sweep(scenario, "links", engine="queueing")
    assert len(sweep.failures) == 3
    assert (sweep.links["worst_utilization"] >= sweep.links["utilization"]).all()
    assert (sweep.failures["worst_delay_s"] > 0).all()
    assert sorted(nettwin.to_networkx(scenario).nodes) == ["A", "B", "C"]


def test_mistakes_are_told() -> None:
    graph = nx.Graph()
    graph.add_edge("A", "B", capacity_bps=1e6)
    scenario = nettwin.from_networkx(graph).scenario
    with pytest.raises(UnknownNameError, match="queueing"):
        nettwin.ask(scenario, "queuing")
    with pytest.raises(UnknownNameError, match="option"):
        nettwin.ask(scenario, nonsense=1)


def test_an_engine_that_knows_no_time_says_so() -> None:
    class Timeline:
        scenario = None

    with pytest.raises(PredictionError, match="does not answer for changes in time"):
        nettwin.ask_in_time(Timeline(), "queueing")
