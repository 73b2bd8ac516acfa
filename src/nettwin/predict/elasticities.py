"""How a demand's figures answer to every number of a network at once."""

from dataclasses import dataclass

from nettwin.scenario.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Slopes:
    """Change of a figure per change of the logarithm of a number: about slope * ln(factor) where that is turned by a factor near 1."""

    capacity: FloatArray  # [link]
    rate: FloatArray  # [demand]
    buffer: FloatArray  # [queue] of its bits and packets; 0 where it is endless
    weight: FloatArray  # [queue]


@dataclass(frozen=True, eq=False)
class Elasticities:
    """Of one demand, for today's numbers on today's paths."""

    delay: Slopes  # of the logarithm of its mean delay: percent per percent
    loss: Slopes  # of its loss ratio
