//! What keeps people out who see, hear or move in another way: the rules of axe-core, asked on the page itself.

use std::fs;

use serde_json::{Value, json};

use super::webdriver::Session;
use crate::components::{self, AXE};

/// The tags of WCAG 2.2 at level AA, and of what is good practice beyond.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// What breaks a rule on the page that is open: the rule, and each place.
pub(super) fn violations(browser: &Session) -> Vec<String> {
    let axe = fs::read_to_string(components::find(AXE.program).unwrap()).unwrap();
    browser.run(&axe, &[]);
    let found = browser.run(
        "return axe.run(document, {runOnly: arguments[0]}).then(result => [
            result.passes.length,
            result.violations.map(rule => [rule.id, rule.help, ...rule.nodes.map(node => node.html)].join('\\n  ')),
        ])",
        &[json!(RULES)],
    );
    assert!(found[0].as_u64().is_some_and(|passes| passes > 0), "no rule had anything to look at: {found}");
    let violations = found[1].as_array().unwrap();
    violations.iter().map(|violation| violation.as_str().unwrap().to_owned()).collect()
}

/// What a browser noted that has to do with a page's policy.
pub(super) fn policy_violations(notes: &[Value]) -> Vec<String> {
    let about_policy =
        |note: &&Value| note["message"].as_str().is_some_and(|text| text.contains("Content Security Policy"));
    notes.iter().filter(about_policy).map(Value::to_string).collect()
}
