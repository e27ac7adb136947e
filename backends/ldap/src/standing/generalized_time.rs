//! Times as directories write them.

/// Seconds since 1970 of a `GeneralizedTime` (RFC 4517 section 3.3.13): `20261231235959Z`, `2026123123Z`,
/// `20261231235959.5+0100`. Fractions of a second are left out.
pub(crate) fn generalized_time(text: &str) -> Option<i64> {
    let mut digits = Digits(text.trim().as_bytes());
    let (year, month, day) = (digits.number(4)?, digits.number(2)?, digits.number(2)?);
    let hour = digits.number(2)?;
    let minute = digits.number(2);
    let second = if minute.is_some() { digits.number(2) } else { None };
    let unit = match (minute, second) {
        (None, _) => 3600,
        (_, None) => 60,
        _ => 1,
    };
    let (minute, second) = (minute.unwrap_or(0), second.unwrap_or(0));
    let fraction = digits.fraction(unit)?;
    let offset = digits.zone()?;
    let is_time = hour <= 23 && minute <= 59 && second <= 60;
    let days = is_time.then(|| days_since_1970(year, month, day))??;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second + fraction - offset)
}

struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn number(&mut self, length: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(length)?;
        let all = number.iter().all(u8::is_ascii_digit);
        self.0 = if all { rest } else { self.0 };
        all.then(|| number.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    }

    /// The part of a unit that stands behind a `.` or `,`, in seconds.
    fn fraction(&mut self, unit: i64) -> Option<i64> {
        let [b'.' | b',', rest @ ..] = self.0 else { return Some(0) };
        self.0 = rest;
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        // Six digits tell a second of an hour; those behind them do not matter.
        let told = length.min(6);
        let part = self.number(told).filter(|_| told > 0)?;
        self.0 = rest.get(length..)?;
        let whole = 10_i64.pow(u32::try_from(told).ok()?);
        Some(unit * part / whole)
    }

    /// `Z`, or how far the zone is ahead, in seconds; it must be the end.
    fn zone(&mut self) -> Option<i64> {
        let (sign, rest) = match self.0 {
            b"Z" => return Some(0),
            [b'+', rest @ ..] => (1, rest),
            [b'-', rest @ ..] => (-1, rest),
            _ => return None,
        };
        self.0 = rest;
        let hours = self.number(2).filter(|hours| *hours <= 23)?;
        let minutes = if self.0.is_empty() { 0 } else { self.number(2).filter(|minutes| *minutes <= 59)? };
        self.0.is_empty().then_some(sign * (hours * 3600 + minutes * 60))
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar; none for a day that does not exist.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(before + (153 * month + 2) / 5 + day - 1 - 719_468)
}
