//! Quotients of integers as floats, rounded once.

/// All integers up to this one are exact as floats.
const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;

/// The float nearest to `dividend / divisor`, ties to even. The caller guarantees that the divisor
/// is not zero, and less than 2^127.
#[must_use]
pub fn nearest_ratio(dividend: i128, divisor: u128) -> f64 {
    let magnitude = dividend.unsigned_abs();
    let ratio = if magnitude <= EXACT && divisor <= EXACT {
        magnitude as f64 / divisor as f64
    } else {
        rounded(magnitude, divisor)
    };
    if dividend < 0 { -ratio } else { ratio }
}

/// Long division, until the quotient has more bits than a float. Its last bit is set if any further
/// bit is.
fn rounded(dividend: u128, divisor: u128) -> f64 {
    let (mut quotient, mut rest) = (dividend / divisor, dividend % divisor);
    let mut scale = 1.0;
    while rest != 0 && quotient < 2 * EXACT {
        let shift = rest.leading_zeros().min(64);
        rest <<= shift;
        quotient = (quotient << shift) | (rest / divisor);
        rest %= divisor;
        scale *= 0.5_f64.powi(shift.cast_signed());
    }
    (quotient | u128::from(rest != 0)) as f64 * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_rounded_once() {
        for (dividend, divisor, expected) in [
            (0, 3, 0.0),
            (-1, 3, -1.0 / 3.0),
            // One more than a tie between two floats, and a tie.
            ((1 << 53) + 1, 1, 9_007_199_254_740_992.0),
            ((1 << 54) + 3, 2, 9_007_199_254_740_994.0),
            ((1 << 60) + (1 << 7) + 1, 1, 1_152_921_504_606_847_232.0),
            (1_000_000_000_001_000_000, 1_000_000, 1_000_000_000_001.0),
            (i128::MAX, 1, 2_f64.powi(127)),
            (i128::MIN, 1, -(2_f64.powi(127))),
            (1, (1 << 126) + 1, 2_f64.powi(-126)),
            (i128::MAX, (1 << 126) + 1, 2.0),
        ] {
            assert_eq!(nearest_ratio(dividend, divisor), expected, "{dividend} / {divisor}");
        }
    }

    /// A ratio is the nearest if no float next to it is nearer: `|ratio * divisor - dividend|`,
    /// times two, is at most the distance between the floats times the divisor.
    #[test]
    fn no_float_is_nearer_to_a_ratio() {
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            (mixed ^ (mixed >> 31)) >> (mixed % 64)
        };
        for _ in 0..100_000 {
            // The quotient has at least 54 bits, so floats around it are even integers or more.
            let (divisor, quotient) = (u128::from(random() % (1 << 40) + 1), u128::from(random() | 1 << 60));
            let dividend = quotient * divisor + u128::from(random()) % divisor;
            let ratio = nearest_ratio(dividend.cast_signed(), divisor) as u128;
            let step = 1_u128 << (quotient.ilog2() - 52);
            assert!(2 * (ratio * divisor).abs_diff(dividend) <= step * divisor, "{dividend} / {divisor}");
        }
    }
}
