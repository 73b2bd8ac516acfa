"""What the network reads of a scenario besides theory, as far as it has no derivative: kinds, neighbours, orders, counts."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from nettwin.predict.neural.batch import neighbors
from nettwin.predict.neural.features import DISCIPLINES, PROCESSES
from nettwin.queueing.differentiable.delays import HopDelays, PathDelays
from nettwin.queueing.differentiable.demand_figures import DemandFigures, Senders
from nettwin.queueing.differentiable.dispersion import Sources
from nettwin.queueing.differentiable.structure import _FORMULA_OF as FORMULA_OF
from nettwin.queueing.differentiable.values import Layout, SourceRows, State, Structure
from nettwin.queueing.port_model import _CODES as CODES
from nettwin.queueing.side_by_side import SideBySide
from nettwin.scenario import Discipline, Traffic


@dataclass(frozen=True, eq=False)
class Facts:
    """The same whatever the rates, capacities, buffers and weights are."""

    layout: Layout
    hop_order: np.ndarray  # [sorted hop] row in the routing
    path_order: np.ndarray  # [sorted path]
    pair_queue: Tensor  # [pair] queues of one port, each with each other
    pair_other: Tensor  # [pair]
    declared_row: Tensor  # [demand] of its packet sizes; of a trace those that it would have else
    smallest_bits: Tensor  # [demand]
    sources: tuple[SourceRows, ...]  # demands by the kind of their arrival process
    is_process: Tensor  # [demand, kind] 1 for the kind of its arrival process
    process_at_queue: Tensor  # [hop] its queue times the number of kinds, plus the kind of its demand's process
    is_discipline: Tensor  # [queue, kind]
    is_drr: Tensor  # [queue]
    n_slots: Tensor  # [queue] queues of its port
    slot: Tensor  # [queue] its number among them
    is_first: Tensor  # [hop] 1 at the first hop of a path
    previous: Tensor  # [hop] link before, 0 at the first
    nodes_by_demand: Tensor  # [demand] nodes of its network
    nodes_by_queue: Tensor  # [queue]
    duration_s: float


@dataclass(frozen=True, eq=False)
class Solved:
    """Theory's answer on tensors, and what it is about."""

    facts: Facts
    senders: Senders
    sources: Sources  # [demand]
    state: State
    waits: HopDelays
    paths: PathDelays
    figures: DemandFigures


def facts_of(parts: SideBySide, structure: Structure) -> Facts:
    """From scenarios side by side and their structure, on the device where that is."""
    scenario = parts.scenario
    traffic, layout, link = scenario.traffic, structure.layout, structure.link_of_queue
    device = link.device
    kind_of_row = np.array([PROCESSES.index(type(process)) for process in traffic.arrivals], dtype=np.int64)
    kind = torch.from_numpy(kind_of_row[traffic.arrival_index]).to(device)
    smallest = np.array([sizes.smallest_bits for sizes in traffic.packet_sizes])[traffic.packet_size_index]
    codes = {code: discipline for discipline, code in CODES.items()}
    order = torch.tensor([DISCIPLINES.index(codes[code]) for code in range(len(codes))], device=device)
    discipline = order[structure.disciplines][link]
    pairs = neighbors(link.cpu().numpy())
    return Facts(
        layout=layout,
        hop_order=layout.hop_order.cpu().numpy(),
        path_order=layout.path_order.cpu().numpy(),
        pair_queue=torch.from_numpy(pairs[0]).to(device),
        pair_other=torch.from_numpy(pairs[1]).to(device),
        declared_row=torch.from_numpy(traffic.packet_size_index.astype(np.int64)).to(device),
        sources=_sources(traffic, device),
        smallest_bits=torch.from_numpy(smallest).to(device),
        is_process=one_hot(kind, len(PROCESSES)).double(),
        process_at_queue=structure.queue * len(PROCESSES) + kind[structure.demand][structure.path],
        is_discipline=one_hot(discipline, len(DISCIPLINES)).double(),
        is_drr=(discipline == DISCIPLINES.index(Discipline.DRR)).double(),
        n_slots=torch.bincount(link, minlength=structure.n_links)[link].double(),
        slot=(torch.arange(structure.n_queues, device=device) - structure.slots[link, 0]).double(),
        is_first=(structure.previous_link < 0).double(),
        previous=structure.previous_link.clamp_min(0),
        nodes_by_demand=torch.from_numpy(parts.nodes_by_demand).to(device),
        nodes_by_queue=torch.from_numpy(parts.nodes_by_queue).to(device),
        duration_s=scenario.observation.duration_s,
    )


def _sources(traffic: Traffic, device: torch.device) -> tuple[SourceRows, ...]:
    kinds = np.array([type(process).__name__ for process in traffic.arrivals])[traffic.arrival_index]
    found = []
    for kind, formula in FORMULA_OF.items():
        rows = torch.from_numpy(np.flatnonzero(kinds == kind.__name__)).to(device)
        found += [SourceRows(formula, rows, rows)] if len(rows) else []
    return tuple(found)
