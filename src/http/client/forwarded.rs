//! The header `Forwarded` (RFC 7239, section 4), read strictly: where one element ends and the next begins must be the
//! same to us as to the proxy that wrote the last one.

/// Puts the node that each element of a line names in `for` into the list, in their order. An element that names none
/// counts, as an entry that is no address.
///
/// None if the line does not follow the grammar, or uses a parameter twice.
pub(super) fn read<'a>(line: &'a [u8], nodes: &mut Vec<&'a [u8]>) -> Option<()> {
    let mut rest = Rest(line);
    loop {
        nodes.push(element(&mut rest)?);
        rest.skip_blanks();
        match rest.next() {
            None => return Some(()),
            Some(b',') => {}
            Some(_) => return None,
        }
    }
}

/// `for=…;proto=…`: the value of `for`.
fn element<'a>(rest: &mut Rest<'a>) -> Option<&'a [u8]> {
    let mut node: Option<&[u8]> = None;
    loop {
        rest.skip_blanks();
        let name = rest.take_while(is_token);
        if name.is_empty() || rest.next() != Some(b'=') {
            return None;
        }
        let value = value(rest)?;
        if name.eq_ignore_ascii_case(b"for") {
            if node.is_some() {
                return None;
            }
            node = Some(value);
        }
        rest.skip_blanks();
        if rest.first() != Some(b';') {
            return Some(node.unwrap_or_default());
        }
        rest.next();
    }
}

/// A token, or text in quotes. Not everybody quotes brackets and colons, and nothing else can be meant by them.
fn value<'a>(rest: &mut Rest<'a>) -> Option<&'a [u8]> {
    if rest.first() != Some(b'"') {
        let value = rest.take_while(|byte| is_token(byte) || b"[]:".contains(&byte));
        return (!value.is_empty()).then_some(value);
    }
    rest.next();
    let start = rest.0;
    let mut length = 0;
    loop {
        match rest.next()? {
            b'"' => return start.get(..length),
            // What follows is itself. An address has none: with the backslash left in, it is none.
            b'\\' => {
                rest.next()?;
                length += 2;
            }
            _ => length += 1,
        }
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn first(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn skip_blanks(&mut self) {
        self.take_while(|byte| byte == b' ' || byte == b'\t');
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self.0.iter().take_while(|byte| wanted(**byte)).count();
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }
}
