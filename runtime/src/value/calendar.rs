//! The proleptic Gregorian calendar, as arithmetic on days.
//!
//! Years begin in March, so that the leap day is the last day of its year. The formulas are Howard
//! Hinnant's (<https://howardhinnant.github.io/date_algorithms.html>).
//!
//! `jiff` supports the years from -9999 to 9999. Files have days of 32 bits and instants of 64
//! bits, which may be millions of years away and are read and written like others.

/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Days since 1970-01-01. The month and day must exist.
pub(super) const fn days_of(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i64 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH
}

/// Year, month and day.
pub(super) const fn parts_of(days: i64) -> (i64, u32, u32) {
    let days = days + EPOCH;
    let era = days.div_euclid(ERA_DAYS);
    // At most 146,096. So the rest fits into 32 bits, where division is fast.
    let day_of_era = days.rem_euclid(ERA_DAYS) as u32;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era as i64 + (month <= 2) as i64;
    (year, month, day)
}

/// Number of days of a month. 0 if the month does not exist.
pub(super) const fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_counting_day_by_day() {
        let (mut year, mut month, mut day) = (-801, 1, 1);
        let first = days_of(year, month, day);
        for days in first..first + 5 * ERA_DAYS {
            assert_eq!((days_of(year, month, day), parts_of(days)), (days, (year, month, day)));
            day += 1;
            if day > days_in_month(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!(days_of(1970, 1, 1), 0);
    }
}
