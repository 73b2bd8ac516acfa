"""Message passing between flows, the feeds of contended ports, and the ports; a distribution of the delay of each flow comes out.

A feed is what reaches a port from one other port. Feeds are what makes a queue: a port that only one equal port feeds never has one.
"""

from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from nettwin.learn.hardware.decision import bin_of, edges
from nettwin.learn.hardware.features import Example
from nettwin.predict.neural.batch import row_sums
from nettwin.predict.neural.layers import Scaled, two_layers

PARTS = ("port", "feed", "flow", "hop")
LEAST_SHARE = 1e-3
"""Of a bin that no draw is near."""


@lru_cache(maxsize=1)
def blur() -> Tensor:
    """[bin, bin] A draw says as much about delays close to it: normal with 3 % where waits are short, 20 % where buffers fill."""
    centers, width = (edges()[1:] + edges()[:-1]) / 2, edges().diff()
    spread = torch.where(centers < 0.4, 0.03, 0.2)
    weights = width * torch.exp(-0.5 * ((centers - centers[:, None]) / spread[:, None]) ** 2)
    return weights / weights.sum(1, keepdim=True)


@dataclass(frozen=True, slots=True)
class HardwareShape:
    """Sizes of a model."""

    size: int = 32
    rounds: int = 2
    dropout: float = 0.1

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Union:
    """Examples side by side as tensors."""

    port: Tensor
    feed: Tensor
    flow: Tensor
    hop: Tensor
    hop_flow: Tensor
    hop_port: Tensor
    hop_feed: Tensor
    feed_port: Tensor
    feed_from: Tensor
    feed_share: Tensor
    hop_share: Tensor
    base: Tensor
    wait_draws: Tensor
    delay_s: Tensor


def union_of(examples: list[Example]) -> Union:
    """Indices moved, rows one after the other."""
    rows = {"hop_flow": "flow", "hop_port": "port", "hop_feed": "feed", "feed_port": "port", "feed_from": "port"}
    starts = {part: [0] for part in ("flow", "port", "feed")}
    for example in examples:
        for part, start in starts.items():
            start.append(start[-1] + len(getattr(example, part)))
    columns = {}
    for field in fields(Union):
        values = [torch.from_numpy(getattr(example, field.name)) for example in examples]
        if field.name in rows:
            values = [v.where(v < 0, v + start) for v, start in zip(values, starts[rows[field.name]], strict=False)]
        columns[field.name] = torch.cat(values)
    return Union(**columns)


class _Round(nn.Module):
    """Flows tell feeds, feeds tell ports, ports and feeds tell flows."""

    def __init__(self, size: int, n_hop: int, n_feed: int, dropout: float) -> None:
        super().__init__()
        self.flow_to_hop = nn.Linear(size, size)
        self.hop_to_hop = nn.Linear(n_hop, size)
        self.port_to_hop = nn.Linear(size, size, bias=False)
        self.feed_step = two_layers(3 * size + n_feed, size, size)
        self.port_step = two_layers(3 * size, size, size)
        self.back = nn.Linear(2 * size + n_hop, size)
        self.flow_step = two_layers(2 * size, size, size)
        self.port_norm, self.flow_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: Union, flow: Tensor, port: Tensor, hop: Tensor, feed: Tensor) -> tuple[Tensor, Tensor]:
        n_feeds, n_ports, n_flows = len(feed), len(port), len(flow)
        told = self.flow_to_hop(flow)[batch.hop_flow] + self.hop_to_hop(hop) + self.port_to_hop(port)[batch.hop_port]
        message = torch.relu(told)
        weighted = row_sums(message * batch.hop_share[:, None], batch.hop_feed, n_feeds)
        plain = 0.1 * row_sums(message, batch.hop_feed, n_feeds)
        before = port[batch.feed_from.clamp_min(0)] * (batch.feed_from >= 0)[:, None]
        at_feed = self.feed_step(torch.cat([weighted, plain, before, feed], dim=1))
        total = row_sums(at_feed, batch.feed_port, n_ports)
        mean = row_sums(torch.relu(at_feed) * batch.feed_share[:, None], batch.feed_port, n_ports)
        port = self.port_norm(port + self.dropout(self.port_step(torch.cat([port, total, mean], dim=1))))
        heard = torch.relu(self.back(torch.cat([port[batch.hop_port], at_feed[batch.hop_feed], hop], dim=1)))
        along = row_sums(heard, batch.hop_flow, n_flows)
        flow = self.flow_norm(flow + self.dropout(self.flow_step(torch.cat([flow, along], dim=1))))
        return flow, port


class HardwareModel(nn.Module):
    """Log probabilities of the bins of each flow."""

    base_weights: Tensor

    def __init__(self, shape: HardwareShape, counts: dict[str, int]) -> None:
        super().__init__()
        self.shape, self.counts = shape, dict(counts)
        size = shape.size
        self.scales = nn.ModuleDict({part: Scaled(counts[part]) for part in PARTS})
        self.register_buffer("base_weights", torch.zeros(counts["base"], dtype=torch.float64))
        self.flow_in = two_layers(counts["flow"], size, size)
        self.port_in = two_layers(counts["port"], size, size)
        steps = (_Round(size, counts["hop"], counts["feed"], shape.dropout) for _ in range(shape.rounds))
        self.rounds = nn.ModuleList(steps)
        self.out = two_layers(size + counts["flow"], 2 * size, len(edges()) - 1)
        self.dropout = nn.Dropout(shape.dropout)
        self.trust = nn.Parameter(torch.tensor(0.5))

    def forward(self, batch: Union) -> Tensor:
        port, feed, flow, hop = (self.scales[part](getattr(batch, part)) for part in PARTS)
        state, at_port = self.flow_in(flow), self.port_in(port)
        for step in self.rounds:
            state, at_port = step(batch, state, at_port, hop, feed)
        learned = self.out(torch.cat([self.dropout(state), flow], dim=1))
        out: Tensor = torch.log_softmax(learned + self.trust * self.log_drawn(batch), dim=1)
        return out

    def log_drawn(self, batch: Union) -> Tensor:
        """[flow, bin] logarithm of the share of the drawn delays around each bin."""
        base = self.base_s(batch)[:, None]
        row = bin_of(torch.log1p(batch.wait_draws / base).float())
        share = torch.zeros(len(row), len(edges()) - 1).scatter_add_(1, row, torch.full(row.shape, 1.0 / row.shape[1]))
        return torch.log(share @ blur() + LEAST_SHARE)

    def base_s(self, batch: Union) -> Tensor:
        """[flow] delay without waits."""
        return (batch.base @ self.base_weights).clamp_min(1e-9)
