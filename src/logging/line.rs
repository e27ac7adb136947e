//! One line, written by hand: a logging framework costs more than the decision that the line tells of.

use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::time::SystemTime;

use dockgate_api::RequestId;
use time::OffsetDateTime;

use crate::config::log::LogFormat;
use crate::scope::is_unprintable;

/// Room for a usual line.
const USUAL: usize = 448;

/// A line that is being written: time, level, message, then fields in order.
#[derive(Debug)]
pub(crate) struct Line {
    format: LogFormat,
    bytes: Vec<u8>,
}

/// A value between quotes. What could end it, end the line or move the cursor is written with escapes.
#[derive(Debug)]
pub struct Quoted<'l>(&'l mut Line);

impl Line {
    /// The beginning, as the other lines of the log have it.
    pub(crate) fn new(format: LogFormat, time: SystemTime, level: &str, message: &str) -> Self {
        let mut line = Self { format, bytes: Vec::with_capacity(USUAL) };
        match format {
            LogFormat::Text => {
                line.timestamp(time);
                line.raw(" ");
                (level.len()..5).for_each(|_| line.raw(" "));
                line.raw(level);
                line.raw(" ");
                line.raw(message);
            }
            LogFormat::Json => {
                line.raw("{\"timestamp\":\"");
                line.timestamp(time);
                line.raw("\",\"level\":\"");
                line.raw(level);
                line.raw("\",\"message\":\"");
                line.raw(message);
                line.raw("\"");
            }
        }
        line
    }

    /// JSON of one's own from its first byte on, with room for so many.
    pub(crate) fn json(room: usize) -> Self {
        Self { format: LogFormat::Json, bytes: Vec::with_capacity(room) }
    }

    /// A value between quotes without a name.
    pub(crate) fn value(&mut self, write: impl FnOnce(&mut Quoted<'_>)) {
        self.raw("\"");
        write(&mut Quoted(self));
        self.raw("\"");
    }

    /// What was written so far.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A field whose value is written piece by piece.
    pub(crate) fn quoted(&mut self, name: &str, write: impl FnOnce(&mut Quoted<'_>)) {
        self.name(name);
        self.value(write);
    }

    /// A field with a value that is one plain word, which the text format leaves without quotes.
    pub(crate) fn word(&mut self, name: &str, write: impl FnOnce(&mut Quoted<'_>)) {
        self.name(name);
        if self.format == LogFormat::Json {
            self.raw("\"");
        }
        write(&mut Quoted(self));
        if self.format == LogFormat::Json {
            self.raw("\"");
        }
    }

    /// The whole line with its end.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.raw(match self.format {
            LogFormat::Text => "\n",
            LogFormat::Json => "}\n",
        });
        self.bytes
    }

    fn name(&mut self, name: &str) {
        match self.format {
            LogFormat::Text => {
                self.raw(" ");
                self.raw(name);
                self.raw("=");
            }
            LogFormat::Json => {
                self.raw(",\"");
                self.raw(name);
                self.raw("\":");
            }
        }
    }

    /// As it is.
    pub(crate) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// `2026-11-22T04:30:47.012345Z` (RFC 3339).
    pub(crate) fn timestamp(&mut self, time: SystemTime) {
        let time = OffsetDateTime::from(time);
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second, micro) = time.to_hms_micro();
        self.digits(year.unsigned_abs(), 4);
        self.raw("-");
        self.digits(u8::from(month).into(), 2);
        self.raw("-");
        self.digits(day.into(), 2);
        self.raw("T");
        self.digits(hour.into(), 2);
        self.raw(":");
        self.digits(minute.into(), 2);
        self.raw(":");
        self.digits(second.into(), 2);
        self.raw(".");
        self.digits(micro, 6);
        self.raw("Z");
    }

    fn digits(&mut self, number: u32, width: u32) {
        for place in (0..width).rev() {
            let [digit, ..] = (number / 10_u32.pow(place) % 10).to_le_bytes();
            self.bytes.push(b'0' + digit);
        }
    }
}

