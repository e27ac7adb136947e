//! Places in a translated regex that a request's values fill.

use super::{class::ClassBody, escape::write_char, parser::Flags};

/// A class that no character is in.
pub(crate) const NEVER: &str = r"[^\x00-\x{10FFFF}]";

/// A place for a value, at a byte of the translated source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(super) at: usize,
    /// In force where the variable stands.
    pub(super) flags: Flags,
    pub(crate) place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Text(usize),
    Class(ClassBody),
}

/// One value of a variable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alternative<'a> {
    Literal(&'a str),
    Pattern(&'a str),
}

impl<'a> Alternative<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Literal(text) | Self::Pattern(text) => text,
        }
    }
}

/// The source with a variable's values in each hole: any of them fits, and without any the place fits nothing.
pub(crate) fn render<'a>(
    source: &str,
    holes: &[Hole],
    mut values: impl FnMut(usize) -> Vec<Alternative<'a>>,
) -> String {
    let mut out = String::with_capacity(source.len() + holes.len() * 32);
    let mut done = 0;
    for hole in holes {
        out.push_str(source.get(done..hole.at).unwrap_or(""));
        done = hole.at;
        out.push_str(if hole.flags.fold { "(?i:" } else { "(?:" });
        match &hole.place {
            Place::Text(variable) => write_text(&mut out, hole.flags, &values(*variable)),
            Place::Class(class) => {
                let values: Vec<_> = class.variables.iter().map(|variable| values(*variable)).collect();
                write_class(&mut out, class, &values);
            }
        }
        out.push(')');
    }
    out.push_str(source.get(done..).unwrap_or(""));
    out
}

fn write_text(out: &mut String, flags: Flags, values: &[Alternative<'_>]) {
    let start = out.len();
    for value in values {
        let before = out.len();
        if before > start {
            out.push('|');
        }
        match value {
            Alternative::Literal(text) => text.chars().for_each(|c| write_char(out, c)),
            Alternative::Pattern(text) => match super::parser::parse_value(text, flags) {
                Some(source) => {
                    out.push_str("(?:");
                    out.push_str(&source);
                    out.push(')');
                }
                None => out.truncate(before),
            },
        }
    }
    if out.len() == start {
        out.push_str(NEVER);
    }
}

/// A class is fitted by the best value of each label. That is every value's characters together; in a negated class,
/// where fewer are better, those that all values of a label share.
fn write_class(out: &mut String, class: &ClassBody, values: &[Vec<Alternative<'_>>]) {
    if values.iter().any(Vec::is_empty) {
        out.push_str(NEVER);
        return;
    }
    let mut more = String::new();
    for values in values {
        if class.negated && values.len() > 1 {
            write_shared(&mut more, values);
        } else {
            values.iter().flat_map(|value| value.text().chars()).for_each(|c| write_char(&mut more, c));
        }
    }
    out.push_str(&class.write(&more));
}

fn write_shared(more: &mut String, values: &[Alternative<'_>]) {
    more.push('[');
    let start = more.len();
    for value in values {
        if more.len() > start {
            more.push_str("&&");
        }
        more.push('[');
        value.text().chars().for_each(|c| write_char(more, c));
        more.push(']');
    }
    more.push(']');
}
