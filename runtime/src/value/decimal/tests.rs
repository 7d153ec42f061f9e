//! Compares decimals with `i128` arithmetic on the scaled numbers.

use std::panic::catch_unwind;

use super::*;
use crate::value::{Overflow, ParseValueError};

/// Numbers of all magnitudes, including edge cases (SplitMix64).
fn numbers() -> impl Iterator<Item = i64> {
    let edges = [0, 1, -1, 9, 10, 99, 100, -100, i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1];
    let mut state = 7_u64;
    edges.into_iter().chain(std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).cast_signed() >> (mixed % 64)
    }))
}

fn pairs() -> impl Iterator<Item = (i64, i64)> {
    let edges = 12;
    let all_edges = numbers().take(edges).flat_map(move |left| numbers().take(edges).map(move |right| (left, right)));
    all_edges.chain(numbers().skip(edges).zip(numbers().skip(edges + 3)).take(20_000))
}

fn narrow(wide: i128) -> Option<i64> {
    i64::try_from(wide).ok()
}

#[test]
fn checked_arithmetic_agrees_with_wide_integers() {
    for (left, right) in pairs() {
        let (l, r) = (Decimal::<4>::from_scaled(left), Decimal::<4>::from_scaled(right));
        let (wide_left, wide_right) = (i128::from(left), i128::from(right));
        assert_eq!(l.checked_add(r).map(Decimal::scaled), narrow(wide_left + wide_right));
        assert_eq!(l.checked_sub(r).map(Decimal::scaled), narrow(wide_left - wide_right));
        let product: Option<Decimal<8>> = l.checked_mul(r);
        assert_eq!(product.map(Decimal::scaled), narrow(wide_left * wide_right));
        assert_eq!(l.checked_mul(right).map(Decimal::scaled), narrow(wide_left * wide_right));
        assert_eq!(l.cmp(&r), left.cmp(&right));
        assert_eq!(l.partial_cmp(&right), Some(wide_left.cmp(&(wide_right * 10_000))));
        assert_eq!(left < r, wide_left * 10_000 < wide_right);
    }
}

#[test]
fn quotients_and_rescaling_round_halves_away_from_zero() {
    let rounded = |dividend: i128, divisor: i128| {
        let (twice, magnitude) = (dividend.abs() * 2 + divisor.abs(), divisor.abs() * 2);
        twice / magnitude * dividend.signum() * divisor.signum()
    };
    for (left, right) in pairs() {
        let expected = (right != 0).then(|| rounded(left.into(), right.into())).and_then(narrow);
        assert_eq!(divide_rounding(left, right), expected, "{left} / {right}");
        let decimal = Decimal::<6>::from_scaled(left);
        assert_eq!(decimal.checked_rescale::<2>().map(Decimal::scaled), narrow(rounded(left.into(), 10_000)));
        assert_eq!(decimal.checked_rescale::<9>().map(Decimal::scaled), narrow(i128::from(left) * 1000));
    }
    assert_eq!((Decimal::<2>::from_scaled(25) / 10).to_string(), "0.03");
    assert_eq!((Decimal::<2>::from_scaled(-25) / 10).to_string(), "-0.03");
}

#[test]
fn texts_have_all_digits_and_read_back() {
    fn check<const SCALE: u8>(scaled: i64) {
        let text = Decimal::<SCALE>::from_scaled(scaled).to_string();
        let (digits, sign) = (format!("{:0width$}", scaled.unsigned_abs(), width = usize::from(SCALE) + 1), scaled < 0);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(SCALE));
        let point = if SCALE == 0 { "" } else { "." };
        assert_eq!(text, format!("{}{whole}{point}{fraction}", if sign { "-" } else { "" }));
        assert_eq!(text.parse(), Ok(Decimal::<SCALE>::from_scaled(scaled)));
    }
    for scaled in numbers().take(5_000) {
        check::<0>(scaled);
        check::<1>(scaled);
        check::<2>(scaled);
        check::<9>(scaled);
        check::<18>(scaled);
    }
    assert_eq!(
        format!("[{:>8}] [{:<8}] [{:+}]", decimal("1.50"), decimal("-1.50"), decimal("1.50")),
        "[    1.50] [-1.50   ] [+1.50]"
    );
    assert_eq!(Decimal::<18>::from_scaled(i64::MIN).to_string(), "-9.223372036854775808");
}

fn decimal(text: &str) -> Decimal<2> {
    text.parse().unwrap()
}

