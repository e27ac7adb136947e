//! What a credential looks like to its owner, and what of it is stored.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{Encoding, HEXLOWER, Specification};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{CredentialId, Random, RandomError, Shelf};
use std::sync::LazyLock;

/// 256 bits.
const RANDOM: usize = 32;
/// What tells a credential of ours from a password that begins alike, and one that was cut when it was copied.
const CHECKSUM: usize = 4;
/// 36 bytes in base 32.
const LETTERS: usize = 58;
/// So many of them are no accident.
const MOST_LETTERS: usize = 40;
/// Of a record's key in logs and lists: enough to tell credentials apart, and no way back to one.
const ID: usize = 16;

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// For a client that logged in: in place of its password.
    RefreshToken,
    /// For a robot, made by an administrator.
    ApiToken,
    /// For whoever signed in through a browser.
    AppPassword,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::RefreshToken, Self::ApiToken, Self::AppPassword];

    /// What it begins with: for those who search for lost ones, and so that none ever reaches a backend.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::RefreshToken => "dgr_",
            Self::ApiToken => "dga_",
            Self::AppPassword => "dgp_",
        }
    }

    /// Where its records are.
    pub fn shelf(self) -> Shelf {
        match self {
            Self::RefreshToken => Shelf::RefreshTokens,
            Self::ApiToken => Shelf::ApiTokens,
            Self::AppPassword => Shelf::AppPasswords,
        }
    }

    /// As logs, lists and commands call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh token",
            Self::ApiToken => "API token",
            Self::AppPassword => "app password",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A credential that somebody shows. Whether there is such a one is the store's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// What it claims to be.
    pub kind: Kind,
    /// The key of its record: the hash of the whole text. Nobody can choose an input by its hash, so that looking one up
    /// tells nothing by the time it takes.
    pub key: String,
}

impl Presented {
    /// What it is called where people read.
    pub fn id(&self) -> CredentialId {
        id_of(&self.key)
    }
}

/// A new credential: shown once, never stored.
pub struct Minted {
    /// For its owner.
    pub secret: SecretString,
    /// For the store.
    pub key: String,
}

static LOWER_BASE32: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().ok()
});

/// The credential of ours that a password is; none if it is somebody's own.
pub fn recognise(password: &SecretString) -> Option<Presented> {
    let text = password.expose_secret();
    let kind = Kind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
    let letters = text.strip_prefix(kind.prefix()).filter(|letters| letters.len() == LETTERS)?;
    let bytes = LOWER_BASE32.as_ref()?.decode(letters.as_bytes()).ok()?;
    let (random, sum) = bytes.split_at_checked(RANDOM)?;
    (checksum(kind, random) == sum).then(|| Presented { kind, key: key(text) })
}

/// Whether a text holds a credential of ours, or most of one: a line's end was copied with it, or a letter was not, or it
/// stands where something else belongs. Whoever sees such a text has the credential.
pub fn gives_away(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_letter = |byte: &u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
    let follows = |prefix: &str| {
        let places =
            text.match_indices(prefix).filter_map(|(at, _)| text.as_bytes().get(at + prefix.len()..));
        places.into_iter().any(|rest| rest.iter().take_while(|byte| is_letter(byte)).count() >= MOST_LETTERS)
    };
    Kind::ALL.into_iter().any(|kind| follows(kind.prefix()))
}

/// A new credential.
///
/// # Errors
/// If there is no randomness.
pub(super) fn mint(kind: Kind, random: &dyn Random) -> Result<Minted, RandomError> {
    let mut bytes = [0; RANDOM];
    random.fill(&mut bytes)?;
    let encoding = LOWER_BASE32.as_ref().ok_or(RandomError)?;
    let letters = encoding.encode(&[&bytes[..], &checksum(kind, &bytes)].concat());
    let text = format!("{}{letters}", kind.prefix());
    let key = key(&text);
    Ok(Minted { secret: SecretString::from(text), key })
}

fn checksum(kind: Kind, random: &[u8]) -> Vec<u8> {
    let hash = digest(&SHA256, &[kind.prefix().as_bytes(), random].concat());
    hash.as_ref().iter().copied().take(CHECKSUM).collect()
}

fn key(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

/// What the credential of a record is called where people read.
pub(super) fn id_of(key: &str) -> CredentialId {
    CredentialId(key.chars().take(ID).collect())
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::World;
    use proptest::prelude::*;

    use super::*;

    fn minted(kind: Kind) -> Minted {
        mint(kind, World::new().random.as_ref()).unwrap()
    }

    #[test]
    fn what_was_minted_is_recognised_and_nothing_else_is() {
        for kind in Kind::ALL {
            let Minted { secret, key } = minted(kind);
            let text = secret.expose_secret();
            assert_eq!(text.len(), 62, "{text}");
            assert_eq!(recognise(&secret), Some(Presented { kind, key }));
            for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
                let renamed = text.replace(kind.prefix(), other.prefix());
                assert_eq!(recognise(&renamed.into()), None, "the checksum knows the kind");
            }
            for wrong in [&text[..61], &format!("{text}a"), &text.to_uppercase(), &format!(" {text}")] {
                assert_eq!(recognise(&SecretString::from(wrong.to_owned())), None, "{wrong}");
            }
        }
        assert_eq!(recognise(&SecretString::from("dgr_but a password all the same".to_owned())), None);
    }

    #[test]
    fn an_id_is_the_beginning_of_a_hash() {
        let Minted { secret, key } = minted(Kind::ApiToken);
        assert_eq!(key.len(), 64);
        assert!(!key.contains(secret.expose_secret()));
        assert_eq!(id_of(&key).0, key[..16]);
    }

    proptest! {
        #[test]
        fn one_letter_changed_is_no_credential(place in 4_usize..62, letter in "[a-z2-7]") {
            let text = minted(Kind::RefreshToken).secret.expose_secret().to_owned();
            let mut changed = text.clone();
            changed.replace_range(place..=place, &letter);
            prop_assert_eq!(recognise(&SecretString::from(changed.clone())).is_some(), changed == text);
        }

        #[test]
        fn any_text_is_read_without_harm(text in "(dg[rap]_)?\\PC{0,80}") {
            let _ = recognise(&SecretString::from(text));
        }
    }
}
