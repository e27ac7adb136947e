//! docs/configuration.md, or the page that it leaves a section to, names every key that config/reference.yml has, which in
//! turn has every key that there is.

use std::collections::BTreeSet;
use std::path::Path;

use dockgate::config::yaml;
use dockgate_api::config::Node;

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The keys below a node, which itself stands behind `parent`. Names that are the administrator's own are none.
fn keys(node: &Node, parent: &str, found: &mut BTreeSet<String>) {
    for item in node.items().into_iter().flatten() {
        keys(item, parent, found);
    }
    for entry in node.entries().into_iter().flatten() {
        match parent {
            "labels" | "environment" => {}
            "users" | "services" => keys(&entry.value, "", found),
            _ => {
                found.insert(entry.key.text.to_string());
                keys(&entry.value, &entry.key.text, found);
            }
        }
    }
}

#[test]
fn every_key_stands_on_the_page() {
    let text = file("config/reference.yml");
    let root = yaml::parse("reference.yml", &text, &mut Vec::new()).unwrap();
    let page = file("docs/configuration.md") + &file("docs/ldap.md");
    let mut found = BTreeSet::new();
    keys(&root, "", &mut found);
    assert!(found.len() >= 60, "only {} keys", found.len());
    let is_there = |key: &str| {
        // Alone in its marks, or as a part of what stands there: `valid: {from: …}`.
        page.split('`').skip(1).step_by(2).any(|code| {
            code.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                .any(|word| word == key)
        })
    };
    let missing: Vec<&String> = found.iter().filter(|key| !is_there(key)).collect();
    assert!(missing.is_empty(), "docs/configuration.md and docs/ldap.md do not name {missing:?}");
}
