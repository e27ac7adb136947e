//! What statements are given, and strings as the server can hold them.

use std::borrow::Cow;
use std::time::SystemTime;

use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;

use crate::record::milliseconds;

/// One of a statement's parameters.
#[derive(Clone, Debug)]
pub(super) enum Parameter<'a> {
    Text(Cow<'a, str>),
    Maybe(Option<Cow<'a, str>>),
    Number(i64),
    MaybeNumber(Option<i64>),
    Bytes(&'a [u8]),
}

impl<'a> Parameter<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(escape(text))
    }

    pub(super) fn maybe(text: Option<&'a str>) -> Self {
        Self::Maybe(text.map(escape))
    }

    pub(super) fn time(time: SystemTime) -> Self {
        Self::Number(number(milliseconds(time)))
    }

    pub(super) fn maybe_time(time: Option<SystemTime>) -> Self {
        Self::MaybeNumber(time.map(|time| number(milliseconds(time))))
    }

    pub(super) fn amount(amount: u64) -> Self {
        Self::Number(number(amount))
    }
}

/// The server's numbers end there.
fn number(of: u64) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

pub(super) fn arguments(parameters: &[Parameter<'_>]) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    for parameter in parameters {
        match parameter {
            Parameter::Text(text) => arguments.add(text.as_ref())?,
            Parameter::Maybe(text) => arguments.add(text.as_deref())?,
            Parameter::Number(number) => arguments.add(*number)?,
            Parameter::MaybeNumber(number) => arguments.add(*number)?,
            Parameter::Bytes(bytes) => arguments.add(*bytes)?,
        }
    }
    Ok(arguments)
}

/// `PostgreSQL` cannot hold U+0000 in a text, and what comes from outside may have one.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '\0']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('\\', "\\\\").replace('\0', "\\0"))
}

/// None if nothing was ever written so.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next()? {
                '\\' => '\\',
                '0' => '\0',
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(plain)
}
