//! Distinguished names, as far as a search needs them (RFC 4514).

/// A name to compare by: types and values in lower case and without the spaces that do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Dn(Vec<Rdn>);

type Rdn = Vec<(String, Vec<u8>)>;

impl Dn {
    /// Nothing if the text is no distinguished name.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        let mut rdns = vec![Rdn::new()];
        for (separator, part) in Assertions(Some(text)) {
            if separator == Some(',') {
                rdns.push(Rdn::new());
            }
            rdns.last_mut()?.push(assertion(part)?);
        }
        for rdn in &mut rdns {
            rdn.sort();
        }
        Some(Self(rdns))
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The one above; nothing above the root.
    pub(super) fn parent(&self) -> Option<Self> {
        self.0.split_first().map(|(_, above)| Self(above.to_vec()))
    }

    /// Whether it is the other one or below it.
    pub(super) fn within(&self, other: &Self) -> bool {
        self.0.ends_with(&other.0)
    }

    pub(super) fn directly_below(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() + 1 && self.within(other)
    }
}

/// The parts between unescaped `,`, `;` and `+`, each with the `,` or `+` before it.
struct Assertions<'a>(Option<&'a str>);

impl<'a> Iterator for Assertions<'a> {
    type Item = (Option<char>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0?;
        // What is left begins with its separator, but for the first.
        let (separator, text) = match text.chars().next() {
            Some(sign @ (',' | ';' | '+')) => (Some(if sign == '+' { '+' } else { ',' }), text.get(1..)?),
            _ => (None, text),
        };
        let mut escaped = false;
        let end = text.char_indices().find(|&(_, character)| {
            let ends = !escaped && matches!(character, ',' | ';' | '+');
            escaped = !escaped && character == '\\';
            ends
        });
        let (part, rest) = match end {
            Some((place, _)) => (text.get(..place)?, Some(text.get(place..)?)),
            None => (text, None),
        };
        self.0 = rest;
        Some((separator, part))
    }
}

fn assertion(part: &str) -> Option<(String, Vec<u8>)> {
    let (name, value) = part.split_once('=')?;
    let name = name.trim();
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '.';
    if name.is_empty() || !name.chars().all(fits) {
        return None;
    }
    Some((name.to_ascii_lowercase(), folded(&unescaped(value.trim_start())?)))
}

fn unescaped(value: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(value.len());
    // Spaces at the end count if they are escaped.
    let mut kept = 0;
    let mut characters = value.chars();
    let mut buffer = [0; 4];
    while let Some(character) = characters.next() {
        if character != '\\' {
            octets.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            if character != ' ' {
                kept = octets.len();
            }
            continue;
        }
        let first = characters.next()?;
        match first.to_digit(16) {
            Some(high) => octets.push(u8::try_from(high * 16 + characters.next()?.to_digit(16)?).ok()?),
            None => octets.extend_from_slice(first.encode_utf8(&mut buffer).as_bytes()),
        }
        kept = octets.len();
    }
    octets.truncate(kept);
    Some(octets)
}

/// As `caseIgnoreMatch` sees a value: lower case, no spaces at the ends, one between words (RFC 4518). What is no text
/// stays as it is.
pub(super) fn folded(value: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(value) {
        Ok(text) => {
            let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
            words.join(" ").to_lowercase().into_bytes()
        }
        Err(_) => value.to_vec(),
    }
}
