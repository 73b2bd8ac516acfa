import math

import pytest
import typer

from nettwin.cli.quantities import parse_count, parse_ratio, parse_seconds
from nettwin.performance.quantities import UNKNOWN, bits_per_second, number, percent, quantity, seconds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "12.3 ms"),
        (1.0, "1.00 s"),
        (4.56e-5, "45.6 µs"),
        (3e-9, "3.00 ns"),
        (250.0, "250 s"),
        (0.0, "0 s"),
        (math.nan, UNKNOWN),
    ],
)
def test_seconds(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(2.5e9, "2.50 Gbit/s"), (1e12, "1.00 Tbit/s"), (999.9e6, "1.00 Gbit/s"), (0.0, "0 bit/s")])
def test_rates(value: float, text: str) -> None:
    assert bits_per_second(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.756, "75.6 %"), (1e-4, "0.01 %"), (0.0, "0 %"), (1e-17, "0 %"), (math.inf, UNKNOWN)])
def test_percent(value: float, text: str) -> None:
    assert percent(value) == text


def test_columns_tell_their_unit() -> None:
    assert quantity("delay_p99_s", 0.002) == "2.00 ms"
    assert quantity("utilization_change", 0.25) == "+25.0 %"
    assert quantity("throughput_bps_after", 1e6) == "1.00 Mbit/s"
    assert quantity("loss_ratio_change", -0.01) == "-1.0 %"
    assert quantity("n_unreachable", 1234.0) == "1,234"
    assert number(0.125) == "0.125"


@pytest.mark.parametrize(("text", "value"), [("50ms", 0.05), ("1.5 s", 1.5), ("200us", 2e-4), ("2", 2.0), ("3min", 180.0), ("1e-3", 1e-3)])
def test_times_are_read(text: str, value: float) -> None:
    assert parse_seconds(text) == pytest.approx(value)


def test_shares_and_counts_are_read() -> None:
    assert parse_ratio("80%") == pytest.approx(0.8)
    assert parse_ratio("0.8") == 0.8
    assert parse_ratio("120%") == pytest.approx(1.2)
    with pytest.raises(typer.BadParameter, match="did you mean 80%"):
        parse_ratio("80")
    assert parse_count("10M") == 1e7


@pytest.mark.parametrize("text", ["", "fast", "5 parsecs", "-3", "1.2.3ms", "nan", "inf"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a time"):
        parse_seconds(text)
