//! What is wrong with a configuration, where, and what to do.

use std::fmt;

use super::{Key, Location, Node, nearest};

/// The way to a value through the keys above it, such as `authn[1].ldap_auth.labels`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyPath(String);

impl KeyPath {
    /// The top of the file.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of a key below this one. A key that is not a plain word is quoted.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-@".contains(c));
        let step = if plain { key.to_owned() } else { format!("{key:?}") };
        self.join(&step)
    }

    /// The path of a list item below this one, counted from 0.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// The path followed by another.
    #[must_use]
    pub fn join(&self, below: &str) -> Self {
        match (self.0.is_empty(), below) {
            (_, "") => self.clone(),
            (true, _) => Self(below.to_owned()),
            (false, _) if below.starts_with('[') => Self(format!("{}{below}", self.0)),
            (false, _) => Self(format!("{}.{below}", self.0)),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that is wrong, or merely worth saying.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub location: Location,
    /// The way to it.
    pub path: KeyPath,
    /// What is wrong and how to cure it. Never contains a secret.
    pub message: String,
}

impl Problem {
    /// A problem.
    pub fn new(location: Location, path: KeyPath, message: impl Into<String>) -> Self {
        Self { location, path, message: message.into() }
    }

    /// A key that nobody knows: names the nearest known key, or all of them.
    pub fn unknown_key(key: &Key, parent: &KeyPath, known: &[&str]) -> Self {
        let text = &key.text;
        let message = match nearest(text, known.iter().copied()) {
            Some(near) => format!("unknown key `{text}`: did you mean `{near}`?"),
            None if known.is_empty() => format!("unknown key `{text}`: no key may stand here"),
            None => format!("unknown key `{text}`: known here: {}", listed(known)),
        };
        Self::new(key.location.clone(), parent.key(text), message)
    }
}

fn listed(known: &[&str]) -> String {
    known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Problem {
    /// `FILE:LINE:COLUMN: PATH: MESSAGE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "{}: {}", self.location, self.message),
            path => write!(f, "{}: {path}: {}", self.location, self.message),
        }
    }
}

/// Something about a part of a section, seen from the section: what a backend or a library has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where the part stands; the section's own place if that is not known.
    pub location: Option<Location>,
    /// The way to the part from the section.
    pub key: KeyPath,
    /// What is wrong, or merely worth saying, and the cure.
    pub message: String,
}

impl Remark {
    /// A remark on a part at a place.
    pub fn new(location: Location, key: KeyPath, message: impl Into<String>) -> Self {
        Self { location: Some(location), key, message: message.into() }
    }

    /// A remark on the section as a whole.
    pub fn on_section(message: impl Into<String>) -> Self {
        Self { location: None, key: KeyPath::root(), message: message.into() }
    }

    /// The same on a part of something larger.
    #[must_use]
    pub fn below(mut self, above: &KeyPath) -> Self {
        self.key = above.join(self.key.as_str());
        self
    }

    /// The remark with its whole path.
    pub fn into_problem(self, section: &Node, path: &KeyPath) -> Problem {
        let location = self.location.unwrap_or_else(|| section.location.clone());
        Problem::new(location, path.join(self.key.as_str()), self.message)
    }
}
