//! What a registry says to somebody whom it does not know (RFC 9110, section 11.6.1).

/// How a client is to prove who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With an account and its password (RFC 7617).
    Basic,
    /// With a token (distribution, `docs/content/spec/auth/token.md`).
    Bearer {
        /// Where there are tokens.
        realm: String,
        /// Whom they are for.
        service: String,
    },
}

impl Challenge {
    /// Reads the value of a header; nothing if it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(' ')?;
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let parameters = parameters(rest);
        let value = |name: &str| {
            let mut named = parameters.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            named.next().map(|(_, value)| value.clone())
        };
        Some(Self::Bearer { realm: value("realm")?, service: value("service").unwrap_or_default() })
    }
}

/// `realm="https://…",service="…"`
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',']).to_owned();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => match after.split_once(',') {
                Some((value, after)) => (value.to_owned(), after),
                None => (after.to_owned(), ""),
            },
        };
        found.push((name, value));
        rest = after;
    }
    found
}

/// The text of a quoted string without its first quote, and what follows it.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let bearer = |realm: &str, service: &str| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.to_owned() })
        };
        for (text, read) in [
            ("Basic realm=\"a, b\"", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://a/auth\",service=\"r\",scope=\"x:y:z,w\"",
                bearer("https://a/auth", "r"),
            ),
            ("bearer service=r, realm=\"a\\\"b\"", bearer("a\"b", "r")),
            ("Bearer scope=\"realm=x\",realm=\"y\"", bearer("y", "")),
            ("Bearer service=\"r\"", None),
            ("Negotiate abc", None),
            ("Bearer", None),
        ] {
            assert_eq!(Challenge::parse(text), read, "{text}");
        }
    }
}
