//! `dockgate keys list CONFIG`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::backends::Backends;
use crate::cli::{admin, date, failed, say};
use crate::outside::Outside;
use crate::state::ListedKey;

const HEADINGS: [&str; 5] = ["KEY", "USE", "SERVICES", "ALGORITHM", "CERTIFICATE"];

pub(super) fn run(config: &Path, json: bool, live: bool, backends: &Backends, outside: &Outside) -> ExitCode {
    let keys = if live { admin::keys(config, outside) } else { of_file(config, backends, outside) };
    let keys = match keys {
        Ok(keys) => keys,
        Err(code) => return code,
    };
    if !json {
        say(table(&keys).trim_end());
        return ExitCode::SUCCESS;
    }
    match serde_json::to_string_pretty(&keys) {
        Ok(text) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error.to_string()),
    }
}

fn of_file(config: &Path, backends: &Backends, outside: &Outside) -> Result<Vec<ListedKey>, ExitCode> {
    let state = super::load(config, backends, outside)?;
    let listed = state.signing().listed(state.now());
    // This process publishes nothing.
    Ok(listed.into_iter().map(|key| ListedKey { published_since: None, ..key }).collect())
}

fn table(keys: &[ListedKey]) -> String {
    let rows: Vec<[String; 5]> = keys.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(HEADINGS.get(column).map(|heading| heading.len())).max().unwrap_or_default()
    };
    let line = |cells: &[&str]| {
        let padded =
            cells.iter().enumerate().map(|(column, cell)| format!("{cell:<width$}", width = width(column)));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(&HEADINGS);
    for (key, row) in keys.iter().zip(&rows) {
        text += &line(&row.each_ref().map(String::as_str));
        details(key, &mut text);
    }
    text
}

fn row(key: &ListedKey) -> [String; 5] {
    let services =
        if key.services.is_empty() { "all that no key lists".to_owned() } else { key.services.join(", ") };
    [
        key.name.clone(),
        key.role.clone(),
        services,
        format!("{} ({})", key.algorithm, key.kind),
        format!("{} to {}", date(key.valid_from.0), date(key.valid_until.0)),
    ]
}

fn details(key: &ListedKey, text: &mut String) {
    let mut say = |what: &str, of: &str| {
        let _ = writeln!(text, "  {what:<14}{of}");
    };
    say("libtrust id", &key.libtrust_id);
    say("RFC 7638 id", &key.rfc7638_id);
    for (what, time) in [
        ("signs since", key.in_use_since),
        ("signed until", key.retired_at),
        ("needed until", key.needed_until),
        ("told since", key.published_since),
    ] {
        if let Some(time) = time {
            say(what, &time.to_string());
        }
    }
    say("to do", &key.next_step);
}
