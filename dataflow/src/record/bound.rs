//! Conversion of a program's values to leaf values, for the bounds on fields that filters imply.

use std::any::Any;

use runtime::row::{Datum, LeafType};
use runtime::value::{Date, Decimal, TimeDelta, Timestamp};

/// Returns `value` as a leaf value of type `ty`. `None` if it has another type, except for integers
/// that fit.
pub(crate) fn bound_value(ty: LeafType, value: &dyn Any) -> Option<Datum> {
    use LeafType as L;
    let fixed = |bits: u128| Some(Datum::Fixed(bits));
    match ty {
        L::Date => fixed((value.downcast_ref::<Date>()?.days() as u32).into()),
        L::Timestamp => fixed((value.downcast_ref::<Timestamp>()?.micros() as u64).into()),
        L::TimeDelta => fixed((value.downcast_ref::<TimeDelta>()?.micros() as u64).into()),
        L::Decimal(scale) => fixed((decimal(scale, value)? as u64).into()),
        L::F64 => fixed(value.downcast_ref::<f64>()?.to_bits().into()),
        L::F32 => fixed(value.downcast_ref::<f32>()?.to_bits().into()),
        L::Text => {
            let owned = value.downcast_ref::<String>().map(String::as_str);
            let text = owned.or_else(|| value.downcast_ref::<&'static str>().copied())?;
            Some(Datum::Bytes(text.as_bytes().into()))
        }
        L::I8 | L::I16 | L::I32 | L::I64 | L::U8 | L::U16 | L::U32 | L::U64 => fixed(integer(ty, value)?),
        _ => None,
    }
}

/// Returns an integer of any type as the bits of `ty`. `None` if it does not fit. Literals arrive
/// as `i32`.
fn integer(ty: LeafType, value: &dyn Any) -> Option<u128> {
    use LeafType as L;
    macro_rules! any_of {
        ($($from:ty)*) => { None $(.or_else(|| value.downcast_ref::<$from>().map(|&value| i128::from(value))))* };
    }
    let value: i128 = any_of!(i8 i16 i32 i64 u8 u16 u32 u64)?;
    match ty {
        L::I8 => i8::try_from(value).ok().map(|value| (value as u8).into()),
        L::I16 => i16::try_from(value).ok().map(|value| (value as u16).into()),
        L::I32 => i32::try_from(value).ok().map(|value| (value as u32).into()),
        L::I64 => i64::try_from(value).ok().map(|value| (value as u64).into()),
        L::U8 => u8::try_from(value).ok().map(u128::from),
        L::U16 => u16::try_from(value).ok().map(u128::from),
        L::U32 => u32::try_from(value).ok().map(u128::from),
        L::U64 => u64::try_from(value).ok().map(u128::from),
        _ => None,
    }
}

fn decimal(scale: u8, value: &dyn Any) -> Option<i64> {
    macro_rules! scales {
        ($($scale:literal)*) => {
            match scale {
                $($scale => value.downcast_ref::<Decimal<$scale>>().map(|value| value.scaled()),)*
                _ => None,
            }
        };
    }
    scales!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_values_of_the_field_type_and_fitting_integers() {
        assert_eq!(bound_value(LeafType::U64, &5i32), Some(Datum::Fixed(5)));
        assert_eq!(bound_value(LeafType::I64, &-1i32), Some(Datum::Fixed(u64::MAX.into())));
        assert_eq!(bound_value(LeafType::U8, &300i32), None);
        assert_eq!(bound_value(LeafType::Decimal(2), &Decimal::<2>::from_scaled(7)), Some(Datum::Fixed(7)));
        assert_eq!(bound_value(LeafType::Decimal(2), &Decimal::<3>::from_scaled(7)), None);
        assert_eq!(bound_value(LeafType::Text, &"abc".to_owned()), Some(Datum::Bytes((*b"abc").into())));
        assert_eq!(bound_value(LeafType::Date, &5i32), None);
    }
}
