//! What a rule can be found by: the fixed start or end of a pattern.

use dockgate_api::AccessRequest;

use super::hash::{Key, Rolling};
use crate::rule::field_text;
use crate::template::{StartPart, Template};
use crate::variable::Field;

/// The form of a key: which part of which field it is made of. Keys of one form are found by one look.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Shape {
    /// The whole text.
    Whole(Field),
    /// So many bytes at its start.
    Start(Field, usize),
    /// A start with the request's values in it.
    Mixed(Field, Box<[Part]>, Extent),
    /// So many bytes at its end.
    End(Field, usize),
    /// So many bytes anywhere in it.
    Inside(Field, usize),
}

/// How long the texts are that are looked for anywhere.
const INSIDE: [usize; 8] = [32, 24, 16, 12, 8, 6, 4, 3];

/// A part of a mixed start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    /// So many bytes of the key.
    Bytes(usize),
    /// The request's value of a field.
    Value(Field),
}

/// Whether text may follow a mixed start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Extent {
    Whole,
    Open,
}

impl Shape {
    /// The key of a pattern's start, the part before its first variable, and its end, as far as it has them.
    pub(super) fn all(field: Field, template: &Template) -> impl Iterator<Item = (Self, Key)> {
        let start = Self::start(field, template);
        let before_variable = template.literal_prefix();
        let mixed = matches!(start, Some((Self::Mixed(..), _))) && !before_variable.is_empty();
        let before_variable = mixed.then(|| Self::of_start(field, before_variable));
        let end = Some(template.literal_end())
            .filter(|end| !end.is_empty())
            .map(|end| (Self::End(field, end.len()), end.bytes().rev().fold(end_seed(field), push).key()));
        [start, before_variable, end].into_iter().flatten().chain(Self::inside(field, template.required()))
    }

    /// The first and the last bytes of a text that may stand anywhere.
    fn inside(field: Field, text: &str) -> impl Iterator<Item = (Self, Key)> {
        let length = INSIDE.into_iter().find(|length| *length <= text.len());
        length.into_iter().flat_map(move |length| {
            let bytes = text.as_bytes();
            let ends = [bytes.get(..length), bytes.get(bytes.len() - length..)];
            ends.into_iter()
                .flatten()
                .map(move |window| (Self::Inside(field, length), inside_key(field, window)))
        })
    }

    fn start(field: Field, template: &Template) -> Option<(Self, Key)> {
        if let Some(text) = template.literal() {
            return Some((Self::Whole(field), whole_key(field, text)));
        }
        let parts: Box<[Part]> = template
            .start()
            .map(|part| match part {
                StartPart::Text(text) => Part::Bytes(text.len()),
                StartPart::Value(field) => Part::Value(field),
            })
            .collect();
        match *parts {
            [] => None,
            [Part::Bytes(_)] => Some(Self::of_start(field, template.literal_prefix())),
            _ => {
                let extent = if template.start_is_all() { Extent::Whole } else { Extent::Open };
                let key = template.start().fold(mixed_seed(field, &parts, extent), |key, part| match part {
                    StartPart::Text(text) => key.with(text),
                    StartPart::Value(_) => key,
                });
                Some((Self::Mixed(field, parts, extent), key.key()))
            }
        }
    }

    fn of_start(field: Field, start: &str) -> (Self, Key) {
        (Self::Start(field, start.len()), start_seed(field).with(start).key())
    }

    pub(super) fn field(&self) -> Field {
        match self {
            Self::Whole(field)
            | Self::Start(field, _)
            | Self::Mixed(field, ..)
            | Self::End(field, _)
            | Self::Inside(field, _) => *field,
        }
    }

    /// The key of this form that a request has, if it can have only one and has it.
    pub(super) fn key(&self, request: &AccessRequest<'_>) -> Option<Key> {
        let text = field_text(request, self.field());
        match self {
            Self::Whole(field) => Some(whole_key(*field, text)),
            Self::Start(field, len) => {
                Some(text.as_bytes().get(..*len)?.iter().copied().fold(start_seed(*field), push).key())
            }
            Self::End(field, len) => {
                let end = text.as_bytes().get(text.len().checked_sub(*len)?..)?;
                Some(end.iter().rev().copied().fold(end_seed(*field), push).key())
            }
            Self::Inside(..) => None,
            Self::Mixed(field, parts, extent) => {
                let mut rest = text.as_bytes();
                let mut key = mixed_seed(*field, parts, *extent);
                for part in parts {
                    match part {
                        Part::Bytes(len) => {
                            let (bytes, after) = rest.split_at_checked(*len)?;
                            key = bytes.iter().copied().fold(key, push);
                            rest = after;
                        }
                        Part::Value(of) => {
                            let value = field_text(request, *of);
                            rest = rest.strip_prefix(value.as_bytes()).filter(|_| !value.is_empty())?;
                        }
                    }
                }
                (*extent == Extent::Open || rest.is_empty()).then(|| key.key())
            }
        }
    }
}

pub(super) fn push(mut key: Rolling, byte: u8) -> Rolling {
    key.push(byte);
    key
}

pub(super) fn whole_key(field: Field, text: &str) -> Key {
    seed(field, 0).with(text).key()
}

pub(super) fn start_seed(field: Field) -> Rolling {
    seed(field, 1)
}

pub(super) fn end_seed(field: Field) -> Rolling {
    seed(field, 2)
}

pub(super) fn inside_key(field: Field, window: &[u8]) -> Key {
    window.iter().copied().fold(seed(field, 5), push).key()
}

fn mixed_seed(field: Field, parts: &[Part], extent: Extent) -> Rolling {
    let parts = parts.iter().fold(seed(field, if extent == Extent::Whole { 3 } else { 4 }), |key, part| {
        let (kind, number) = match part {
            Part::Bytes(len) => (0, *len),
            Part::Value(field) => (1, *field as usize),
        };
        number.to_le_bytes().into_iter().fold(push(key, kind), push)
    });
    parts.apart()
}

fn seed(field: Field, kind: u64) -> Rolling {
    Rolling::new(kind * 8 + field as u64)
}
