//! The board and the alert rules ask for nothing that the server does not show.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::page::{shown, whole};

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/monitoring").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The names of our metrics in a text, histograms by their own name.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("dockgate_") || word.starts_with("process_"));
    let base = |word: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        ends.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned()
    };
    ours.map(base).collect()
}

fn texts<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str));
            fields.values().for_each(|value| texts(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|value| texts(value, key, found)),
        _ => {}
    }
}

#[test]
fn every_name_exists_and_the_labels_too() {
    let text = whole();
    let shown = shown(&text);
    let board: Value = serde_json::from_str(&example("dashboard.json")).unwrap();
    let mut expressions = Vec::new();
    texts(&board, "expr", &mut expressions);
    assert!(expressions.len() >= 30, "{}", expressions.len());
    let asked = names(&expressions.join(" ")).into_iter().chain(names(&example("alerts.yml")));
    let unknown: Vec<String> = asked.filter(|name| !shown.contains_key(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // What a legend shows is a label of something in its expression.
    let labels: BTreeSet<&str> = shown.values().flat_map(|(_, labels)| labels).map(String::as_str).collect();
    let mut legends = Vec::new();
    texts(&board, "legendFormat", &mut legends);
    for legend in legends {
        for name in legend.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap()) {
            assert!(labels.contains(name) || ["job", "instance"].contains(&name), "{legend}");
        }
    }
}

#[test]
fn the_board_is_whole() {
    let board: Value = serde_json::from_str(&example("dashboard.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "ids repeat");
    let sources = board["templating"]["list"].as_array().unwrap();
    let sources = sources.iter().filter(|variable| variable["type"] == "datasource").count();
    assert_eq!(sources, 1);
    let mut sources = Vec::new();
    texts(&board, "uid", &mut sources);
    sources.retain(|uid| *uid != "dockgate");
    assert!(sources.len() > panels.len() && sources.iter().all(|uid| *uid == "${datasource}"), "{sources:?}");
    // No two panels lie on one another.
    let mut taken = BTreeSet::new();
    for panel in panels {
        let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        for (x, y) in
            (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)))
        {
            assert!(x < 24 && taken.insert((x, y)), "{}", panel["title"]);
        }
    }
}

#[test]
fn every_alert_has_a_test_in_which_it_fires_and_a_line_in_the_readme() {
    let (rules, tests, readme) = (example("alerts.yml"), example("alerts_test.yml"), example("README.md"));
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 10, "{alerts:?}");
    for alert in alerts {
        let mut cases = tests.split("alertname: ").skip(1).filter(|case| case.starts_with(alert));
        assert!(cases.any(|case| case.lines().nth(2).unwrap_or_default().contains("exp_labels")), "{alert}");
        assert!(readme.contains(&format!("`{alert}`")), "{alert}");
    }
}
