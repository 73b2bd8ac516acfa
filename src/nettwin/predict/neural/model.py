"""Message passing between demands, queues and links, and what it reads out: corrections of the physics, hop by hop."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast

import torch
from torch import Tensor, nn

from nettwin.predict.neural.batch import Batch, row_sums, rows_at, rows_between, sums
from nettwin.predict.neural.layers import FIRST_SCALE, ROWS_IN_CACHE, Gates, Scaled, by_side, in_parts, starting_at_zero, tanh, two_layers
from nettwin.predict.neural.readout import Corrections, Heads, Outputs, outputs_of, physical_of
from nettwin.predict.neural.shape import ModelShape

N_SCALES = 5  # mean delay, variation, quantiles, IPDV, loss
N_QUEUE_SCALES = 2  # delay, loss
_NO_WAIT = 1e-6  # relative to the reference delay
_STRANGE = 4.0  # squared distance to the training range at which a correction is halved


@dataclass(frozen=True, slots=True)
class FeatureCounts:
    """How many features each part of a graph has."""

    queue_plain: int
    queue_theory: int
    hop_plain: int
    hop_theory: int
    demand_plain: int
    demand_theory: int
    levels: int

    @classmethod
    def of(cls, batch: Batch) -> "FeatureCounts":
        parts = ("queue_plain", "queue_theory", "hop_plain", "hop_theory", "demand_plain", "demand_theory")
        counts = {part: getattr(batch, part).shape[1] for part in parts}
        return cls(**counts, levels=batch.physics.demand_quantiles.shape[1])


class TwinModel(nn.Module):
    """RouteNet-Fermi's entities and loops (Ferriol-Galmés et al., IEEE/ACM ToN 2023), scale-free, on top of a prior."""

    has_kernel = find_spec("triton") is not None
    """Whether a GPU takes the steps along paths in a kernel of ours."""

    def __init__(self, shape: ModelShape, counts: FeatureCounts) -> None:
        super().__init__()
        self.shape = shape
        self.counts = counts
        used = 1 if shape.has_prior else 0
        p, q, k = shape.path_size, shape.queue_size, shape.link_size
        self.queue_scale = Scaled(counts.queue_plain + used * counts.queue_theory)
        self.hop_scale = Scaled(counts.hop_plain + used * counts.hop_theory)
        self.demand_scale = Scaled(counts.demand_plain + used * counts.demand_theory)
        self.queue_in = two_layers(len(self.queue_scale.mean), q, q)
        self.demand_in = two_layers(len(self.demand_scale.mean), p, p)
        self.link_in = two_layers(q, k, k)
        self.hop_in = nn.Linear(len(self.hop_scale.mean), 3 * p)
        self.queue_to_path = nn.Linear(q, 3 * p, bias=False)
        self.link_to_path = nn.Linear(k, 3 * p, bias=False)
        self.path_step = Gates(p)
        self.pooled = nn.Linear(3 * p, p)
        self.beside = two_layers(2 * q, q, q)
        self.path_to_queue = nn.Linear(p + k + q, 3 * q)
        self.queue_step = Gates(q)
        self.queue_to_link = nn.Linear(q, 3 * k)
        self.link_step = Gates(k)
        self.hop_out_path = nn.Linear(p, 32)
        self.hop_out_queue = nn.Linear(q + k, 32)
        self.hop_out = starting_at_zero(nn.Linear(32, 4))
        self.demand_out = nn.Sequential(nn.Linear(p + 6, 32), nn.ReLU(), starting_at_zero(nn.Linear(32, counts.levels + 2)))
        self.queue_scale_out = nn.Sequential(nn.Linear(q + k, 32), nn.ReLU(), starting_at_zero(nn.Linear(32, N_QUEUE_SCALES)))
        self.scale_out = nn.Sequential(nn.Linear(p + 6, 32), nn.ReLU(), starting_at_zero(nn.Linear(32, N_SCALES)))

    def forward(self, batch: Batch) -> Outputs:
        # an earlier version of the twin knows the first features only
        queue_rows = self._rows(batch.queue_plain, batch.queue_theory[:, : self.counts.queue_theory])
        trust = 1 / (1 + self.queue_scale.strangeness(queue_rows) / _STRANGE)
        queue = self.queue_in(self.queue_scale(queue_rows))
        queue = tanh(queue + self._from_beside(batch, queue))
        demand = tanh(self.demand_in(self.demand_scale(self._rows(batch.demand_plain, batch.demand_theory))))
        by_link = sums(torch.ones_like(trust), batch.queue_link, batch.n_links).clamp_min(1).unsqueeze(-1)
        link = tanh(self.link_in(row_sums(queue, batch.queue_link, batch.n_links) / by_link))
        hops = self.hop_scale(self._rows(batch.hop_plain, batch.hop_theory))
        first = rows_at(demand, batch.path_demand)
        for _ in range(self.shape.iterations):
            into_path = self.queue_to_path(queue) + rows_at(self.link_to_path(link), batch.queue_link)
            last, states = self._along_paths(batch, hops, into_path, first)
            if self.shape.iterations > 1:
                queue, link = self._back(batch, states, queue, link, by_link)
        return self._read(batch, last, states, queue, link, trust)

    def _from_beside(self, batch: Batch, queue: Tensor) -> Tensor:
        """What the other queues of its port mean for each queue."""
        one, other = by_side(self.beside[0], queue)
        told = torch.relu(rows_at(one, batch.pair_queue) + rows_at(other, batch.pair_other))
        # the second layer is linear: it may as well read the sum
        last = self.beside[2]
        count = sums(torch.ones_like(batch.pair_queue, dtype=queue.dtype), batch.pair_queue, batch.n_queues)
        result: Tensor = last(row_sums(told, batch.pair_queue, batch.n_queues)) + (count - 1).unsqueeze(-1) * cast(Tensor, last.bias)
        return result

    def _rows(self, plain: Tensor, theory: Tensor) -> Tensor:
        return torch.cat([plain, theory], dim=1) if self.shape.has_prior else plain

    def _along_paths(self, batch: Batch, hops: Tensor, into_path: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """The state of every path at its end, and after each hop."""
        if not self.shape.is_recurrent:
            return self._mean_over_path(batch, self.hop_in(hops) + rows_at(into_path, batch.hop_queue), first)
        if self.has_kernel and hops.is_cuda and not torch.is_grad_enabled():
            whole = self._states_by_kernel(batch, hops, into_path, first)
            if whole is not None:
                return _ends(batch, first, _by_position(batch, whole)), whole
        state, states, start = first, [], 0
        is_small = hops.is_cuda or hops.shape[-2] <= ROWS_IN_CACHE or torch.is_grad_enabled()
        whole = self._into_steps(batch, hops, into_path, (0, hops.shape[-2])) if is_small else None
        steps = _by_position(batch, whole) if whole is not None else []  # the derivative of a slice would have the size of the whole
        for k, n in enumerate(batch.n_at):
            parts = []
            for low, high in in_parts(hops, n):
                rows = (start + low, start + high)
                into = rows_between(steps[k], low, high) if steps else self._into_steps(batch, hops, into_path, rows)
                parts.append(self.path_step(into, rows_between(state, low, high)))
            state = torch.cat(parts, dim=-2) if len(parts) > 1 else parts[0]
            states.append(state)
            start += n
        return _ends(batch, first, states), torch.cat(states, dim=-2) if states else rows_between(first, 0, 0)

    def _states_by_kernel(self, batch: Batch, hops: Tensor, into_path: Tensor, first: Tensor) -> Tensor | None:
        """The states after all hops, one kernel for each position; None for a model of one member."""
        from nettwin.predict.neural.fused_steps import fused

        steps = fused(self.hop_in, self.path_step)
        return None if steps is None else steps.states(hops, into_path, batch.hop_queue, first, batch.n_at)

    def _into_steps(self, batch: Batch, hops: Tensor, into_path: Tensor, rows: tuple[int, int]) -> Tensor:
        """What hops and their queues tell the paths."""
        told: Tensor = self.hop_in(rows_between(hops, *rows))
        return told + rows_at(into_path, batch.hop_queue[slice(*rows)])

    def _mean_over_path(self, batch: Batch, projected: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        count = sums(torch.ones_like(batch.hop_weight), batch.hop_path, batch.n_paths).clamp_min(1).unsqueeze(-1)
        mean = row_sums(torch.relu(projected), batch.hop_path, batch.n_paths) / count
        state = tanh(self.pooled(mean)) + first
        return state, rows_at(state, batch.hop_path)

    def _back(self, batch: Batch, states: Tensor, queue: Tensor, link: Tensor, by_link: Tensor) -> tuple[Tensor, Tensor]:
        """Demands tell queues, queues tell links."""
        weighted = states * batch.hop_weight.unsqueeze(-1) if self.shape.aggregation == "mean" else states
        pooled = row_sums(weighted, batch.hop_queue, batch.n_queues)
        told = torch.cat([pooled, rows_at(link, batch.queue_link), self._from_beside(batch, queue)], dim=-1)
        queue = self.queue_step(self.path_to_queue(told), queue)
        link = self.link_step(self.queue_to_link(row_sums(queue, batch.queue_link, batch.n_links) / by_link), link)
        return queue, link

    def _read(self, batch: Batch, last: Tensor, states: Tensor, queue: Tensor, link: Tensor, trust: Tensor) -> Outputs:
        at_queue = torch.cat([queue, rows_at(link, batch.queue_link)], dim=-1)
        by_queue = self.hop_out_queue(at_queue)
        parts = [
            self.hop_out(torch.relu(self.hop_out_path(rows_between(states, low, high)) + rows_at(by_queue, batch.hop_queue[low:high])))
            for low, high in in_parts(states, states.shape[-2])
        ]
        raw = torch.cat(parts, dim=-2) if len(parts) > 1 else parts[0]
        kept = (trust * batch.queue_correctable)[..., batch.hop_queue] if self.shape.has_prior else torch.ones_like(batch.hop_weight)
        bound = self.shape.bound
        corrections = Corrections(
            wait=kept * bound * tanh(raw[..., 0] / bound),
            variance=kept * bound * tanh(raw[..., 1] / bound),
            loss=kept * 2 * bound * tanh(raw[..., 2] / (2 * bound)),
        )
        physical = physical_of(batch, corrections, self.shape.has_prior)
        ends = row_sums(physical.weight.unsqueeze(-1) * last, batch.path_demand, batch.n_demands)
        about = torch.cat([ends, physical.summary], dim=-1)
        heads = Heads(
            demand=self.demand_out(about) * _correctable(batch).unsqueeze(-1) if self.shape.has_prior else self.demand_out(about),
            scales=self.scale_out(about.detach()) + FIRST_SCALE,
            queue_scales=self.queue_scale_out(at_queue.detach()) + FIRST_SCALE,
            trust=trust,
        )
        return outputs_of(batch, physical, heads, self.shape.has_prior)


def _correctable(batch: Batch) -> Tensor:  # [demand]
    """Share of a demand's waits, by theory, at queues that the network may correct."""
    wait = batch.physics.hop_wait
    by_path = sums(torch.stack([wait, wait * batch.queue_correctable[batch.hop_queue]]), batch.hop_path, batch.n_paths)
    total, own = sums(batch.path_share * by_path, batch.path_demand, batch.n_demands).unbind(0)
    return (own + _NO_WAIT) / (total + _NO_WAIT)


def _ends(batch: Batch, first: Tensor, states: list[Tensor]) -> Tensor:  # [..., path, column]
    """The last state of every path: paths are sorted by length, so those that end at a position stand together."""
    counts = (*batch.n_at, 0)
    ends = [rows_between(states[k], counts[k + 1], counts[k]) for k in reversed(range(len(states))) if counts[k] > counts[k + 1]]
    whole = [*ends, rows_between(first, counts[0], batch.n_paths)] if counts[0] < batch.n_paths else ends
    return torch.cat(whole, dim=-2) if len(whole) > 1 else [*whole, first][0]  # without any path: none


def _by_position(batch: Batch, states: Tensor) -> list[Tensor]:
    return list(torch.split(states, list(batch.n_at), dim=-2)) if batch.n_at else []
