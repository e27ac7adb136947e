//! From a node to a typed configuration, with every problem found at once.
//!
//! serde stops at the first error. Here the node at fault is then left out and decoding starts again, until it
//! succeeds or the fault is the top itself: each round adds one problem. A key that is missing only because its
//! value was left out is no problem of its own.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Entries, Items, LocatedParts, OneEntry};
use super::{Key, KeyPath, Node, Problem, Value, located, nearest, scalar};

/// How many problems of one section are shown: enough to mend a file, little enough to read, and each costs a round.
const MOST_PROBLEMS: usize = 50;

impl Node {
    /// Decodes a typed configuration. Keys that a struct does not know are refused.
    ///
    /// # Errors
    /// Every problem, in the order of the file.
    pub fn decode<T: DeserializeOwned>(&self, path: &KeyPath) -> Result<T, Vec<Problem>> {
        let run = Run::default();
        let trail = Trail::Root(path);
        loop {
            let decoded = T::deserialize(Decoder { node: self, trail, run: &run });
            let worth_another_round = match decoded {
                Ok(value) if run.is_clean() => return Ok(value),
                Ok(_) => false,
                Err(failure) => run.leave_out(failure.at(self, trail, &run), self),
            };
            if !worth_another_round {
                return Err(run.into_problems());
            }
        }
    }
}

/// What the rounds share.
#[derive(Default)]
pub(super) struct Run {
    problems: RefCell<Vec<Problem>>,
    /// Nodes that are at fault, by identity: the tree does not move while it is decoded.
    left_out: RefCell<HashSet<*const Node>>,
    /// Mappings that have lost a key this way.
    robbed: RefCell<HashSet<(*const Node, String)>>,
}

impl Run {
    pub(super) fn is_left_out(&self, node: &Node) -> bool {
        let left_out = self.left_out.borrow();
        !left_out.is_empty() && left_out.contains(&std::ptr::from_ref(node))
    }

    pub(super) fn note_robbed(&self, mapping: &Node, key: &Key) {
        self.robbed.borrow_mut().insert((std::ptr::from_ref(mapping), key.text.to_string()));
    }

    fn refuse_unknown_keys(&self, mapping: &Node, trail: Trail<'_>, known: &[&'static str]) {
        for entry in mapping.entries().unwrap_or_default() {
            if !known.contains(&entry.key.text.as_ref())
                && self.left_out.borrow_mut().insert(std::ptr::from_ref(&entry.value))
            {
                self.problems.borrow_mut().push(Problem::unknown_key(&entry.key, &trail.path(), known));
            }
        }
    }

    /// Whether another round makes sense.
    fn leave_out(&self, failure: Failure, top: &Node) -> bool {
        let Failure::At { node, problem } = failure else { return false };
        self.problems.borrow_mut().extend(problem);
        !std::ptr::eq(node, top)
            && self.problems.borrow().len() < MOST_PROBLEMS
            && self.left_out.borrow_mut().insert(node)
    }

    fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|a, b| a.location.cmp(&b.location));
        problems
    }
}

/// The way to a node, made into text only when there is something to say.
#[derive(Clone, Copy)]
pub(super) enum Trail<'p> {
    Root(&'p KeyPath),
    Key(&'p Trail<'p>, &'p str),
    Item(&'p Trail<'p>, usize),
}

impl Trail<'_> {
    fn path(self) -> KeyPath {
        match self {
            Self::Root(path) => path.clone(),
            Self::Key(above, key) => above.path().key(key),
            Self::Item(above, index) => above.path().item(index),
        }
    }
}

/// Why decoding stopped.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something is wrong with the value that is being decoded.
    Message(String),
    /// A mapping lacks a key.
    Missing(&'static str),
    /// Placed. Without a problem it is only the consequence of one that is known.
    At { node: *const Node, problem: Option<Problem> },
}

impl Failure {
    /// Places what has no place yet: the innermost node that is asked gets it.
    pub(super) fn at(self, node: &Node, trail: Trail<'_>, run: &Run) -> Self {
        let message = match self {
            Self::At { .. } => return self,
            Self::Message(message) => message,
            Self::Missing(key) => {
                let address = std::ptr::from_ref(node);
                if run.robbed.borrow().contains(&(address, key.to_owned())) {
                    return Self::At { node: address, problem: None };
                }
                format!("the key `{key}` is missing")
            }
        };
        let problem = Problem::new(node.location.clone(), trail.path(), message);
        Self::At { node, problem: Some(problem) }
    }
}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Message(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Message(format!("expected {expected}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Message(format!("{found} is out of range: expected {expected}"))
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        let listed = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        Self::Message(match nearest(found, known.iter().copied()) {
            Some(near) => format!("`{found}` is not one of {listed}: did you mean `{near}`?"),
            None => format!("`{found}` is not one of {listed}"),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Missing(key) => write!(f, "the key `{key}` is missing"),
            Self::At { problem: Some(problem), .. } => problem.fmt(f),
            Self::At { problem: None, .. } => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

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
        let found = match self.node.as_text() {
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
