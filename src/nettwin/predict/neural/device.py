"""The twin on one device from end to end: theory, network and answer on tensors; what was asked about before is replayed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from nettwin.performance import Performance
from nettwin.predict.neural.answer import Beliefs, figures_of, wrapped
from nettwin.predict.neural.differentiable.batch import batch_of_solved
from nettwin.predict.neural.differentiable.facts import Facts, Solved, facts_of
from nettwin.predict.neural.differentiable.ground import ground_of_solved
from nettwin.predict.neural.differentiable.solving import solved_by_theory
from nettwin.predict.neural.ensemble import run_on_tensors
from nettwin.predict.neural.library import Library
from nettwin.predict.neural.model import TwinModel
from nettwin.predict.neural.packing import Place, packed, unpacked
from nettwin.predict.neural.replaying import Replayed
from nettwin.predict.neural.same_structure import has_same_structure
from nettwin.queueing.differentiable.structure import inputs_of, structure_of
from nettwin.queueing.differentiable.values import Inputs, Structure
from nettwin.queueing.side_by_side import SideBySide

MOST_REMEMBERED = 4
"""Structures whose computation is kept: one of 300 nodes takes some GiB of a GPU's memory."""


@dataclass
class Prepared:
    """A structure on the device, and the recording of what follows from its inputs."""

    parts: SideBySide
    structure: Structure
    facts: Facts
    places: list[Place] = field(default_factory=list)
    replayed: "Replayed[Inputs] | None" = None


@dataclass(eq=False)
class DeviceTwin:
    """An ensemble on a device. A structure that is asked about again, with other rates, capacities or buffers, is recorded then."""

    models: Sequence[TwinModel]
    beliefs: Beliefs
    device: str
    _known: list[Prepared] = field(default_factory=list, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def answer(self, parts: SideBySide) -> Performance:
        """All figures of scenarios side by side."""
        with self._lock, torch.no_grad():
            known = self.known(parts)
            prepared = known or self.prepared(parts)
            row = self._row(prepared, self.inputs(prepared, parts), is_again=known is not None)
            host = _on_host(row)
        return wrapped(unpacked(host, prepared.places, parts.scenario.traffic.rate_bps), self.beliefs.coverage)

    def known(self, parts: SideBySide) -> Prepared | None:
        """What was prepared before for this structure."""
        return next((one for one in self._known if has_same_structure(one.parts, parts)), None)

    def prepared(self, parts: SideBySide) -> Prepared:
        """A structure, remembered if it is that of one scenario."""
        structure = structure_of(parts.scenario, parts.routing, self.device)
        prepared = Prepared(parts, structure, facts_of(parts, structure))
        if len(parts.n_nodes) == 1:
            self._known = [prepared, *self._known[: MOST_REMEMBERED - 1]]
        return prepared

    def inputs(self, prepared: Prepared, parts: SideBySide) -> Inputs:
        """The numbers of a scenario on the device."""
        return inputs_of(parts.scenario, prepared.structure, device=self.device)

    def _row(self, prepared: Prepared, inputs: Inputs, *, is_again: bool) -> Tensor:
        if not (is_again and self.device.startswith("cuda")):
            return self.row(prepared, inputs)
        if prepared.replayed is None:
            prepared.replayed = Replayed(lambda given: self.row(prepared, given), inputs)
        return prepared.replayed(inputs)

    def row(self, prepared: Prepared, inputs: Inputs) -> Tensor:
        """All figures in a row, whose places go to ``prepared``."""
        solved = solved_by_theory(prepared.structure, prepared.facts, inputs)
        return self.told(prepared, solved)

    def told(self, prepared: Prepared, solved: Solved) -> Tensor:
        """What the network makes of theory's answer."""
        batch, reference_s = batch_of_solved(solved)
        outputs = run_on_tensors(self.models, batch)
        row, prepared.places = packed(figures_of(ground_of_solved(solved, batch, reference_s), outputs, self.beliefs))
        return row


@lru_cache(maxsize=2)
def twin_on(device: str, library: Library, coverage: float) -> DeviceTwin:
    """The twin of a library on a device, kept."""
    return DeviceTwin(library.models, Beliefs(library.calibration, coverage), device)


def _on_host(row: Tensor) -> np.ndarray:
    """A copy of its own, through memory that the device writes to directly."""
    if not row.is_cuda:
        return row.numpy().copy()
    host = torch.empty(row.shape, dtype=row.dtype, pin_memory=True)
    host.copy_(row, non_blocking=True)
    torch.cuda.current_stream().synchronize()
    return host.numpy()
