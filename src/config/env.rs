//! `${env:NAME}` in configuration values.

use dockgate_api::config::{KeyPath, Node, Problem, Value};

/// Looks up an environment variable.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

const OPEN: &str = "${env:";

/// Sections whose `${…}` belongs to somebody else: patterns, and label values that act as patterns.
const NOT_IN: [&str; 2] = ["acl", "labels"];

/// Replaces `${env:NAME}` in every value outside `acl` and `labels`; keys are left alone. What comes from the environment is
/// text and is not looked into again.
pub fn substitute(node: &mut Node, path: &KeyPath, lookup: Lookup<'_>, problems: &mut Vec<Problem>) {
    match &mut node.value {
        Value::Scalar { text, quoted } if text.contains(OPEN) => match expand(text, lookup) {
            Ok(expanded) => {
                // A number or truth value may come from the environment too; nothing else of it has a meaning.
                *quoted = *quoted || !is_number_or_truth(&expanded);
                *text = expanded.into();
            }
            Err(message) => problems.push(Problem::new(node.location.clone(), path.clone(), message)),
        },
        Value::Scalar { .. } => {}
        Value::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                substitute(item, &path.item(index), lookup, problems);
            }
        }
        Value::Mapping(entries) => {
            for entry in entries.iter_mut().filter(|entry| !NOT_IN.contains(&entry.key.text.as_ref())) {
                substitute(&mut entry.value, &path.key(&entry.key.text), lookup, problems);
            }
        }
    }
}

fn is_number_or_truth(text: &str) -> bool {
    matches!(text, "true" | "false") || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn expand(text: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((name, after)) = after.split_once('}') else {
            return Err("`${env:` without its closing `}`".to_owned());
        };
        let value = lookup(name).ok_or_else(|| {
            format!("the environment variable `{name}` is not set: set it, or write the value (or use the `…_file` key)")
        })?;
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    fn substituted(text: &str) -> (Node, Vec<String>) {
        let mut node = yaml::parse("test.yml", text, &mut Vec::new()).unwrap();
        let mut problems = Vec::new();
        let lookup = |name: &str| (name == "SECRET").then(|| "a ${env:SECRET} b".to_owned());
        substitute(&mut node, &KeyPath::root(), &lookup, &mut problems);
        (node, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn values_are_replaced_once_and_only_outside_patterns() {
        let (node, problems) =
            substituted("a: [\"<${env:SECRET}>\"]\nacl: ['${env:SECRET}']\nu: {labels: '${env:SECRET}'}\n");
        assert!(problems.is_empty(), "{problems:?}");
        let item = |key: &str| node.get(key).unwrap().value.items().unwrap()[0].as_text().unwrap().to_owned();
        assert_eq!(item("a"), "<a ${env:SECRET} b>");
        assert_eq!(item("acl"), "${env:SECRET}");
        let labels = &node.get("u").unwrap().value.get("labels").unwrap().value;
        assert_eq!(labels.as_text(), Some("${env:SECRET}"));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named_with_its_place() {
        let (_, problems) = substituted("a:\n  - ${env:MISSING}\n  - ${env:SECRET\n");
        assert!(problems[0].starts_with("test.yml:2:5: a[0]: the environment variable `MISSING` is not set"));
        assert!(problems[1].contains("without its closing"));
    }
}
