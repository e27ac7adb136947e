//! The parts of lists, mappings and places, as serde asks for them.

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use serde::forward_to_deserialize_any;

use super::decode::{Decoder, KeyDecoder};
use super::failure::{Failure, Trail};
use super::{Entry, Node};

/// The items of a list.
pub(super) struct Items<'p, 'de> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
    list: Decoder<'p, 'de>,
}

impl<'p, 'de> Items<'p, 'de> {
    pub(super) fn new(items: &'de [Node], list: Decoder<'p, 'de>) -> Self {
        Self { items: items.iter().enumerate(), list }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let run = self.list.run;
        let Some((index, node)) = self.items.find(|(_, node)| !run.is_left_out(node)) else {
            return Ok(None);
        };
        let trail = Trail::Item(&self.list.trail, index);
        let item = Decoder { node, trail, run };
        seed.deserialize(item).map(Some).map_err(|failure| failure.at(node, trail, run))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The keys and values of a mapping.
pub(super) struct Entries<'p, 'de> {
    rest: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
    mapping: Decoder<'p, 'de>,
}

impl<'p, 'de> Entries<'p, 'de> {
    pub(super) fn new(entries: &'de [Entry], mapping: Decoder<'p, 'de>) -> Self {
        Self { rest: entries.iter(), current: None, mapping }
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let run = self.mapping.run;
        loop {
            let Some(entry) = self.rest.next() else { return Ok(None) };
            if run.is_left_out(&entry.value) {
                run.note_robbed(self.mapping.node, &entry.key);
                continue;
            }
            self.current = Some(entry);
            let trail = Trail::Key(&self.mapping.trail, &entry.key.text);
            let key = seed.deserialize(KeyDecoder(&entry.key));
            return key.map(Some).map_err(|failure| failure.at(&entry.value, trail, run));
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        let Some(entry) = self.current.take() else {
            return Err(Failure::Message("a value was asked for before its key".to_owned()));
        };
        let trail = Trail::Key(&self.mapping.trail, &entry.key.text);
        let value = Decoder { node: &entry.value, trail, run: self.mapping.run };
        seed.deserialize(value).map_err(|failure| failure.at(&entry.value, trail, self.mapping.run))
    }
}

/// A mapping of one key that names a variant.
pub(super) struct OneEntry<'p, 'de> {
    entry: &'de Entry,
    mapping: Decoder<'p, 'de>,
}

impl<'p, 'de> OneEntry<'p, 'de> {
    pub(super) fn new(entry: &'de Entry, mapping: Decoder<'p, 'de>) -> Self {
        Self { entry, mapping }
    }

    fn content<T>(&self, decode: impl FnOnce(Decoder<'_, 'de>) -> Result<T, Failure>) -> Result<T, Failure> {
        let trail = Trail::Key(&self.mapping.trail, &self.entry.key.text);
        let content = Decoder { node: &self.entry.value, trail, run: self.mapping.run };
        decode(content).map_err(|failure| failure.at(&self.entry.value, trail, self.mapping.run))
    }
}

impl<'de> EnumAccess<'de> for OneEntry<'_, 'de> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Failure> {
        Ok((seed.deserialize(KeyDecoder(&self.entry.key))?, self))
    }
}

impl<'de> VariantAccess<'de> for OneEntry<'_, 'de> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        self.content(|content| {
            if content.node.is_null() {
                Ok(())
            } else {
                Err(Failure::Message("expected nothing here".to_owned()))
            }
        })
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        self.content(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Failure> {
        self.content(|content| content.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.content(|content| content.deserialize_struct("", fields, visitor))
    }
}

/// File, line, column, index and value, for [`Located`](super::Located).
pub(super) struct LocatedParts<'p, 'de> {
    next: u8,
    value: Decoder<'p, 'de>,
}

impl<'p, 'de> LocatedParts<'p, 'de> {
    pub(super) fn new(value: Decoder<'p, 'de>) -> Self {
        Self { next: 0, value }
    }
}

impl<'de> SeqAccess<'de> for LocatedParts<'_, 'de> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let location = &self.value.node.location;
        self.next += 1;
        let number = |number: u32| -> U32Deserializer<Failure> { number.into_deserializer() };
        match self.next {
            1 => {
                let file: StrDeserializer<'_, Failure> = location.file.as_ref().into_deserializer();
                seed.deserialize(file).map(Some)
            }
            2 => seed.deserialize(number(location.line)).map(Some),
            3 => seed.deserialize(number(location.column)).map(Some),
            4 => seed.deserialize(Index(self.value.trail.index())).map(Some),
            5 => seed.deserialize(self.value).map(Some),
            _ => Ok(None),
        }
    }
}

/// A number that may not be there.
struct Index(Option<usize>);

impl<'de> Deserializer<'de> for Index {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            None => visitor.visit_none(),
            Some(index) => visitor.visit_some(IntoDeserializer::<Failure>::into_deserializer(index)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
