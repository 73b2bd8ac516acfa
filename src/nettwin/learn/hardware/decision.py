"""From a distribution of a delay to one number, and to an interval.

The distribution is over bins of the logarithm of delay / delay without waits. Which number is best depends on the error that counts:
the expected absolute error relative to the truth (MAPE) is least at the median of the distribution weighted by 1 / delay, far below the
plain median where a flow may or may not meet a full buffer.
"""

from enum import StrEnum

import torch
from torch import Tensor


class Rule(StrEnum):
    """Which error the single number keeps small."""

    RELATIVE = "relative"
    """Absolute error over the true delay: the MAPE of the published figures."""
    MEDIAN = "median"
    """Absolute logarithm of the ratio: as often too high as too low."""
    MEAN = "mean"
    """Squared error: sums and means over flows come out right."""


def edges() -> Tensor:  # [bin + 1]
    """Fine where a packet waits little, coarse where buffers fill."""
    return torch.cat([torch.arange(-0.4, 0.4, 0.025), torch.arange(0.4, 1.0, 0.1), torch.arange(1.0, 8.4, 0.15)])


def bin_of(log_ratio: Tensor) -> Tensor:
    """[row] of each value; what lies outside is in the first or the last."""
    return (torch.bucketize(log_ratio, edges()) - 1).clamp(0, len(edges()) - 2)


def decided(probability: Tensor, rule: Rule) -> Tensor:
    """[row] delay / delay without waits."""
    values = torch.exp((edges()[1:] + edges()[:-1]) / 2)
    if rule is Rule.MEAN:
        return probability @ values
    return torch.exp(quantile(probability / values if rule is Rule.RELATIVE else probability, 0.5))


def quantile(weights: Tensor, level: float) -> Tensor:
    """[row] logarithm of the ratio below which a share of the weights lies; even within a bin."""
    total = weights.sum(1, keepdim=True)
    upto = torch.cumsum(weights, 1) / total
    row = (upto < level).sum(1).clamp(max=weights.shape[1] - 1)
    own = torch.gather(weights / total, 1, row[:, None])[:, 0].clamp_min(1e-9)
    inside = (level - (torch.gather(upto, 1, row[:, None])[:, 0] - own)) / own
    low, high = edges()[row], edges()[row + 1]
    return low + inside.clamp(0, 1) * (high - low)


def probability_below(probability: Tensor, log_ratio: Tensor) -> Tensor:
    """[row] How likely it is to be below a value; even within a bin. Of true values evenly spread, if the distributions are right."""
    row = bin_of(log_ratio)
    own = torch.gather(probability, 1, row[:, None])[:, 0]
    low, high = edges()[row], edges()[row + 1]
    before = torch.gather(torch.cumsum(probability, 1), 1, row[:, None])[:, 0] - own
    return before + own * ((log_ratio - low) / (high - low)).clamp(0, 1)


def expected_relative_error(probability: Tensor, ratio: Tensor) -> Tensor:
    """[row] The MAPE to expect of an answer if the distribution is right."""
    values = torch.exp((edges()[1:] + edges()[:-1]) / 2)
    return (probability * (ratio[:, None] / values - 1).abs()).sum(1)
