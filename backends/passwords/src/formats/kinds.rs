//! Telling kinds of hashes apart by their beginnings.

use super::apr1::Apr1;
use super::sha1::Sha1;
use super::{HashError, StoredHash};

/// A kind that is read in htpasswd files and nowhere else.
pub(super) struct OnlyHtpasswd {
    prefix: &'static str,
    /// Its usual name.
    pub(super) name: &'static str,
    form: &'static str,
    read: fn(&str) -> Option<StoredHash>,
}

const ONLY_HTPASSWD: [OnlyHtpasswd; 3] = [
    OnlyHtpasswd {
        prefix: "$apr1$",
        name: "Apache MD5",
        form: "`$apr1$`, up to 8 characters of salt, `$`, and 22 characters",
        read: |text| Apr1::parse(text).map(StoredHash::Apr1),
    },
    OnlyHtpasswd {
        prefix: "{SHA}",
        name: "unsalted SHA-1",
        form: "`{SHA}` and 28 characters of base 64",
        read: |text| Sha1::parse(text).map(StoredHash::Sha1),
    },
    OnlyHtpasswd {
        prefix: "{SSHA}",
        name: "salted SHA-1",
        form: "`{SSHA}` and base 64 of 20 bytes and a salt",
        read: |text| Sha1::parse(text).map(StoredHash::Sha1),
    },
];

impl OnlyHtpasswd {
    pub(super) fn parse(&self, text: &str) -> Result<StoredHash, HashError> {
        (self.read)(text).ok_or(HashError::Damaged { kind: self.name, form: self.form })
    }
}

pub(super) fn only_htpasswd(text: &str) -> Option<&'static OnlyHtpasswd> {
    ONLY_HTPASSWD.iter().find(|kind| text.starts_with(kind.prefix))
}

/// Names the kind of a text that is read nowhere.
pub(super) fn unsupported(text: &str) -> HashError {
    const KINDS: [(&str, &str); 16] = [
        ("$2$", "old bcrypt (`$2$`)"),
        ("$argon2i$", "argon2i"),
        ("$argon2d$", "argon2d"),
        ("$argon2", "argon2 of an unknown kind"),
        ("$1$", "MD5 crypt (`$1$`)"),
        ("$3$", "NT"),
        ("$md5", "Sun MD5"),
        ("$sha1$", "SHA-1 crypt"),
        ("$7$", "scrypt"),
        ("$scrypt$", "scrypt"),
        ("$y$", "yescrypt"),
        ("$gy$", "gost-yescrypt"),
        ("$pbkdf2", "PBKDF2"),
        ("$P$", "phpass"),
        ("{CRYPT}", "`{CRYPT}`"),
        ("_", "extended DES crypt"),
    ];
    if text.starts_with("$2x$") {
        return HashError::FaultyBcrypt;
    }
    let kind = KINDS.iter().find(|(prefix, _)| text.starts_with(prefix));
    match kind {
        // A word may begin with `_`, too.
        Some(("_", kind)) if is_crypt_text(text.get(1..).unwrap_or_default(), 19) => {
            HashError::Unsupported { kind }
        }
        Some(("_", _)) => HashError::PlainText,
        Some((_, kind)) => HashError::Unsupported { kind },
        None if is_crypt_text(text, 13) => HashError::DesCrypt,
        None if text.starts_with("{PLAIN}") => HashError::PlainText,
        None if text.starts_with('{') && text.contains('}') => {
            HashError::Unsupported { kind: "such `{…}`" }
        }
        None => HashError::PlainText,
    }
}

fn is_crypt_text(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte))
}
