//! The hash formats, and what can be wrong with a stored hash.

pub(crate) mod bcrypt;
mod error;
#[cfg(test)]
mod tests;

use self::bcrypt::Bcrypt;
pub use self::error::{HashError, NewHashError, Weakness};

/// A stored hash that has been read and can be checked.
pub(crate) enum StoredHash {
    Bcrypt(Bcrypt),
}

/// What a hash costs: unknown accounts imitate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    Bcrypt { cost: u32 },
}

impl StoredHash {
    pub(crate) fn parse(text: &str) -> Result<Self, HashError> {
        if text.is_empty() {
            return Err(HashError::Empty);
        }
        if text.starts_with("$$") {
            return Err(HashError::DoubledDollar);
        }
        if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            return Bcrypt::parse(text).map(Self::Bcrypt);
        }
        Err(error::unsupported(text))
    }

    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Bcrypt(hash) => Shape::Bcrypt { cost: hash.cost() },
        }
    }

    /// Whether a password can belong to a hash of this kind at all; one that cannot costs nothing.
    pub(crate) fn can_take(&self, password: &str) -> bool {
        match self {
            Self::Bcrypt(_) => bcrypt::refusal(password).is_none(),
        }
    }

    /// Computes the hash: slow on purpose.
    pub(crate) fn matches(&self, password: &str) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.matches(password),
        }
    }
}

impl Shape {
    /// A stored hash of this shape that belongs to no password.
    pub(crate) fn dummy(self, seed: &[u8; 64]) -> String {
        match self {
            Self::Bcrypt { cost } => Bcrypt::dummy(cost, seed).text(),
        }
    }
}

/// What the administrator should know about a stored hash that is accepted all the same. Nothing is said of
/// text that is no hash: [`Passwords::accept`](dockgate_api::Passwords::accept) refuses it.
pub fn weakness(stored: &str) -> Option<Weakness> {
    match StoredHash::parse(stored).ok()?.shape() {
        Shape::Bcrypt { cost } if cost < bcrypt::LOWEST_GOOD_COST => Some(Weakness::LowBcryptCost { cost }),
        Shape::Bcrypt { .. } => None,
    }
}
