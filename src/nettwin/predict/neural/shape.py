"""What a model looks like: one code for the twin and for the models that it is compared with."""

from dataclasses import asdict, dataclass
from typing import Any

from nettwin.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """Sizes and choices of a model."""

    has_prior: bool = True
    """Corrects queueing theory; False: learns everything from the scenario's own figures."""
    iterations: int = 2
    """Rounds of messages between demands, queues and links; 1 without messages back to the queues."""
    is_recurrent: bool = True
    """Reads the hops of a path in order; False: only their mean."""
    aggregation: str = "mean"
    """How a queue pools its demands: ``mean``, weighted by their shares of its load, or ``sum``, as RouteNet-Fermi does."""
    path_size: int = 24
    queue_size: int = 48
    link_size: int = 24
    most_wait: float = 1.5
    """Bound of the learned change of a wait, as a logarithm; the model without a prior has four times as much room."""

    def __post_init__(self) -> None:
        if self.aggregation not in ("mean", "sum") or self.iterations < 1:
            raise InputError(f"{self}", where="model shape", hint="aggregation is mean or sum, iterations is 1 or more")

    @property
    def bound(self) -> float:
        return self.most_wait if self.has_prior else 8.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


VARIANTS = {
    "twin": ModelShape(),
    "gnn": ModelShape(has_prior=False, iterations=8, aggregation="sum", path_size=32, queue_size=32, link_size=32),
    "gnn-mean": ModelShape(has_prior=False, iterations=4),
    "rnn": ModelShape(has_prior=False, iterations=1),
    "mlp": ModelShape(has_prior=False, iterations=1, is_recurrent=False),
}
"""``twin``: prior and GNN. ``gnn``: RouteNet-Fermi's message passing, sizes and rounds, on our features. ``gnn-mean``: the twin's message
passing without the prior. ``rnn``: reads the queues of a path in order, without messages between demands. ``mlp``: sees only their mean."""
