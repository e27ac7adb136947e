//! The documents with their id.

use std::collections::BTreeMap;
use std::fmt;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Random, RandomError};
use dockgate_hooks::Question;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The name of one question, and of nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(u128);

impl Id {
    pub(super) fn draw(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bits = [0; 16];
        random.fill(&mut bits)?;
        Ok(Self(u128::from_be_bytes(bits)))
    }

    /// Only as we write it.
    fn read(text: &str) -> Option<Self> {
        let ours = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        u128::from_str_radix(text, 16).ok().filter(|_| ours).map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The line that asks, its end included.
pub(super) fn line(question: &Question, id: Id) -> SecretString {
    let rest = question.as_json().strip_prefix('{').unwrap_or_default();
    // Of the right size at once: nothing of the password stays behind in a smaller one.
    let mut line = String::with_capacity(rest.len() + 42);
    line.push_str("{\"id\":\"");
    line.push_str(&id.to_string());
    line.push_str("\",");
    line.push_str(rest);
    line.push('\n');
    line.into()
}

/// The id of an answer, and the answer without it.
///
/// # Errors
/// What is wrong, without a word of what was answered.
pub(super) fn read(line: &[u8]) -> Result<(Id, Vec<u8>), String> {
    // Of anything else the error would repeat what it is.
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Err("it is no object".to_owned());
    }
    let Answer(mut answer) = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let id = answer.remove("id").and_then(|id| serde_json::from_str::<String>(id.get()).ok());
    let id = id.ok_or("it has no `id`: give back that of the question")?;
    let id = Id::read(&id).ok_or("its `id` is not 32 lower-case hexadecimal digits")?;
    let rest = serde_json::to_vec(&answer).map_err(|error| error.to_string())?;
    Ok((id, rest))
}

/// An object in which no key stands twice. What stands in it is left as it was written: who knows what it should be
/// reads it.
struct Answer<'a>(BTreeMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Answer<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnswerVisitor;
        impl<'de> Visitor<'de> for AnswerVisitor {
            type Value = Answer<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Answer<'de>, A::Error> {
                let mut answer = BTreeMap::new();
                while let Some((key, value)) = entries.next_entry::<String, &RawValue>()? {
                    if answer.insert(key, value).is_some() {
                        return Err(de::Error::custom("a key stands twice"));
                    }
                }
                Ok(Answer(answer))
            }
        }
        deserializer.deserialize_map(AnswerVisitor)
    }
}

#[cfg(test)]
mod tests {
    use dockgate_api::secrecy::ExposeSecret;
    use dockgate_api::{Credential, Login};
    use dockgate_testkit::fakes::RepeatableRandom;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::*;

    const ID: &str = "000102030405060708090a0b0c0d0e0f";

    #[test]
    fn a_question_is_one_line_with_an_id() {
        let question = Question::who(&Login::new("al\nice", Credential::None), &SecretString::from("pa\nss"));
        let id = Id::read(ID).unwrap();
        let line = line(&question, id);
        let line = line.expose_secret();
        assert_eq!(line.find('\n'), Some(line.len() - 1));
        let mut document: Map<String, Value> = serde_json::from_str(line).unwrap();
        assert_eq!(document.remove("id"), Some(ID.into()));
        assert_eq!(serde_json::from_str::<Map<String, Value>>(question.as_json()).unwrap(), document);
    }

    #[test]
    fn ids_differ() {
        let random = RepeatableRandom::seeded(1);
        assert_ne!(Id::draw(&random).unwrap(), Id::draw(&random).unwrap());
        assert_eq!(Id(1).to_string(), "00000000000000000000000000000001");
    }

    #[test]
    fn an_answer_comes_apart_into_id_and_document() {
        let line = format!(r#" {{"decision":"allow","id":"{ID}","labels":{{"a":["b"]}}}} "#);
        let (id, rest) = read(line.as_bytes()).unwrap();
        assert_eq!(id, Id::read(ID).unwrap());
        assert_eq!(rest, br#"{"decision":"allow","labels":{"a":["b"]}}"#);
        let nested = format!(r#"{{"id":"{ID}","labels":{{"id":["b"]}}}}"#);
        assert_eq!(read(nested.as_bytes()).unwrap().1, br#"{"labels":{"id":["b"]}}"#);
    }

    /// A key by which `serde_json` knows its own raw texts: elsewhere it would be read as the document that its value holds,
    /// as deep as it goes, until the stack ends.
    #[test]
    fn nothing_in_a_text_is_read_as_a_document() {
        let mut deep = String::new();
        for _ in 0..15 {
            deep = format!(
                r#"{}{{"$serde_json::private::RawValue":{}}}{}"#,
                "[".repeat(122),
                Value::from(deep),
                "]".repeat(122)
            );
        }
        let line = format!(r#"{{"id":"{ID}","labels":{deep}}}"#);
        assert!(line.len() < 256 * 1024, "{}", line.len());
        assert_eq!(read(line.as_bytes()).unwrap().1, format!(r#"{{"labels":{deep}}}"#).as_bytes());
        let twice = format!(r#"{{"id":"{ID}","labels":{{"a":["b"],"a":["c"]}}}}"#);
        assert_eq!(
            read(twice.as_bytes()).unwrap().1,
            br#"{"labels":{"a":["b"],"a":["c"]}}"#,
            "for others to judge"
        );
    }

    #[test]
    fn what_is_no_answer_is_not_repeated() {
        for (line, mistake) in [
            (String::new(), "no object"),
            ("hunter2".to_owned(), "no object"),
            ("\"hunter2\"".to_owned(), "no object"),
            ("[]".to_owned(), "no object"),
            ("{hunter2".to_owned(), "key must be a string"),
            ("{\"hunter2\"".to_owned(), "EOF"),
            ("{\"hunter2\":hunter2}".to_owned(), "expected value"),
            ("{}".to_owned(), "no `id`"),
            (format!(r#"{{"id":["{ID}"]}}"#), "no `id`"),
            (format!(r#"{{"id":"{}"}}"#, ID.to_uppercase()), "lower-case"),
            (format!(r#"{{"id":"{ID}0"}}"#), "32"),
            (format!(r#"{{"id":"+{}"}}"#, &ID[1..]), "32"),
            (r#"{"id":"hunter2"}"#.to_owned(), "32"),
            (format!(r#"{{"id":"{ID}","id":"{ID}"}}"#), "twice"),
            (format!(r#"{{"decision":"deny","id":"{ID}","decision":"allow"}}"#), "twice"),
            (format!(r#"{{"id":"{ID}"}}{{"id":"{ID}"}}"#), "trailing"),
        ] {
            let error = read(line.as_bytes()).unwrap_err();
            assert!(error.contains(mistake) && !error.contains("hunter2"), "{line}: {error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(line in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&line);
        }

        #[test]
        fn an_id_is_read_as_it_was_written(bits in any::<u128>()) {
            prop_assert_eq!(Id::read(&Id(bits).to_string()), Some(Id(bits)));
        }
    }
}
