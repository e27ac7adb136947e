//! The code that people type.

use std::fmt;

use dockgate_api::{Random, RandomError};

/// No vowels, so that no code is a word, and nothing that is mistaken for something else (RFC 8628, section 6.1).
const LETTERS: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];
/// 34 bits: whoever guesses has a few attempts, and minutes.
const LENGTH: usize = 8;
/// The largest multiple of the letters in a byte: above it some letters would be likelier than others.
const FAIR: u8 = 240;
/// A byte is fair nearly always: a generator that draws none in so many is broken.
const MOST_DRAWN: usize = 256;

/// A code such as `BCDF-GHJK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// A code that nobody can guess.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn draw(random: &dyn Random) -> Result<Self, RandomError> {
        let mut code = String::with_capacity(LENGTH);
        for _ in 0..MOST_DRAWN {
            let mut byte = [0];
            random.fill(&mut byte)?;
            let [byte] = byte;
            if byte < FAIR {
                code.extend(LETTERS.get(usize::from(byte) % LETTERS.len()));
            }
            if code.len() == LENGTH {
                return Ok(Self(code));
            }
        }
        Err(RandomError)
    }

    /// What somebody typed, in small letters or with other marks between; none if it cannot be a code.
    pub fn typed(text: &str) -> Option<Self> {
        // Longer than any way to write one: not worth looking at.
        if text.len() > 64 {
            return None;
        }
        let letters = text.chars().filter(|c| !c.is_whitespace() && !c.is_ascii_punctuation());
        let code: String = letters.map(|c| c.to_ascii_uppercase()).collect();
        (code.len() == LENGTH && code.chars().all(|c| LETTERS.contains(&c))).then_some(Self(code))
    }

    /// Its letters alone.
    pub(super) fn letters(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::World;

    use super::*;

    struct Only(u8);

    impl Random for Only {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
            buffer.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn what_is_drawn_can_be_typed_in_any_way() {
        let world = World::new();
        for _ in 0..200 {
            let code = UserCode::draw(world.random.as_ref()).unwrap();
            let shown = code.to_string();
            assert_eq!(shown.len(), 9, "{shown}");
            for typed in [
                shown.clone(),
                shown.to_lowercase(),
                shown.replace('-', ""),
                format!(" {} ", shown.replace('-', " ")),
            ] {
                assert_eq!(UserCode::typed(&typed), Some(code.clone()), "{typed}");
            }
        }
    }

    #[test]
    fn what_is_no_code_is_not_looked_up() {
        for text in ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ1", "ßCDF-GHJK", &"B".repeat(65)] {
            assert_eq!(UserCode::typed(text), None, "{text}");
        }
    }

    #[test]
    fn a_generator_that_is_stuck_gives_no_code() {
        assert_eq!(UserCode::draw(&Only(0)).unwrap().to_string(), "BBBB-BBBB");
        assert_eq!(UserCode::draw(&Only(239)).unwrap().to_string(), "ZZZZ-ZZZZ");
        assert!(UserCode::draw(&Only(240)).is_err(), "above 239 some letters would be likelier");
    }
}
