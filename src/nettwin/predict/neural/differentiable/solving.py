"""Theory on tensors, from the numbers of a scenario to all that the network reads."""

import torch
from torch import Tensor

from nettwin.predict.neural.differentiable.facts import Facts, Solved
from nettwin.predict.neural.prior import ROUNDS
from nettwin.queueing.differentiable.delays import hop_delays, path_delays
from nettwin.queueing.differentiable.demand_figures import Senders, demand_figures
from nettwin.queueing.differentiable.dispersion import SourceGroup, Sources, n_parameters
from nettwin.queueing.differentiable.gathering import at
from nettwin.queueing.differentiable.network import network_of
from nettwin.queueing.differentiable.rounds import solve_network
from nettwin.queueing.differentiable.values import Inputs, SourceRows, Structure


def solved_by_theory(structure: Structure, facts: Facts, inputs: Inputs) -> Solved:
    """The steady state, and what it means for every demand."""
    state = solve_network(network_of(structure, inputs), ROUNDS)
    mean, second = at(torch.stack([inputs.mean_bits, inputs.second_moment_bits2], dim=1), structure.size_row).unbind(1)
    senders = Senders(
        rate_bps=inputs.rate_bps,
        packet_rate=inputs.rate_bps / at(inputs.mean_bits, facts.declared_row),
        mean_bits=mean,
        second_moment_bits2=second,
        propagation_s=inputs.propagation_delay_s,
        delay_cap_s=structure.delay_cap_s,
    )
    waits = hop_delays(state)
    paths = path_delays(inputs.propagation_delay_s, state, waits)
    sources = _sources(structure, facts, inputs, senders.packet_rate)
    return Solved(facts, senders, sources, state, waits, paths, demand_figures(senders, state, paths))


def _sources(structure: Structure, facts: Facts, inputs: Inputs, packet_rate: Tensor) -> Sources:
    """The source of each demand."""
    groups = [
        SourceGroup(rows.hops, at(packet_rate, rows.demand), rows.kind, parameters_of(structure, inputs, rows)) for rows in facts.sources
    ]
    return Sources(structure.n_demands, tuple(groups))


def parameters_of(structure: Structure, inputs: Inputs, rows: SourceRows) -> tuple[Tensor, ...]:  # [row] each
    """What the formula of a kind takes besides rate and window."""
    traces = structure.traces
    if rows.kind != "measured" or traces is None:
        return tuple(at(inputs.arrivals, rows.demand).unbind(1)[: n_parameters(rows.kind)])
    rate = at(inputs.rate_bps, rows.demand)
    dispersion = at(traces.dispersion, at(traces.of_demand, rows.demand)).to(rate.dtype)
    return torch.full_like(rate, traces.first_log_s), torch.full_like(rate, traces.step), dispersion
