"""Random configurations of all output ports of a network, in two styles (see ``scenarios.py``)."""

from dataclasses import replace

import numpy as np

from nettwin.generate.scheduling import random_weights
from nettwin.scenario import Discipline, Queue, Scheduling, Topology, Traffic

RECORDED_DISCIPLINES = (Discipline.FIFO, Discipline.STRICT_PRIORITY, Discipline.VIRTUAL_CLOCK, Discipline.DRR)
RECORDED_BUFFERS_BITS = (8_000.0, 16_000.0, 32_000.0, 64_000.0)
RECORDED_BUFFER_PACKETS = 32.0
RECORDED_WEIGHTS = ((33.3, 33.3, 33.4), (50.0, 40.0, 10.0), (60.0, 30.0, 10.0), (70.0, 20.0, 10.0), (80.0, 10.0, 10.0), (90.0, 5.0, 5.0))
WIDE_BUFFERS_PACKETS = (8.0, 16.0, 32.0, 64.0)


def recorded_ports(topology: Topology, traffic: Traffic, rng: np.random.Generator) -> Topology:
    """One scheduler per node for all of its ports; a network has all disciplines or one, buffers in bits or in packets."""
    disciplines = RECORDED_DISCIPLINES if rng.random() < 0.7 else (RECORDED_DISCIPLINES[int(rng.integers(4))],)
    in_packets, holds = rng.random() < 0.3, rng.random() < 0.8
    ports = {node.id: _recorded_port(rng, disciplines, in_packets, holds) for node in topology.nodes}
    return replace(topology, links=tuple(replace(link, scheduling=ports[link.source]) for link in topology.links))


def with_recorded_quanta(topology: Topology, rng: np.random.Generator) -> Topology:
    """Weights are percent, and a round of all queues sends what the link carries in 1 to 100 seconds.

    Recorded networks have one second, but up to a hundred times as many packets in it as networks of ten nodes.
    """
    round_s = float(10 ** rng.uniform(0.0, 2.0))
    ports = [replace(link.scheduling, quantum_bits=link.capacity_bps * round_s / 100) for link in topology.links]
    return replace(topology, links=tuple(replace(link, scheduling=port) for link, port in zip(topology.links, ports, strict=True)))


def _recorded_port(rng: np.random.Generator, disciplines: tuple[Discipline, ...], in_packets: bool, holds: bool) -> Scheduling:
    discipline = disciplines[int(rng.integers(len(disciplines)))]
    n_queues = 1 if discipline is Discipline.FIFO else 3
    bits = float(rng.choice(RECORDED_BUFFERS_BITS))
    room = {"buffer_packets": RECORDED_BUFFER_PACKETS} if in_packets else {"buffer_bits": bits}
    if rng.random() < 0.3:  # percent of any kind
        weights = tuple((100 * random_weights(n_queues, rng)).tolist())
    else:
        weights = RECORDED_WEIGHTS[int(rng.integers(len(RECORDED_WEIGHTS)))][:n_queues]
    class_map = (0, 0, 0) if n_queues == 1 else (0, 1, 2)
    return Scheduling(discipline, tuple(Queue(weight=w, **room) for w in weights), class_map, buffer_holds_packet_in_service=holds)


def wide_ports(topology: Topology, traffic: Traffic, rng: np.random.Generator) -> Topology:
    """Any discipline, 1 to 3 queues, buffers of any kind, class maps and quanta at random, port by port or all alike."""
    sizes = float(traffic.mean_size_bits.mean())
    disciplines = tuple(Discipline) if rng.random() < 0.7 else (tuple(Discipline)[int(rng.integers(len(Discipline)))],)
    if rng.random() < 0.3:
        port = _wide_port(rng, disciplines, sizes)
        return replace(topology, links=tuple(replace(link, scheduling=port) for link in topology.links))
    return replace(topology, links=tuple(replace(link, scheduling=_wide_port(rng, disciplines, sizes)) for link in topology.links))


def _wide_port(rng: np.random.Generator, disciplines: tuple[Discipline, ...], mean_bits: float) -> Scheduling:
    discipline = disciplines[int(rng.integers(len(disciplines)))]
    n_queues = 1 if discipline is Discipline.FIFO else int(rng.choice((1, 2, 3), p=(0.1, 0.3, 0.6)))
    weights = random_weights(n_queues, rng) if rng.random() < 0.7 else np.full(n_queues, 1 / n_queues)
    one_room = _room(rng, mean_bits)
    rooms = [one_room if rng.random() < 0.7 else _room(rng, mean_bits) for _ in range(n_queues)]
    queues = tuple(Queue(weight=float(w), **room) for w, room in zip(weights, rooms, strict=True))
    class_map = () if rng.random() < 0.8 else tuple(int(q) for q in rng.integers(n_queues, size=3))
    round_packets = float(np.exp(rng.uniform(np.log(1.0), np.log(150.0))))  # that one round of all queues sends
    quantum = round_packets * mean_bits / float(weights.sum())
    return Scheduling(discipline, queues, class_map, quantum_bits=quantum, buffer_holds_packet_in_service=bool(rng.random() < 0.7))


def _room(rng: np.random.Generator, mean_bits: float) -> dict[str, float]:
    """Mostly 8 to 64 packets or their bits, sometimes more, seldom without end."""
    kind = rng.random()
    if kind < 0.45:
        return {"buffer_packets": float(rng.choice(WIDE_BUFFERS_PACKETS))}
    if kind < 0.9:
        return {"buffer_bits": mean_bits * float(np.exp(rng.uniform(np.log(6.0), np.log(64.0))))}
    return {"buffer_packets": float(rng.choice((128.0, 256.0, 512.0)))}
