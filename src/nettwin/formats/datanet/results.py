"""simulationResults.txt: what was measured between each pair of nodes."""

from dataclasses import dataclass

import numpy as np

from nettwin.errors import FormatError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.datanet.entries import pair_entries
from nettwin.performance import DemandPerformance
from nettwin.scenario.arrays import FloatArray, IntArray

PLACE = "simulationResults.txt"
LEVELS = (0.1, 0.2, 0.5, 0.8, 0.9)
N_FIELDS = 11
"""avg_bw [kbit/s, generated], packets and drops [1/s], mean delay, mean ln delay, five quantiles [s], variance [s^2]."""


@dataclass(frozen=True, eq=False)
class PairResults:
    """The recorded columns of the demands."""

    demands: DemandPerformance
    quantile_levels: tuple[float, ...] = LEVELS


def parse_results(line: str, n_nodes: int, pairs: IntArray, coverage: CoverageLog) -> PairResults:
    """The rows of the given pairs. Raises FormatError where numbers are missing or none."""
    _, bar, text = line.partition("|")
    if not bar:
        raise FormatError("there is no |", where=PLACE, hint="expected totals|entry;entry;...")
    entries = pair_entries(text, n_nodes, PLACE)
    numbers = _numbers(";".join(entries[pair] for pair in pairs.tolist()), len(pairs))
    coverage.modelled("pair", PLACE, count=len(pairs))
    coverage.ignored("mean of ln delay", PLACE, "there is no such figure in a performance", len(pairs))
    coverage.ignored("throughput", PLACE, "not recorded; derived as offered rate times the delivered share of the packets", len(pairs))
    return PairResults(_columns(numbers))


def _numbers(text: str, n_rows: int) -> FloatArray:  # [row, field]
    try:
        flat = np.array(text.replace(";", ",").split(",") if n_rows else [], dtype=np.float64)
        return flat.reshape(n_rows, N_FIELDS)
    except ValueError as error:
        raise FormatError(f"not {N_FIELDS} numbers per pair: {error}", where=PLACE) from None


def _columns(numbers: FloatArray) -> DemandPerformance:
    offered_bps, packets, drops = np.maximum(numbers[:, :3].T, 0.0)
    offered_bps = 1000.0 * offered_bps
    loss = np.divide(drops, packets, out=np.zeros_like(drops), where=packets > 0)
    if not np.isfinite(numbers[:, :3]).all() or (loss > 1).any():
        raise FormatError("rates or losses out of range", where=PLACE)
    is_delivered = (numbers[:, 3] > 0) & (loss < 1)
    delays = np.where(is_delivered[:, None] & (numbers[:, 3:] >= 0) & np.isfinite(numbers[:, 3:]), numbers[:, 3:], np.nan)
    return DemandPerformance(
        delay_s=delays[:, 0],
        delay_variation_s=np.sqrt(delays[:, 7]),
        ipdv_s=np.full(len(numbers), np.nan),
        delay_quantiles_s=delays[:, 2:7],
        loss_ratio=loss,
        offered_bps=offered_bps,
        throughput_bps=offered_bps * (1 - loss),
    )
