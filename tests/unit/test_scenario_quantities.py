"""Quantities with units, to and from SI."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettwin.errors import FormatError
from nettwin.scenario.quantities import NUMBERS, RATES, SIZES, TIMES, Units, exact_text, parse_quantity, units_of


@pytest.mark.parametrize(
    ("text", "units", "value"),
    [
        ("10 Gbit/s", RATES, 1e10),
        ("10Gbps", RATES, 1e10),
        ("10gbps", RATES, 1e10),
        ("2.5G", RATES, 2.5e9),
        ("1 MB/s", RATES, 8e6),
        ("1 Mb/s", RATES, 1e6),
        ("1e9", RATES, 1e9),
        ("64 kB", SIZES, 512_000),
        ("8 kbit", SIZES, 8000),
        ("1 MiB", SIZES, 8 * 2**20),
        ("5 ms", TIMES, 0.005),
        ("300us", TIMES, 0.0003),
        ("3 µs", TIMES, 3e-6),
        ("2 min", TIMES, 120),
        (" .5 ", NUMBERS, 0.5),
    ],
)
def test_quantities(text: str, units: Units, value: float) -> None:
    assert parse_quantity(text, units) == value


@pytest.mark.parametrize("text", ["", "fast", "nan", "inf", "1_0", "10 Gbit", "5 ms", "1e999", "٣", "1 2", "0x10", "9" * 400, "-", "1,5"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(FormatError, match="is no rate"):
        parse_quantity(text, RATES, "here")


@given(value=st.floats(allow_nan=False, allow_infinity=False), units=st.sampled_from([RATES, SIZES, TIMES, NUMBERS]))
def test_texts_are_exact(value: float, units: Units) -> None:
    assert parse_quantity(exact_text(value, units), units) == value


def test_texts_suit_people() -> None:
    assert [exact_text(x, RATES) for x in (1e10, 622.08e6, 64e3, 1.5)] == ["10 Gbit/s", "622.08 Mbit/s", "64 kbit/s", "1.5"]
    assert [exact_text(x, TIMES) for x in (0.005, 3e-4, 1.0, 0.0)] == ["5 ms", "300 us", "1 s", "0"]


def test_units_follow_from_names() -> None:
    assert [units_of(name) for name in ("capacity_bps", "on_s", "size_bits", "weight")] == [RATES, TIMES, SIZES, NUMBERS]
