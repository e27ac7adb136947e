//! What a list of rules keeps in memory: `cargo run --release -p dockgate-rules --example memory`.

use std::error::Error;
use std::fs;
use std::time::Instant;

use dockgate_rules::{Acl, DoubleStar, Rule, RuleConfig};
use serde_json::{Value as Json, json};

const RULES: usize = 100_000;
const PAGE: usize = 4096;

/// Pages that this process has in memory, in bytes (proc(5), `statm`).
fn resident() -> Result<usize, Box<dyn Error>> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    Ok(statm.split(' ').nth(1).ok_or("no such field")?.parse::<usize>()? * PAGE)
}

/// What the rule of a number asks for.
type Conditions = fn(usize) -> Json;

fn list(conditions: Conditions) -> Result<Acl, Box<dyn Error>> {
    let mut rules = Vec::with_capacity(RULES);
    for number in 0..RULES {
        let rule = json!({"match": conditions(number), "actions": ["pull", "push"]});
        let config: RuleConfig = serde_json::from_value(rule)?;
        let place = format!("auth_config.yml:{number}");
        let rule = Rule::compile(config, place, DoubleStar::CrossesSlash, &mut Vec::new());
        rules.push(rule.map_err(|remarks| format!("{remarks:?}"))?);
    }
    Ok(Acl::new(rules))
}

fn main() -> Result<(), Box<dyn Error>> {
    let kinds: [(&str, Conditions); 6] = [
        ("account and name", |n| json!({"account": format!("user-{n}"), "name": format!("team-{n}/*")})),
        ("name", |n| json!({"account": "/.+/", "name": format!("team-{n}/app")})),
        ("template", |n| json!({"account": format!("user-{n}"), "name": "${account}/*"})),
        ("regex", |n| json!({"account": "/.+/", "name": format!("/^team-{n}\\/[a-z]+$/")})),
        ("label", |n| json!({"labels": {"groups": format!("group-{n}")}, "name": format!("team-{n}/*")})),
        ("capture", |n| json!({"account": format!("/^(.+)@corp-{n}$/"), "name": "${account:1}/*"})),
    ];
    let mut kept = Vec::new();
    for (name, conditions) in kinds {
        let (before, start) = (resident()?, Instant::now());
        kept.push(list(conditions)?);
        let loaded = start.elapsed();
        let bytes = resident()?.saturating_sub(before);
        println!("{name}: {} bytes a rule, loaded in {loaded:?}", bytes / RULES);
    }
    println!("{} lists, {} MiB in all", kept.len(), resident()? >> 20);
    Ok(())
}
