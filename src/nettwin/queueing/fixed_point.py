"""The fixed point of a network: losses thin what arrives downstream, which changes the losses."""

from dataclasses import dataclass

import numpy as np

from nettwin.queueing.carrying import Arrivals, Carried, QueueLoss
from nettwin.queueing.finite_queue import QueueState, ServerView
from nettwin.queueing.network import Network
from nettwin.queueing.precedence import PortLoads
from nettwin.queueing.rounds import Round, given_of, rounds
from nettwin.scenario.arrays import FloatArray

MOST_ROUNDS = 40
TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class NetworkState:
    """The steady state of all queues, and what reaches them."""

    network: Network
    loss: QueueLoss  # under which the packets are carried
    carried: Carried
    queues: QueueState
    view: ServerView
    service_s: FloatArray  # [queue] mean packet time at full rate
    window_s: FloatArray  # [queue] time scale on which its burstiness counts
    longest_wait_s: FloatArray  # [queue] of a full FIFO buffer; infinite where other queues decide
    places: FloatArray  # [queue] room for waiting packets of mean size
    loads: PortLoads
    precedence: FloatArray  # [link, slot, other]
    smoothed: FloatArray  # [queue] what upstream ports change in the excess of the arrivals
    in_platoons: FloatArray  # [queue] share of the work that is waits behind longer packets from earlier hops
    n_rounds: int


def solve_network(network: Network, most_rounds: int = MOST_ROUNDS, tolerance: float = TOLERANCE) -> NetworkState:
    """Damped rounds until neither losses nor time scales move any more, or the limit of rounds; tolerance 0: as many as allowed."""
    found, n_rounds = rounds(given_of(network), _first_round(network), most_rounds, tolerance)
    carried = found.carried
    packets, bits, moments, sent_packets, sent_bits = (np.ascontiguousarray(carried[:, column]) for column in range(5))
    return NetworkState(
        network=network,
        loss=QueueLoss(found.lost[:, 0], found.lost[:, 1]),
        carried=Carried(Arrivals(packets, bits, moments), sent_packets, sent_bits, found.delivered[:, 0], found.delivered[:, 1]),
        queues=QueueState(*found.queues),
        view=ServerView(*found.view),
        service_s=found.service_s,
        window_s=found.window_s,
        longest_wait_s=found.longest_wait_s,
        places=found.places,
        loads=found.loads,
        precedence=found.precedence,
        smoothed=found.smoothed,
        in_platoons=found.in_platoons,
        n_rounds=n_rounds,
    )


def _first_round(network: Network) -> Round:
    ports, offered = network.ports, network.offered
    n, n_slots = ports.n_queues, ports.slots.shape[1]
    return Round(
        loss=np.zeros(n),
        bits_per_second_moment=offered.bit_rate / np.maximum(offered.second_moment_rate, 1e-300),
        precedence=np.zeros((ports.n_links, n_slots, n_slots)),
        smoothed=np.zeros(n),
        window_s=network.table.unit_s[ports.link_of_queue],
        share=np.ones(n),
    )