#[test]
fn only_exact_decimals_are_parsed() {
    let read = |text: &str| parse_decimal(text.as_bytes(), 2);
    let good = [("1", 100), ("1.", 100), (".5", 50), ("+1.5", 150), ("-0.05", -5), ("1.5000", 150), ("007.10", 710)];
    for (text, scaled) in good {
        assert_eq!(read(text), Some(scaled), "{text}");
    }
    for text in ["", ".", "-", "1.501", "1,5", "1e3", "--1", " 1", "1 ", "1.2.3", "NaN", "92233720368547758.08"] {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(read("-92233720368547758.08"), Some(i64::MIN));
    assert_eq!(parse_decimal(b"0.5", 40), None);
    let error: ParseValueError = "12,5".parse::<Decimal<2>>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected a number with at most 2 digits after the point, of 18 in all, found `12,5`"
    );
}

#[test]
fn floats_are_rounded_to_the_nearest() {
    assert_eq!(Decimal::<2>::round_from(0.125).scaled(), 13);
    assert_eq!(Decimal::<2>::round_from(-0.125).scaled(), -13);
    assert_eq!(Decimal::<2>::from_scaled(-1250).to_f64(), -12.5);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e17, -1e17] {
        assert_eq!(Decimal::<2>::checked_round_from(value), None);
    }
    assert_eq!(Decimal::<0>::checked_round_from(-(2_f64.powi(63))).map(Decimal::scaled), Some(i64::MIN));
    assert_eq!(Decimal::<0>::checked_round_from(2_f64.powi(63)), None);
}

#[test]
fn floats_and_decimals_are_rounded_once() {
    assert_eq!(Decimal::<6>::from_scaled(1_000_000_000_001_000_000).to_f64(), 1_000_000_000_001.0);
    // 1.115 is 1.11499999999999999112, whose product with 100 is 111.5 as a float.
    assert_eq!(Decimal::<2>::round_from(1.115).scaled(), 111);
    assert_eq!(Decimal::<2>::round_from(-1.115).scaled(), -111);
    assert_eq!(Decimal::<0>::round_from(0.499_999_999_999_999_94).scaled(), 0);
    assert_eq!(Decimal::<18>::round_from(5e-19).scaled(), 1);
    assert_eq!(Decimal::<18>::round_from(f64::MIN_POSITIVE).scaled(), 0);
    assert_eq!(Decimal::<6>::checked_round_from(9_223_372_036_854.777).map(Decimal::scaled), None);
    assert_eq!(Decimal::<6>::checked_round_from(9_223_372_036_854.773), Some(Decimal(9_223_372_036_854_773_438)));
    for scaled in numbers().take(20_000) {
        // Digits after the point that a float of this size can hold are preserved.
        let decimal = Decimal::<6>::from_scaled(scaled >> 12);
        assert_eq!(Decimal::round_from(decimal.to_f64()), decimal, "{decimal}");
    }
}

#[test]
fn literals_need_no_suffix() {
    let (price, discount, tax) = (decimal("901.00"), decimal("0.05"), decimal("0.02"));
    let charge = price * (1 - discount) * (1 + tax);
    assert_eq!(charge.to_string(), "873.069000");
    assert_eq!((1 - discount).to_f64(), 0.95);
    assert_eq!([discount < 1, 1 > discount, price == 901, price <= 24], [true, true, true, false]);
    assert_eq!([price, discount].iter().sum::<Decimal<2>>() + 1 - 2, decimal("900.05"));
    let (mut total, most) = (decimal("1"), Decimal::<2>::from_scaled(i64::MAX));
    total += price;
    total -= discount;
    assert_eq!((total, -total), (decimal("901.95"), decimal("-901.95")));
    assert_eq!([most, most, -most].into_iter().sum::<Decimal<2>>(), most);
}

#[test]
fn overflow_names_the_operation() {
    let most = Decimal::<2>::from_scaled(i64::MAX);
    let overflow = |operation: fn(Decimal<2>) -> Decimal<2>| {
        let payload = catch_unwind(|| operation(most)).unwrap_err();
        payload.downcast::<Overflow>().unwrap().what
    };
    assert_eq!(overflow(|most| most + 1), "92233720368547758.07 + 1.00 as Decimal<2>");
    assert_eq!(overflow(|most| most * 2), "92233720368547758.07 * 2 as Decimal<2>");
    assert_eq!(overflow(|most| (most * most).rescale()), "92233720368547758.07 * 92233720368547758.07 as Decimal<4>");
    assert_eq!(overflow(|most| most / 0), "92233720368547758.07 / 0 as Decimal<2>");
    assert_eq!(overflow(|most| -(-most - 1)), "-92233720368547758.07 - 1.00 as Decimal<2>");
    assert_eq!(overflow(|_| Decimal::round_from(f64::NAN)), "NaN as Decimal<2>");
    assert_eq!(overflow(|most| [most, most].iter().sum()), "a sum of 18446744073709551614e-2 as Decimal<2>");
}
