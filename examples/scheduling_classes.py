"""Voice and bulk data share a link: FIFO, weighted fair queueing, or strict priority?"""

import nettwin
from nettwin.scenario import Demand, Discipline, ExponentialSize, FixedSize, Link, Node, Queue, Scenario, Scheduling, Topology, Traffic

VOICE, BULK = 0, 1
BUFFER = Queue(buffer_packets=200)
SCHEDULERS = {
    "FIFO": Scheduling(queues=(BUFFER,)),
    "WFQ 1:1": Scheduling(Discipline.WFQ, (BUFFER, BUFFER)),
    "WFQ 4:1": Scheduling(Discipline.WFQ, (Queue(buffer_packets=200, weight=4), BUFFER)),
    "strict priority": Scheduling(Discipline.STRICT_PRIORITY, (BUFFER, BUFFER)),
}


def network(scheduling: Scheduling) -> Scenario:
    links = (Link("A->B", "A", "B", 10e6, 0.002, scheduling=scheduling), Link("B->A", "B", "A", 10e6, 0.002))
    topology = Topology((Node("A"), Node("B")), links)
    voice = Demand("A", "B", 2e6, VOICE, packet_sizes=FixedSize(1600), id="voice")
    bulk = Demand("A", "B", 7e6, BULK, packet_sizes=ExponentialSize(8000), id="bulk")
    return Scenario(topology, Traffic.of([voice, bulk], topology))


for name, scheduling in SCHEDULERS.items():
    scenario = network(scheduling)
    analytic = nettwin.ask(scenario).demands["delay_s"]
    simulated = nettwin.ask(scenario, "simulator", packets=200_000, seed=1).demands["delay_s"]
    figures = (f"{demand} {1e3 * analytic[demand]:5.2f} ms (simulated {1e3 * simulated[demand]:5.2f})" for demand in ("voice", "bulk"))
    print(f"{name:>16}: {', '.join(figures)}")
