//! docs/configuration.md, or the page that it leaves a section to, names every key that config/reference.yml has, which in
//! turn has every key that there is.

use std::collections::BTreeSet;
use std::path::Path;

use dockgate::config::yaml;
use dockgate_api::config::Node;

use crate::process::{dockgate, run};

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
            "labels" | "environment" | "identity_headers" => {}
            "users" | "services" => keys(&entry.value, "", found),
            _ => {
                // What begins so is anybody's.
                if !entry.key.text.starts_with("x-") {
                    found.insert(entry.key.text.to_string());
                }
                keys(&entry.value, &entry.key.text, found);
            }
        }
    }
}

#[test]
fn every_key_stands_on_the_page() {
    let text = file("config/reference.yml");
    let root = yaml::parse("reference.yml", &text, &mut Vec::new()).unwrap();
    let stores = ["stores", "stores-redis", "stores-postgres", "migration"];
    let providers = ["sign-in", "sign-in-github", "sign-in-gitlab", "sign-in-google", "sign-in-openid"];
    let pages = [&["configuration", "ldap"][..], &stores, &providers].concat();
    let page: String = pages.iter().map(|page| file(&format!("docs/{page}.md"))).collect();
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
    assert!(missing.is_empty(), "{pages:?} do not name {missing:?}");
}

/// What stands under `x-` is read by nobody there: it is read here.
#[test]
fn the_other_stores_load() {
    let site = super::samples::site("reference.yml");
    site.write("db.password", "service-pass\n");
    let text = file("config/reference.yml");
    for other in ["redis", "postgres"] {
        let with = text
            .replace("\nstore:\n", "\nx-store:\n")
            .replace(&format!("\nx-store-with-{other}:\n"), "\nstore:\n");
        site.write("auth.yml", &with);
        let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
        assert_eq!(checked.code, Some(0), "{other}: {checked:#?}");
        assert!(checked.stdout.contains("fine, 0 warning(s)"), "{other}: {}", checked.stdout);
    }
}
