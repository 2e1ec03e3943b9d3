"""Integer money against exact fractions and decimals, and the plan's formulas against its worked figures."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import FEN_MAX, MINOR_DIGITS, apportion, parse, round_half_up, show

YUAN = 100
WAN = 10_000 * YUAN


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**25))
def test_rounding_is_to_the_nearest_and_halves_go_away_from_zero(numerator, denominator):
    exact = Fraction(numerator, denominator)
    rounded = round_half_up(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(st.integers(-(10**12), 10**12), st.sampled_from([1, 2, 4, 5, 8, 10, 16, 100, 1000]))
def test_rounding_agrees_with_decimal(numerator, denominator):
    exact = Decimal(numerator) / Decimal(denominator)
    assert round_half_up(numerator, denominator) == int(exact.to_integral_value(ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 7, 0),
        (1, 2, 1),
        (3, 2, 2),
        (5, 2, 3),
        (-1, 2, -1),
        (-3, 2, -2),
        (1, 3, 0),
        (2, 3, 1),
        (-1, 3, 0),
        (-2, 3, -1),
    ],
)
def test_rounding_by_hand(numerator, denominator, rounded):
    assert round_half_up(numerator, denominator) == rounded


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_denominator_is_positive(denominator):
    with pytest.raises(AssertionError):
        round_half_up(1, denominator)


WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any)


@given(st.integers(0, FEN_MAX), WEIGHTS)
def test_parts_sum_to_the_total_and_each_is_within_one_of_its_share(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(total * weight, sum(weights))
        assert share - 1 < part < share + 1
        assert part == 0 or weight > 0


@given(st.integers(0, 10**12), WEIGHTS)
def test_the_fen_left_over_go_to_the_largest_remainders_and_then_to_the_earlier(total, weights):
    parts = apportion(total, weights)
    shares = [Fraction(total * weight, sum(weights)) for weight in weights]
    ranked = sorted(range(len(weights)), key=lambda i: (-(shares[i] - int(shares[i])), i))
    raised = [i for i in ranked if parts[i] > int(shares[i])]
    assert raised == ranked[: len(raised)]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=12), st.lists(st.integers(0, 10**6), max_size=8))
def test_payments_in_instalments_end_at_the_face_to_the_fen(faces, payments):
    """Short payment: what each tranche has had is its part of everything received so far, so no fen is lost."""
    received = 0
    for payment in payments:
        received = min(received + payment, sum(faces))
        assert sum(apportion(received, faces)) == received
    assert apportion(sum(faces), faces) == faces


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]), (101, [1, 1, 1], [34, 34, 33]), (0, [1, 2], [0, 0]), (1, [1, 1], [1, 0]),
        (10, [0, 5], [0, 10]), (7, [3], [7]), (100, [50, 30, 20], [50, 30, 20]), (5, [1, 1, 8], [1, 0, 4]),
    ],
)  # fmt: skip
def test_parts_by_hand(total, weights, parts):
    assert apportion(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_no_shares_of_nothing(total, weights):
    with pytest.raises(AssertionError):
        apportion(total, weights)


def discount(face: int, rate_bp: int, days: int) -> int:
    """I = round(F · r · d / 360), the rate in hundredths of a percent."""
    return round_half_up(face * rate_bp * days, 10_000 * 360)


def test_the_plans_discount():
    """30.79 million yuan at 4.5 % over 183 days (2022-06-30 to 2022-12-30), without a fee."""
    face = 3_079 * WAN
    interest = discount(face, 450, 183)
    assert show(interest) == "704,321.25"
    assert show(face - interest) == "30,085,678.75"


def test_fee_is_its_rate_or_the_minimum():
    def fee(face: int, rate_bp: int, minimum: int) -> int:
        return max(minimum, round_half_up(face * rate_bp, 10_000))

    assert fee(1_000_000 * YUAN, 10, 500 * YUAN) == 1_000 * YUAN
    assert fee(100_000 * YUAN, 10, 500 * YUAN) == 500 * YUAN
    assert fee(5, 1_000, 0) == 1, "half a fen is a fen"


def test_factoring_leaves_the_rest_to_the_fen():
    """A = round(F · α); rest = collected − fee − penalty − I − A, all in fen, whatever the figures."""
    face, advance_rate = 123_456_789, 8_000
    advance = round_half_up(face * advance_rate, 10_000)
    interest = discount(advance, 615, 91)
    penalty = discount(face // 3, 1_825, 17)
    rest = face - 12_345 - penalty - interest - advance
    assert (advance, interest, penalty, rest) == (98_765_431, 1_535_391, 354_652, 22_788_970)


@given(st.integers(0, 10**15), st.integers(0, 10_000), st.integers(0, 3_660))
def test_interest_is_the_exact_figure_rounded_once(face, rate_bp, days):
    exact = Fraction(face) * Fraction(rate_bp, 10_000) * Fraction(days, 360)
    assert abs(discount(face, rate_bp, days) - exact) <= Fraction(1, 2)


@given(st.integers(0, FEN_MAX), st.sampled_from(sorted(MINOR_DIGITS)))
def test_what_is_shown_is_read_back_and_is_the_decimal(amount, currency):
    text = show(amount, currency)
    assert parse(text, currency) == amount
    assert parse(text.replace(",", ""), currency) == amount
    assert Decimal(text.replace(",", "")) == Decimal(amount).scaleb(-MINOR_DIGITS[currency])
    assert show(-amount, currency) == ("-" + text if amount else text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234,567.89", 123_456_789), ("0", 0), ("0.1", 10), ("0.10", 10), ("0.01", 1), (" 12 ", 1_200), ("007", 700),
        ("1,234,567.8", 123_456_780), ("12，345.60", 1_234_560), ("999", 99_900), ("92233720368547758.07", FEN_MAX),
    ],
)  # fmt: skip
def test_amounts_that_people_write(text, amount):
    assert parse(text) == amount


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not an amount"), ("-1", "not an amount"), ("+1", "not an amount"), ("1e5", "not an amount"),
        ("1.", "not an amount"), (".5", "not an amount"), ("1.2.3", "not an amount"), ("一百", "not an amount"),
        ("１２", "not an amount"), ("1 000", "not an amount"), ("0x10", "not an amount"), ("1_000", "not an amount"),
        ("nan", "not an amount"), ("¥1", "not an amount"), ("²", "not an amount"), ("1.٣", "not an amount"),
        # A decimal comma, and groups that are none: reading either as thousands would be wrong by a factor.
        ("1,23", "not an amount"), ("1,2,3", "not an amount"), ("1234,567", "not an amount"), (",123", "not an amount"),
        ("1,,234", "not an amount"), ("1,234,", "not an amount"), ("1.234,56", "not an amount"),
        ("0.001", "3 decimals"), ("1.234", "3 decimals"), ("92233720368547758.08", "larger"), ("9" * 100, "larger"),
    ],
)  # fmt: skip
def test_what_is_no_amount(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse(text)


def test_yen_have_no_decimals():
    assert (parse("1,234", "JPY"), show(1_234, "JPY")) == (1_234, "1,234")
    with pytest.raises(ValueError, match="JPY has 0"):
        parse("1.5", "JPY")
