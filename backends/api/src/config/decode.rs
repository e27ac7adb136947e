//! From a node to a typed configuration, with every problem found at once.
//!
//! serde stops at the first error. Here the node at fault is then left out and decoding starts again, until it
//! succeeds or the fault is the top itself: each round adds one problem. A key that is missing only because its
//! value was left out is no problem of its own.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Entries, Items, LocatedParts, OneEntry};
use super::failure::{Failure, Run, Trail};
use super::{Key, KeyPath, Node, Problem, Value, located, scalar};

/// A longer list in a message helps nobody.
const MOST_KEYS_NAMED: usize = 6;

impl Node {
    /// Decodes a typed configuration. Keys that a struct does not know are refused.
    ///
    /// # Errors
    /// Every problem, in the order of the file; at most 50 of them.
    pub fn decode<T: DeserializeOwned>(&self, path: &KeyPath) -> Result<T, Vec<Problem>> {
        match self.decode_sound_parts(path) {
            (Some(value), problems) if problems.is_empty() => Ok(value),
            (_, problems) => Err(problems),
        }
    }

    /// Decodes what is sound, and finds every problem of the rest: so that what is wrong with the meaning of one part can
    /// be said together with what is wrong with the form of another. There is no value if too much is missing.
    pub fn decode_sound_parts<T: DeserializeOwned>(&self, path: &KeyPath) -> (Option<T>, Vec<Problem>) {
        let run = Run::default();
        let trail = Trail::Root(path);
        loop {
            let failure = match T::deserialize(Decoder { node: self, trail, run: &run }) {
                Ok(value) => return (Some(value), run.into_problems()),
                Err(failure) => failure,
            };
            if !run.leave_out(failure.at(self, trail, &run), self) {
                return (None, run.into_problems());
            }
        }
    }
}

/// serde's view of one node. What a scalar means is decided by what is asked of it.
#[derive(Clone, Copy)]
pub(super) struct Decoder<'p, 'de> {
    pub(super) node: &'de Node,
    pub(super) trail: Trail<'p>,
    pub(super) run: &'p Run,
}

impl<'de> Decoder<'_, 'de> {
    fn plain(&self) -> Option<&'de str> {
        match &self.node.value {
            Value::Scalar { text, quoted: false } if !self.node.is_null() => Some(text),
            Value::Scalar { .. } | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    fn expected(&self, what: &str) -> Failure {
        // Quoted text may have come from the environment, and be a secret in the wrong place.
        let found = match self.plain() {
            Some(text) if text.chars().count() <= 40 => format!("`{}`", text.escape_debug()),
            _ => self.node.describe().to_owned(),
        };
        Failure::Message(format!("expected {what}, found {found}"))
    }

    /// Like [`expected`](Self::expected), where the value itself may be a secret.
    fn expected_shape(&self, what: &str) -> Failure {
        Failure::Message(format!("expected {what}, found {}", self.node.describe()))
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let number = self.plain().and_then(scalar::integer).ok_or_else(|| self.expected("a whole number"))?;
        match (u64::try_from(number), i64::try_from(number)) {
            (Ok(number), _) => visitor.visit_u64(number),
            (_, Ok(number)) => visitor.visit_i64(number),
            _ => Err(self.expected("a smaller number")),
        }
    }

    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let number = self.plain().and_then(scalar::float).ok_or_else(|| self.expected("a number"))?;
        visitor.visit_f64(number)
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.node.as_text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None if self.node.is_null() => {
                Err(self.expected_shape("text (`\"\"` if it is meant to be empty)"))
            }
            None => Err(self.expected_shape("text")),
        }
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let items = self.node.items().ok_or_else(|| self.expected_shape("a list"))?;
        visitor.visit_seq(Items::new(items, self))
    }

    fn mapping<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let entries =
            self.node.entries().ok_or_else(|| self.expected_shape("a mapping of keys to values"))?;
        visitor.visit_map(Entries::new(entries, self))
    }
}

macro_rules! all_as {
    ($kind:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.$kind(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Decoder<'_, 'de> {
    type Error = Failure;

    all_as!(integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
                     deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);
    all_as!(float: deserialize_f32 deserialize_f64);
    all_as!(text: deserialize_str deserialize_string deserialize_char deserialize_identifier
                  deserialize_bytes deserialize_byte_buf);
    all_as!(list: deserialize_seq);
    all_as!(mapping: deserialize_map);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.value {
            Value::Sequence(_) => self.list(visitor),
            Value::Mapping(_) => self.mapping(visitor),
            Value::Scalar { .. } if self.node.is_null() => visitor.visit_unit(),
            Value::Scalar { .. } => match self.plain() {
                Some(text) if scalar::integer(text).is_some() => self.integer(visitor),
                Some(text) if scalar::float(text).is_some() => self.float(visitor),
                Some(text @ ("true" | "false")) => visitor.visit_bool(text == "true"),
                _ => self.text(visitor),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let truth = self.plain().and_then(scalar::boolean).ok_or_else(|| self.expected("true or false"))?;
        visitor.visit_bool(truth)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() { visitor.visit_unit() } else { Err(self.expected_shape("nothing")) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == located::MARKER {
            visitor.visit_seq(LocatedParts::new(self))
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.list(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if self.node.entries().is_none() && (1..=MOST_KEYS_NAMED).contains(&fields.len()) {
            let named = fields.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            return Err(self.expected_shape(&format!("a mapping with keys such as {named}")));
        }
        self.run.refuse_unknown_keys(self.node, self.trail, fields);
        self.mapping(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if let Some(word) = self.node.as_text() {
            if self.plain().is_none() && !variants.contains(&word) {
                let listed = variants.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
                return Err(Failure::Message(format!("this is not one of {listed}")));
            }
            let word: StrDeserializer<'_, Failure> = word.into_deserializer();
            return visitor.visit_enum(word);
        }
        match self.node.entries() {
            Some([entry]) => visitor.visit_enum(OneEntry::new(entry, self)),
            _ => Err(self.expected_shape(&format!("one of {}", variants.join(", ")))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}

/// A key is text and nothing else.
pub(super) struct KeyDecoder<'de>(pub(super) &'de Key);

impl<'de> Deserializer<'de> for KeyDecoder<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_borrowed_str(&self.0.text)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
