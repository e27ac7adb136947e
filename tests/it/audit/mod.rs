//! The audit log: one line a decision, whole, in a place that others may move.

mod events;
mod page;
mod required;
mod rotation;
mod sign_ins;

use std::path::Path;

use serde_json::Value;

use crate::process::poll;
use crate::support::PATIENCE;

/// The lines of an audit log, once there are so many.
fn lines(file: &Path, number: usize) -> Vec<Value> {
    let text = || std::fs::read_to_string(file).unwrap_or_default();
    let all = poll(PATIENCE, || Some(text()).filter(|text| text.lines().count() >= number));
    let all = all.unwrap_or_else(|| panic!("{} lines are not there:\n{}", number, text()));
    assert!(all.ends_with('\n'), "{all}");
    let lines: Vec<Value> = all.lines().map(whole).collect();
    assert_eq!(lines.len(), number, "{all}");
    lines
}

fn whole(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// The names of an object's fields in the order in which they are written.
fn fields(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut in_text, mut escaped, mut text) = (0, false, false, String::new());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                if in_text && depth == 1 && characters.peek() == Some(&':') {
                    names.push(std::mem::take(&mut text));
                }
                text.clear();
                in_text = !in_text;
            }
            _ if in_text => text.push(character),
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    names
}
