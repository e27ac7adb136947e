//! Everybody has a place of their own below a prefix; the links behind this one decide the rest.
//!
//! ```yaml
//! authz:
//!   - ext_authz:
//!       command: /etc/dockgate/hooks/own_place
//!       args: [home]                  # alice may do all with home/alice/…
//!       protocol: json
//! ```
//!
//! A program that is started for each question starts soonest where nothing has to be interpreted: compare
//! `docs/programs.md`. `cargo build --release --example own_place` makes it; elsewhere it wants `serde` (with `derive`)
//! and `serde_json`.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::json;

/// In bytes; a person may be in very many groups.
const LONGEST_QUESTION: u64 = 1 << 20;

/// What is looked at of a question. Keys that are not named here may come and go.
#[derive(Deserialize)]
struct Question {
    version: u32,
    identity: Identity,
    resource: Resource,
}

#[derive(Deserialize)]
struct Identity {
    account: String,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

/// What follows a slash behind the parent.
fn below<'a>(name: &'a str, parent: &str) -> Option<&'a str> {
    name.strip_prefix(parent)?.strip_prefix('/')
}

fn decide(prefix: &str, question: &Question) -> serde_json::Value {
    let Question { identity: Identity { account }, resource: Resource { kind, name }, .. } = question;
    // An account may hold a slash: `alice/app` has no place within alice's.
    let is_name = !account.is_empty() && !account.contains('/');
    let own = below(name, prefix).and_then(|rest| below(rest, account)).is_some();
    if kind == "repository" && is_name && own {
        json!({"decision": "allow", "reason": "a place of their own"})
    } else {
        json!({"decision": "no_match"})
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let prefix = std::env::args().nth(1).ok_or("usage: own_place PREFIX")?;
    let mut document = Vec::new();
    std::io::stdin().take(LONGEST_QUESTION).read_to_end(&mut document)?;
    let question: Question = serde_json::from_slice(&document)?;
    if question.version != 1 {
        return Err(format!("a question of version {}", question.version).into());
    }
    Ok(writeln!(std::io::stdout(), "{}", decide(&prefix, &question))?)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // An error: neither a yes nor a no, and no link behind this one is asked.
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
