//! JSON objects, written by hand into a line.

use std::fmt::Write as _;
use std::time::SystemTime;

use crate::logging::Quoted;
use crate::logging::line::Line;

/// Longer texts are cut, in bytes. What a client may choose is bounded before, a backend's words are not.
const LONGEST: usize = 1024;

/// An object that is being written. What others chose is escaped, and bounded.
#[derive(Debug)]
pub(crate) struct Object<'l> {
    line: &'l mut Line,
    is_empty: bool,
}

impl<'l> Object<'l> {
    /// Writes an object.
    pub(super) fn write(line: &'l mut Line, fields: impl FnOnce(&mut Object<'_>)) {
        line.raw("{");
        fields(&mut Object { line, is_empty: true });
        line.raw("}");
    }

    /// A field with a text.
    pub(crate) fn text(&mut self, name: &'static str, text: &str) {
        self.quoted(name, |quoted| push_bounded(quoted, text));
    }

    /// The field that says when (RFC 3339, UTC).
    pub(super) fn time(&mut self, time: SystemTime) {
        self.name("time");
        self.line.raw("\"");
        self.line.timestamp(time);
        self.line.raw("\"");
    }

    /// A field with a text, if there is any.
    pub(crate) fn text_if_any(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// A field with a text that is written piece by piece.
    pub(crate) fn quoted(&mut self, name: &'static str, write: impl FnOnce(&mut Quoted<'_>)) {
        self.name(name);
        self.line.value(write);
    }

    /// A field with a number.
    pub(crate) fn number(&mut self, name: &'static str, number: u64) {
        self.name(name);
        let mut digits = String::with_capacity(20);
        _ = write!(digits, "{number}");
        self.line.raw(&digits);
    }

    /// A field that is true or false.
    pub(crate) fn flag(&mut self, name: &'static str, flag: bool) {
        self.name(name);
        self.line.raw(if flag { "true" } else { "false" });
    }

    /// A field that is known to have no value.
    pub(crate) fn null(&mut self, name: &'static str) {
        self.name(name);
        self.line.raw("null");
    }

    /// A field with texts.
    pub(crate) fn texts<'t>(&mut self, name: &'static str, texts: impl IntoIterator<Item = &'t str>) {
        self.list(name, texts, |line, text| line.value(|quoted| push_bounded(quoted, text)));
    }

    /// A field with objects.
    pub(crate) fn objects<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        mut fields: impl FnMut(&mut Object<'_>, T),
    ) {
        self.list(name, items, |line, item| Object::write(line, |object| fields(object, item)));
    }

    fn list<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Line, T),
    ) {
        self.name(name);
        self.line.raw("[");
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.line.raw(",");
            }
            write(self.line, item);
        }
        self.line.raw("]");
    }

    fn name(&mut self, name: &'static str) {
        if !std::mem::take(&mut self.is_empty) {
            self.line.raw(",");
        }
        self.line.raw("\"");
        self.line.raw(name);
        self.line.raw("\":");
    }
}

fn push_bounded(quoted: &mut Quoted<'_>, text: &str) {
    let kept = text.floor_char_boundary(LONGEST);
    match text.get(..kept).filter(|kept| kept.len() < text.len()) {
        None => quoted.push(text),
        Some(kept) => {
            quoted.push(kept);
            quoted.plain("…");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(fields: impl FnOnce(&mut Object<'_>)) -> serde_json::Value {
        let mut line = Line::json(16);
        Object::write(&mut line, fields);
        serde_json::from_slice(&line.into_bytes()).unwrap()
    }

    #[test]
    fn every_kind_of_value() {
        let object = written(|object| {
            object.text("text", "a\"b\n");
            object.text_if_any("absent", None);
            object.number("number", u64::MAX);
            object.flag("flag", true);
            object.null("null");
            object.texts("texts", ["a", "b"]);
            object.texts("none", []);
            object.objects("objects", [1, 2], |object, number| object.number("n", number));
        });
        let expected = json!({
            "text": "a\"b\n", "number": u64::MAX, "flag": true, "null": null, "texts": ["a", "b"], "none": [],
            "objects": [{"n": 1}, {"n": 2}],
        });
        assert_eq!(object, expected);
        assert_eq!(written(|_| ()), json!({}));
    }

    proptest! {
        #[test]
        fn texts_come_back_up_to_their_bound(text in "\\PC{0,400}|[\u{0}-\u{a0}\u{2028}\u{202e}\"\\\\😀]{0,700}") {
            let object = written(|object| object.text("t", &text));
            let back = object["t"].as_str().unwrap();
            if text.len() <= LONGEST {
                prop_assert_eq!(back, text);
            } else {
                prop_assert!(text.starts_with(back.strip_suffix('…').unwrap()));
                prop_assert!(back.len() > LONGEST - 4 && back.len() <= LONGEST + '…'.len_utf8());
            }
        }
    }
}
