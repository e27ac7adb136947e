//! What administrators are told, as much of it as anybody reads.

use dockgate_api::Call;

use crate::concealed::is_secret;
use crate::entry::Entry;

/// Names of a message, and characters of a name.
const MOST_NAMES: usize = 20;
const LONGEST: usize = 200;

/// The names, and how many more there are; `none` if there are none.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let mut list: Vec<String> = names.by_ref().take(MOST_NAMES).map(shortened).collect();
    match (list.len(), names.count()) {
        (0, _) => return "none".to_owned(),
        (_, 0) => {}
        (_, more) => list.push(format!("and {more} more")),
    }
    list.join("; ")
}

/// Tells of an entry: its name, and what was read of it.
pub(crate) fn note_entry(cx: &Call, entry: &Entry) {
    if !cx.is_traced() {
        return;
    }
    cx.note(|| format!("the entry is {}", entry.dn));
    // A server may send what nobody asked for.
    for (attribute, values) in entry.iter().filter(|(attribute, _)| !is_secret(attribute)) {
        let values: Vec<String> = values.iter().map(|value| readable(value)).collect();
        cx.note(|| format!("{attribute}: {}", listed(values.iter().map(String::as_str))));
    }
}

/// Text as it is, anything else in hexadecimal digits.
fn readable(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => value.iter().take(LONGEST / 2).map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use dockgate_api::{RequestId, Step, TraceSink};
    use dockgate_testkit::fakes::call;

    use super::*;

    #[derive(Clone, Default)]
    struct Steps(Arc<Mutex<Vec<String>>>);

    impl TraceSink for Steps {
        fn note(&self, step: Step) {
            self.0.lock().unwrap().push(step.text);
        }
    }

    #[test]
    fn an_entry_is_told_as_the_directory_spells_it() {
        let mut entry = Entry::new("uid=Alice,dc=x");
        entry.add("memberOf", [b"cn=a,dc=x".to_vec(), b"cn=b,dc=x".to_vec()]);
        entry.add("MEMBEROF", [b"cn=c,dc=x".to_vec()]);
        entry.add("objectGUID", [vec![0xff, 0x01]]);
        entry.add("description", [b"two\nlines".to_vec()]);
        let steps = Steps::default();
        let deadline = call().deadline();
        let cx = Call::traced(call().now(), deadline, RequestId::from_bits(1), Box::new(steps.clone()));
        note_entry(&cx, &entry);
        let told = [
            "the entry is uid=Alice,dc=x",
            "description: 74776f0a6c696e6573",
            "memberOf: cn=a,dc=x; cn=b,dc=x; cn=c,dc=x",
            "objectGUID: ff01",
        ];
        assert_eq!(*steps.0.lock().unwrap(), told);
    }

    #[test]
    fn however_many_there_are_the_text_is_short() {
        assert_eq!(listed([]), "none");
        assert_eq!(listed(["a", "b"]), "a; b");
        let many = vec!["ä".repeat(1_000); 10_000];
        let text = listed(many.iter().map(String::as_str));
        assert!(text.ends_with("…; and 9980 more") && text.chars().count() < 5_000, "{text}");
        assert_eq!(listed(["ä".repeat(200).as_str()]), "ä".repeat(200));
    }
}
