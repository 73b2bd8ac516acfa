"""The policy: a graph neural network that scores every move of a position in one pass, and foresees how far the cost will fall."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from nettwin.optimize.reinforcement.observation import (
    ENTRY_FEATURES,
    LINK_FEATURES,
    MOVE_FEATURES,
    NODE_FEATURES,
    STATE_FEATURES,
    Observation,
)
from nettwin.scenario.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Batch:
    """Positions side by side as one graph with no links between its parts."""

    nodes: Tensor
    links: Tensor
    link_source: Tensor
    link_target: Tensor
    moves: Tensor
    entries: Tensor
    entry_move: Tensor
    entry_link: Tensor
    state: Tensor  # [state, feature]
    hot_link: Tensor  # [state]
    state_of_link: Tensor
    state_of_move: Tensor
    first_move: IntArray  # [state + 1]

    @property
    def n_states(self) -> int:
        return len(self.state)


def batch_of(observations: Sequence[Observation]) -> Batch:
    """One graph of several."""
    nodes, links, moves = (np.array([len(getattr(each, name)) for each in observations]) for name in ("nodes", "links", "moves"))
    first_node, first_link, first_move = (np.concatenate([[0], np.cumsum(count)]) for count in (nodes, links, moves))
    return Batch(
        nodes=_floats([each.nodes for each in observations]),
        links=_floats([each.links for each in observations]),
        link_source=_shifted([each.link_source for each in observations], first_node),
        link_target=_shifted([each.link_target for each in observations], first_node),
        moves=_floats([each.moves for each in observations]),
        entries=_floats([each.entries for each in observations]),
        entry_move=_shifted([each.entry_move for each in observations], first_move),
        entry_link=_shifted([each.entry_link for each in observations], first_link),
        state=_floats([each.state[None] for each in observations]),
        hot_link=torch.from_numpy(first_link[:-1] + np.array([each.hot_link for each in observations])),
        state_of_link=torch.from_numpy(np.repeat(np.arange(len(links)), links)),
        state_of_move=torch.from_numpy(np.repeat(np.arange(len(moves)), moves)),
        first_move=first_move,
    )


class PolicyNetwork(nn.Module):
    """Links hear from their ends and nodes from their links; moves hear from the links that they touch."""

    def __init__(self, width: int = 32, n_rounds: int = 2) -> None:
        super().__init__()
        self.width, self.n_rounds = width, n_rounds
        self.link_in = nn.Linear(LINK_FEATURES, width)
        self.node_in = nn.ModuleList(nn.Linear(NODE_FEATURES + 2 * width, width) for _ in range(n_rounds))
        self.link_next = nn.ModuleList(nn.Linear(3 * width, width) for _ in range(n_rounds))
        self.context = nn.Linear(2 * width + STATE_FEATURES, width)
        self.entry_link = nn.Linear(width, width)
        self.entry_own = nn.Linear(ENTRY_FEATURES, width, bias=False)
        self.move_in = nn.Linear(2 * width + MOVE_FEATURES, width)
        self.move_context = nn.Linear(width, width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)
        self.score_plain = nn.Linear(MOVE_FEATURES, 1, bias=False)
        self.value_in = nn.Linear(3 * width, width)
        self.value = nn.Linear(width, 1)
        for layer in (self.score.weight, self.value.weight, self.value.bias, self.score_plain.weight):
            nn.init.zeros_(layer)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logarithms of the probabilities of all moves [move], and values [state]."""
        link = self._links(batch)
        context = torch.relu(
            self.context(torch.cat([_means(link, batch.state_of_link, batch.n_states), link[batch.hot_link], batch.state], dim=1))
        )
        message = torch.relu(self.entry_link(link)[batch.entry_link] + self.entry_own(batch.entries))
        heard = torch.zeros(len(batch.moves), self.width).index_add_(0, batch.entry_move, message)
        loudest = torch.zeros_like(heard).scatter_reduce_(0, batch.entry_move[:, None].expand_as(message), message, "amax")
        move = torch.relu(
            self.move_in(torch.cat([heard / 4, loudest, batch.moves], dim=1)) + self.move_context(context)[batch.state_of_move]
        )
        score = (self.score(move) + self.score_plain(batch.moves)).squeeze(1)
        best = torch.zeros(batch.n_states, self.width).scatter_reduce_(0, batch.state_of_move[:, None].expand_as(move), move, "amax")
        pooled = torch.cat([context, _means(move, batch.state_of_move, batch.n_states), best], dim=1)
        value = self.value(torch.relu(self.value_in(pooled))).squeeze(1)
        return log_softmax(score, batch.state_of_move, batch.n_states), value

    def _links(self, batch: Batch) -> Tensor:
        link = torch.relu(self.link_in(batch.links))
        n_nodes = len(batch.nodes)
        for node_in, link_next in zip(self.node_in, self.link_next, strict=True):
            around = torch.cat([_means(link, end, n_nodes) for end in (batch.link_source, batch.link_target)], dim=1)
            node = torch.relu(node_in(torch.cat([batch.nodes, around], dim=1)))
            link = link + torch.relu(link_next(torch.cat([link, node[batch.link_source], node[batch.link_target]], dim=1)))
        return link


def log_softmax(score: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """Within each segment."""
    most = torch.full((n_segments,), -torch.inf).scatter_reduce(0, segment, score.detach(), "amax")
    shifted = score - most[segment]
    return shifted - torch.zeros(n_segments).index_add(0, segment, shifted.exp()).log()[segment]


def chosen(log_probability: FloatArray, first_move: IntArray, rng: np.random.Generator | None = None) -> IntArray:
    """A move for each state, numbered within it: the most probable one, or with ``rng`` a drawn one (Gumbel's trick)."""
    score = log_probability if rng is None else log_probability + rng.gumbel(size=len(log_probability))
    return np.array([int(score[low:high].argmax()) for low, high in pairwise(first_move)])


def _means(rows: Tensor, group: Tensor, n_groups: int) -> Tensor:
    total = torch.zeros(n_groups, rows.shape[1]).index_add(0, group, rows)
    count = torch.zeros(n_groups).index_add(0, group, torch.ones(len(group)))
    return total / count.clamp_min(1.0)[:, None]


def _floats(parts: Sequence[FloatArray]) -> Tensor:
    return torch.from_numpy(np.concatenate(parts).astype(np.float32))


def _shifted(parts: Sequence[IntArray], first: IntArray) -> Tensor:
    return torch.from_numpy(np.concatenate([part.astype(np.int64) + start for part, start in zip(parts, first[:-1], strict=True)]))