impl Quoted<'_> {
    /// More of the value, of which is known that it needs no escapes.
    pub fn plain(&mut self, text: &'static str) {
        self.0.raw(text);
    }

    /// 16 hexadecimal digits.
    pub(crate) fn id(&mut self, id: RequestId) {
        for byte in id.bits().to_be_bytes() {
            for digit in [byte >> 4, byte & 15] {
                self.0.bytes.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
            }
        }
    }

    /// An address, or a dash for none.
    pub(crate) fn address(&mut self, address: Option<IpAddr>) {
        match address {
            None => self.plain("-"),
            Some(IpAddr::V6(address)) => _ = write!(self, "{address}"),
            // Most are of this kind, and the formatter takes longer than all the rest of the line.
            Some(IpAddr::V4(address)) => {
                for (place, octet) in address.octets().into_iter().enumerate() {
                    if place > 0 {
                        self.plain(".");
                    }
                    let width = if octet > 99 {
                        3
                    } else if octet > 9 {
                        2
                    } else {
                        1
                    };
                    self.0.digits(octet.into(), width);
                }
            }
        }
    }

    /// More of the value.
    pub fn push(&mut self, text: &str) {
        let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        // Counting looks at many bytes at a time, stopping at the first would not.
        if text.bytes().filter(|byte| !plain(*byte)).count() == 0 {
            self.0.raw(text);
        } else {
            text.chars().for_each(|c| self.escaped(c));
        }
    }

    fn escaped(&mut self, c: char) {
        let line = &mut *self.0;
        match c {
            '"' => line.raw("\\\""),
            '\\' => line.raw("\\\\"),
            '\n' => line.raw("\\n"),
            '\r' => line.raw("\\r"),
            '\t' => line.raw("\\t"),
            _ if is_unprintable(c) => {
                let number = u32::from(c);
                let text = match line.format {
                    LogFormat::Text => format!("\\u{{{number:x}}}"),
                    LogFormat::Json => format!("\\u{number:04x}"),
                };
                line.raw(&text);
            }
            _ => line.raw(c.encode_utf8(&mut [0; 4])),
        }
    }
}

impl fmt::Write for Quoted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    fn line(format: LogFormat, account: &str) -> String {
        let time = UNIX_EPOCH + Duration::from_micros(1_795_321_847_012_345);
        let mut line = Line::new(format, time, "INFO", "decided");
        line.word("request_id", |id| id.id(RequestId::from_bits(0x0123_4567_89ab_cdef)));
        line.word("client", |client| client.address(Some([10, 0, 200, 9].into())));
        line.quoted("account", |value| value.push(account));
        String::from_utf8(line.finish()).unwrap()
    }

    #[test]
    fn both_formats() {
        assert_eq!(
            line(LogFormat::Text, "ali\"ce\u{202e}\n\u{e9}"),
            "2026-11-22T04:30:47.012345Z  INFO decided request_id=0123456789abcdef client=10.0.200.9 account=\"ali\\\"ce\\u{202e}\\n\u{e9}\"\n"
        );
        assert_eq!(
            line(LogFormat::Json, "ali\"ce\u{202e}\u{7f}"),
            "{\"timestamp\":\"2026-11-22T04:30:47.012345Z\",\"level\":\"INFO\",\"message\":\"decided\",\"request_id\":\"0123456789abcdef\",\
             \"client\":\"10.0.200.9\",\"account\":\"ali\\\"ce\\u202e\\u007f\"}\n"
        );
    }

    #[test]
    fn ids_and_addresses_as_everywhere_else() {
        let written = |write: &dyn Fn(&mut Quoted<'_>)| {
            let mut line = Line { format: LogFormat::Text, bytes: Vec::new() };
            write(&mut Quoted(&mut line));
            String::from_utf8(line.bytes).unwrap()
        };
        for bits in [0, 10, u64::MAX, 0xfedc_ba98_7654_3210] {
            let id = RequestId::from_bits(bits);
            assert_eq!(written(&|to| to.id(id)), id.to_string());
        }
        for address in ["0.0.0.0", "9.10.99.100", "255.255.255.255", "::1", "2001:db8::9"] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(written(&|to| to.address(Some(parsed))), address);
        }
        assert_eq!(written(&|to| to.address(None)), "-");
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back_and_stays_one_line(account in "\\PC{0,20}|[\"\\\\\u{0}-\u{a0}\u{2028}\u{202e}]{0,20}") {
            let json = line(LogFormat::Json, &account);
            let read: serde_json::Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read["account"].as_str(), Some(account.as_str()));
            for written in [json, line(LogFormat::Text, &account)] {
                prop_assert!(!written.trim_end_matches('\n').chars().any(is_unprintable), "{written}");
            }
        }
    }
}
