"""A scenario as numbers for the hardware model, and what was measured."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nettwin.controlplane import route
from nettwin.errors import PredictionError
from nettwin.learn.hardware.bursts import BurstPrior, drawn_waits
from nettwin.learn.hardware.contention import Contention, contention_of
from nettwin.performance import Performance
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

LEVELS = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
"""Of the drawn delays of a flow."""
LEAST_WAIT_S = 2e-5


@dataclass(frozen=True, eq=False)
class Example:
    """One scenario. Rows of ports, feeds, flows and hops as in ``Contention``."""

    port: Floats  # [port, feature]
    feed: Floats  # [feed, feature]
    flow: Floats  # [flow, feature]
    hop: Floats  # [hop, feature]
    hop_flow: Ints
    hop_port: Ints
    hop_feed: Ints
    feed_port: Ints
    feed_from: Ints
    feed_share: Floats  # [feed] of the load of its port
    hop_share: Floats  # [hop] likewise
    flow_demand: Ints  # [flow]
    flow_weight: FloatArray  # [flow] share of its demand's packets
    base: FloatArray  # [flow, part] see ``Contention.base``
    peak_load: FloatArray  # [flow] largest load of its ports
    wait_draws: Floats  # [flow, draw] seconds
    delay_s: FloatArray  # [flow] measured, NaN where it was not


def example_of(scenario: Scenario, performance: Performance | None, prior: BurstPrior, seed: int) -> Example:
    """Equal scenario and seed, equal example. Raises PredictionError where no demand has a path."""
    routing = route(scenario)
    contention = contention_of(scenario, routing)
    if not contention.n_flows:
        raise PredictionError("no demand has a path", where=scenario.name or "scenario")
    waits = drawn_waits(contention, min(scenario.observation.duration_s, 5.0), prior, np.random.default_rng(seed))
    measured = performance.demands.delay_s if performance else np.full(scenario.traffic.n_demands, np.nan)
    return _example(contention, waits, measured[contention.flow_demand])


def _example(c: Contention, waits: FloatArray, measured_s: FloatArray) -> Example:
    ports = _Ports.of(c)
    return Example(
        port=_f(ports.rows(c)),
        feed=_f(_feeds(c, ports)),
        flow=_f(_flows(c, ports, waits)),
        hop=_f(_hops(c, ports, waits)),
        hop_flow=c.hop_flow,
        hop_port=c.hop_port,
        hop_feed=c.hop_feed,
        feed_port=c.feed_port,
        feed_from=c.feed_from,
        feed_share=_f(ports.feed_load / ports.load[c.feed_port]),
        hop_share=_f(c.load / ports.load[c.hop_port]),
        flow_demand=c.flow_demand,
        flow_weight=c.flow_share,
        base=c.base,
        peak_load=_largest(ports.load[c.hop_port], c.hop_flow, c.n_flows),
        wait_draws=_f(_by_flow(c, waits).T),
        delay_s=measured_s,
    )


@dataclass(frozen=True, eq=False)
class _Ports:
    """Sums over the flows of each port and feed."""

    load: FloatArray  # [port]
    burst_load: FloatArray  # [port] of on-off flows
    feed_load: FloatArray  # [feed]
    feed_burst_load: FloatArray  # [feed]

    @classmethod
    def of(cls, c: Contention) -> "_Ports":
        burst = c.load * c.is_burst[c.hop_flow]
        return cls(
            load=np.maximum(_sums(c.load, c.hop_port, c.n_ports), 1e-12),
            burst_load=_sums(burst, c.hop_port, c.n_ports),
            feed_load=_sums(c.load, c.hop_feed, len(c.feed_port)),
            feed_burst_load=_sums(burst, c.hop_feed, len(c.feed_port)),
        )

    def rows(self, c: Contention) -> FloatArray:
        burst = c.load * c.is_burst[c.hop_flow]
        count = np.bincount(c.hop_port, minlength=c.n_ports)
        bursts = np.bincount(c.hop_port, c.is_burst[c.hop_flow], c.n_ports)
        spread = np.sqrt(np.bincount(c.hop_port, burst**2, c.n_ports))
        packet = np.bincount(c.hop_port, c.load * c.packet_s[c.hop_flow], c.n_ports) / self.load
        widest = _largest(self.feed_load, c.feed_port, c.n_ports)
        feeds = np.sqrt(np.bincount(c.feed_port, self.feed_load**2, c.n_ports))
        columns = [np.log(c.buffer_s), self.load, self.burst_load, np.log(self.load), np.log(self.burst_load + 1e-4)]
        columns += [spread / self.load, _largest(burst, c.hop_port, c.n_ports), np.log1p(count), np.log1p(bursts), np.log(packet)]
        columns += [widest, feeds, np.log(np.bincount(c.feed_port, minlength=c.n_ports)), self.burst_load / self.load, self.load - widest]
        return np.stack(columns, axis=1)


def _feeds(c: Contention, ports: _Ports) -> FloatArray:
    share = ports.feed_load / ports.load[c.feed_port]
    columns = [c.feed_from < 0, ports.feed_load, ports.feed_burst_load, share, np.log(ports.feed_load + 1e-9)]
    return np.stack(columns, axis=1).astype(np.float64)


def _flows(c: Contention, ports: _Ports, waits: FloatArray) -> FloatArray:
    first = np.zeros(c.n_flows)
    np.maximum.at(first, c.hop_flow, c.load)
    total = np.log(_by_flow(c, waits) + LEAST_WAIT_S)
    drawn = [*np.quantile(total, LEVELS, axis=0), (total > np.log(2e-4)).mean(axis=0), total.mean(axis=0)]
    hops = np.bincount(c.hop_flow, minlength=c.n_flows)
    peak = _largest(ports.load[c.hop_port], c.hop_flow, c.n_flows)
    own = [c.is_burst, first, np.log(first + 1e-6), np.log(c.packet_s), hops, c.base[:, 1], np.log(c.packet_rate + 1.0), peak]
    return np.stack([*own, *drawn], axis=1).astype(np.float64)


def _hops(c: Contention, ports: _Ports, waits: FloatArray) -> FloatArray:
    share = c.load / ports.load[c.hop_port]
    logs = np.log(waits + LEAST_WAIT_S)
    drawn = [logs.mean(axis=0), (waits > 1e-4).mean(axis=0), np.log(waits.mean(axis=0) + LEAST_WAIT_S)]
    return np.stack([c.hop_position, share, np.log(share + 1e-9), *drawn], axis=1).astype(np.float64)


def _by_flow(c: Contention, waits: FloatArray) -> FloatArray:  # [draw, flow]
    return np.stack([np.bincount(c.hop_flow, row, c.n_flows) for row in waits])


def _sums(values: FloatArray, group: npt.NDArray[np.int64], n_groups: int) -> FloatArray:
    return np.asarray(np.bincount(group, values, n_groups), dtype=np.float64)


def _largest(values: FloatArray, group: npt.NDArray[np.int64], n_groups: int) -> FloatArray:
    largest = np.zeros(n_groups)
    np.maximum.at(largest, group, values)
    return largest


def _f(values: FloatArray) -> Floats:
    return np.asarray(values, dtype=np.float32)


def save_examples(examples: list[Example], path: Path) -> None:
    """All columns of all examples, one after the other, with their lengths."""
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for field in fields(Example):
        values = [getattr(example, field.name) for example in examples]
        columns[field.name] = np.concatenate(values)
        columns[f"length.{field.name}"] = np.array([len(value) for value in values])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **columns)  # type: ignore[arg-type]


def load_examples(path: Path) -> list[Example]:
    """What ``save_examples`` wrote."""
    with np.load(path, allow_pickle=False) as file:
        columns = {name: file[name] for name in file.files}
    parts = {f.name: np.split(columns[f.name], np.cumsum(columns[f"length.{f.name}"])[:-1]) for f in fields(Example)}
    return [Example(**dict(zip(parts, row, strict=True))) for row in zip(*parts.values(), strict=True)]
