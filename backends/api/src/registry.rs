//! Which configuration key makes which backend.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};

use crate::config::{Key, KeyPath, Node, Problem};
use crate::{BuildContext, Configure, Dialect, LabelValues};

/// Configuration keys and the backends they make: a plain value, no global state.
///
/// `B` is `dyn Authenticator` or `dyn Authorizer`.
pub struct Registry<B: ?Sized> {
    factories: BTreeMap<&'static str, Factory<B>>,
}

/// A backend, or everything that is wrong with its section.
type Built<B> = Result<Arc<B>, Vec<Problem>>;

/// Both are plain functions, made from the config type alone.
struct Factory<B: ?Sized> {
    build: fn(&Node, &KeyPath, &BuildContext) -> Built<B>,
    schema: fn(&mut SchemaGenerator) -> Schema,
    label_values: fn(Dialect) -> LabelValues,
}

impl<B: ?Sized> Registry<B> {
    /// No backends yet.
    pub fn new() -> Self {
        Self { factories: BTreeMap::new() }
    }

    /// Lets a key make a backend.
    ///
    /// # Errors
    /// If the key makes one already: in a chain, which backend is meant must be beyond doubt.
    pub fn register<C: Configure<B>>(&mut self, key: &'static str) -> Result<(), KeyTaken> {
        if self.factories.contains_key(key) {
            return Err(KeyTaken(key));
        }
        let factory = Factory {
            build: build::<B, C>,
            schema: SchemaGenerator::subschema_for::<C>,
            label_values: C::label_values,
        };
        self.factories.insert(key, factory);
        Ok(())
    }

    /// Whether the key makes a backend.
    pub fn contains(&self, key: &str) -> bool {
        self.factories.contains_key(key)
    }

    /// The known keys, by name.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.factories.keys().copied()
    }

    /// Makes the backend of a key from the section below it.
    ///
    /// # Errors
    /// Every problem of the section, each with its place. An unknown key names the known ones.
    pub fn build(&self, key: &Key, section: &Node, path: &KeyPath, cx: &BuildContext) -> Built<B> {
        match self.factories.get(key.text.as_ref()) {
            Some(factory) => (factory.build)(section, path, cx),
            None => Err(vec![Problem::unknown_key(key, path, &self.keys().collect::<Vec<_>>())]),
        }
    }

    /// Whether label values of a key's backend act as patterns where the configuration does not say.
    pub fn label_values(&self, key: &str, dialect: Dialect) -> LabelValues {
        self.factories.get(key).map_or(LabelValues::Literal, |factory| (factory.label_values)(dialect))
    }

    /// The JSON Schema of every key's section.
    pub fn schemas(&self, generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        self.factories.iter().map(|(key, factory)| (*key, (factory.schema)(generator))).collect()
    }
}

impl<B: ?Sized> Default for Registry<B> {
    fn default() -> Self {
        Self::new()
    }
}

/// What is wrong with the form of one part and with the meaning of another is said together.
fn build<B: ?Sized, C: Configure<B>>(section: &Node, path: &KeyPath, cx: &BuildContext) -> Built<B> {
    let (config, mut problems): (Option<C>, Vec<Problem>) = section.decode_sound_parts(path);
    let Some(config) = config else { return Err(problems) };
    match config.build(cx) {
        Ok(backend) if problems.is_empty() => Ok(backend),
        Ok(_) => Err(problems),
        Err(error) => {
            problems.extend(error.into_problems(section, path));
            problems.sort_by(|a, b| a.location.cmp(&b.location));
            Err(problems)
        }
    }
}

/// Two backends want the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTaken(pub &'static str);

impl fmt::Display for KeyTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration key `{}` is taken: register the backend under another name", self.0)
    }
}

impl std::error::Error for KeyTaken {}
