//! From attributes to labels.

use std::collections::HashSet;

use dockgate_api::{BackendError, Call, LabelValue, Labels};
use regex::Regex;

use crate::dn::common_name_or_all;
use crate::entry::Entry;
use crate::notes::listed;

/// Values of one attribute that a label is made of.
const MOST_VALUES: usize = 10_000;
/// Bytes of one value of a label.
const LONGEST_VALUE: usize = 1024;

/// What is made of one value, in this order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// Of a distinguished name the first `cn` is taken; other values stay whole.
    pub(crate) parse_cn: bool,
    /// Searched in the value; group 1 is taken, or the whole match where the regex has no groups. A value without a match
    /// is dropped.
    pub(crate) capture: Option<Regex>,
    pub(crate) lower_case: bool,
}

impl Shape {
    /// What the value comes to; none if nothing is left of it.
    pub(crate) fn apply(&self, value: &str) -> Option<String> {
        let value = if self.parse_cn { common_name_or_all(value) } else { value.to_owned() };
        let value = match &self.capture {
            Some(capture) => {
                let group = usize::from(capture.captures_len() > 1);
                capture.captures(&value)?.get(group)?.as_str().to_owned()
            }
            None => value,
        };
        let value = if self.lower_case { value.to_lowercase() } else { value };
        (!value.is_empty()).then_some(value)
    }
}

/// One line of `labels`: an attribute of the account's entry that becomes a label.
#[derive(Clone, Debug)]
pub(crate) struct LabelMap {
    pub(crate) label: String,
    pub(crate) attribute: String,
    pub(crate) shape: Shape,
}

impl LabelMap {
    /// Adds what the entry says: each value once, as a literal. Values that are no text, or that the shape drops, are left
    /// out; a label without values does not exist.
    ///
    /// # Errors
    /// If the attribute has more than 10,000 values, or a value comes to more than 1 KiB: rights that rest on the rest of
    /// them would be wrong ones.
    pub(crate) fn add(&self, cx: &Call, entry: &Entry, labels: &mut Labels) -> Result<(), BackendError> {
        let count = entry.values(&self.attribute).len();
        if count > MOST_VALUES {
            return Err(
                self.too_much(entry, &format!("has {count} values; {MOST_VALUES} are the most for a label"))
            );
        }
        let mut known: HashSet<_> =
            labels.values(&self.label).iter().map(|value| value.as_str().to_owned()).collect();
        let Self { label, attribute, shape } = self;
        let mut left_out = Vec::new();
        for read in entry.texts(attribute) {
            let Some(value) = shape.apply(read) else {
                left_out.push(read);
                continue;
            };
            if value.len() > LONGEST_VALUE {
                let detail = format!("has a value that makes a label of more than {LONGEST_VALUE} bytes");
                return Err(self.too_much(entry, &detail));
            }
            if known.insert(value.clone()) {
                labels.add(label.as_str(), LabelValue::Literal(value));
            }
        }
        if count == 0 {
            cx.note(|| format!("label {label}: the entry has no `{attribute}` that may be read"));
        }
        if !left_out.is_empty() {
            cx.note(|| format!("label {label}: `capture` leaves nothing of {}", listed(left_out)));
        }
        Ok(())
    }

    fn too_much(&self, entry: &Entry, detail: &str) -> BackendError {
        let Self { label, attribute, .. } = self;
        BackendError::Protocol(format!(
            "the attribute `{attribute}` of {} {detail} (label `{label}`)",
            entry.dn
        ))
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::call;

    use super::*;

    fn shape(parse_cn: bool, capture: Option<&str>, lower_case: bool) -> Shape {
        Shape { parse_cn, capture: capture.map(|regex| Regex::new(regex).unwrap()), lower_case }
    }

    fn map(shape: Shape) -> LabelMap {
        LabelMap { label: "groups".to_owned(), attribute: "memberOf".to_owned(), shape }
    }

    fn texts(labels: &Labels) -> Vec<&str> {
        labels.values("groups").iter().map(LabelValue::as_str).collect()
    }

    #[test]
    fn shapes() {
        let prefix = Some("^registry-(.+)$");
        for (shape, value, expected) in [
            (shape(false, None, false), "CN=A,DC=x", Some("CN=A,DC=x")),
            (shape(true, None, false), "CN=A\\, B,DC=x", Some("A, B")),
            (shape(true, None, false), "plain", Some("plain")),
            (shape(true, None, true), "CN=ÄB,DC=x", Some("äb")),
            (shape(true, prefix, true), "CN=registry-Admins,DC=x", Some("admins")),
            (shape(false, prefix, false), "CN=registry-Admins,DC=x", None),
            (shape(false, prefix, true), "REGISTRY-a", None),
            (shape(false, Some("b+"), false), "abbc", Some("bb")),
            (shape(false, Some("^(a)|b$"), false), "b", None),
            (shape(false, Some("^x(.*)$"), false), "x", None),
            (shape(false, None, false), "", None),
        ] {
            assert_eq!(shape.apply(value).as_deref(), expected, "{shape:?} {value}");
        }
    }

    #[test]
    fn values_are_literals_and_stand_there_once() {
        let mut entry = Entry::new("uid=alice,dc=x");
        entry.add(
            "memberof",
            ["cn=*,dc=x", "cn=b,dc=x", "CN=B,dc=y", "dc=z"].map(|dn| dn.as_bytes().to_vec()),
        );
        entry.add("memberOf", [vec![0xff], Vec::new()]);
        let mut labels = Labels::new();
        labels.add("groups", LabelValue::Literal("b".to_owned()));
        map(shape(true, None, true)).add(&call(), &entry, &mut labels).unwrap();
        assert_eq!(texts(&labels), ["b", "*", "dc=z"]);
        assert_eq!(labels.clone().into_literals(), labels);

        let mut none = Labels::new();
        map(shape(false, Some("nobody"), false)).add(&call(), &entry, &mut none).unwrap();
        map(Shape::default()).add(&call(), &Entry::new("uid=bob,dc=x"), &mut none).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn too_much_is_an_error() {
        let entry = |values: Vec<String>| {
            let mut entry = Entry::new("uid=alice,dc=x");
            entry.add("memberOf", values.into_iter().map(String::into_bytes));
            entry
        };
        let add = |entry: &Entry| map(shape(true, None, false)).add(&call(), entry, &mut Labels::new());
        assert_eq!(add(&entry((0..10_000).map(|i| i.to_string()).collect())), Ok(()));
        let error = add(&entry((0..10_001).map(|i| i.to_string()).collect())).unwrap_err();
        assert!(error.to_string().contains("`memberOf` of uid=alice,dc=x has 10001 values"), "{error}");
        let long = |length| format!("cn={},ou={}", "a".repeat(length), "b".repeat(2000));
        assert_eq!(add(&entry(vec![long(1024)])), Ok(()));
        let error = add(&entry(vec![long(1025)])).unwrap_err();
        assert!(error.to_string().contains("more than 1024 bytes"), "{error}");
    }
}
