//! The tables of docs/clients.md, which the tests make and hold against what stands there.

use crate::client::Client;
use crate::components::{in_ci, say};
use crate::harness::command::Outcome;
use crate::harness::table;
use crate::site::Site;

/// The rows of one client.
pub(crate) struct Rows {
    client: &'static str,
    version: String,
    cells: Vec<(&'static str, &'static str)>,
    /// When, and what it prints then.
    messages: Vec<(String, String)>,
    limits: &'static [(&'static str, &'static str)],
    /// Host and port of this run, and what stands for them.
    names: [(String, &'static str); 2],
}

impl Rows {
    pub(crate) fn of<C: Client>(site: &Site) -> Self {
        let port = |host: &str| host.rsplit_once(':').unwrap().1.to_owned();
        let names = [
            (format!("127.0.0.1:{}", port(&site.registry_host)), "REGISTRY"),
            (format!("localhost:{}", port(&site.dockgate_host)), "DOCKGATE"),
        ];
        Self {
            client: C::NAME,
            version: version::<C>(site),
            cells: Vec::new(),
            messages: Vec::new(),
            limits: C::LIMITS,
            names,
        }
    }

    pub(crate) fn works(&mut self, operation: &'static str, cell: &'static str) {
        self.cells.push((operation, cell));
    }

    pub(crate) fn is_limited(&self, operation: &str) -> bool {
        self.limits.iter().any(|(limited, _)| *limited == operation)
    }

    /// Keeps what the client printed. What it prints more than once stands in the table once.
    pub(crate) fn refused(&mut self, when: &'static str, outcome: Outcome) {
        let mut message = complaint(&outcome.stderr);
        for (host, name) in &self.names {
            message = message.replace(host, name);
        }
        match self.messages.iter_mut().find(|(_, printed)| *printed == message) {
            Some((other, _)) => *other = format!("{other}; {when}"),
            None => self.messages.push((when.to_owned(), message)),
        }
    }

    fn operations_head(&self) -> [String; 2] {
        let names: Vec<&str> = self.cells.iter().map(|(operation, _)| *operation).collect();
        [format!("| client | {} |", names.join(" | ")), format!("|---|{}", "---|".repeat(names.len()))]
    }

    fn operations(&self) -> String {
        let cells: Vec<&str> = self.cells.iter().map(|(_, cell)| *cell).collect();
        format!("| {} {} | {} |", self.client, self.version, cells.join(" | "))
    }

    fn limits(&self) -> Vec<String> {
        let row = |(operation, why): &(&str, &str)| format!("| {} | {operation} | {why} |", self.client);
        self.limits.iter().map(row).collect()
    }

    fn messages(&self) -> Vec<String> {
        let row = |(when, message): &(String, String)| format!("| {} | {when} | {message} |", self.client);
        self.messages.iter().map(row).collect()
    }
}

/// `1.9.3` of `skopeo version 1.9.3`, `20.10.24` of `20.10.24+dfsg1`.
fn version<C: Client>(site: &Site) -> String {
    let program = C::COMPONENTS[0];
    if let Some(version) = program.pinned() {
        return version.to_owned();
    }
    let home = site.home();
    let outcome = home.run(home.command(program.program).arg("--version")).succeeds();
    let mut words = outcome.stdout.split_whitespace();
    let word = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit())).expect("a version");
    word.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap().to_owned()
}

/// The error at the end of a client's standard error, as a cell: no progress, no times, no digests.
fn complaint(stderr: &str) -> String {
    const NOISE: [&str; 4] = ["WARNING", "level=info", "level=warning", "level=WARN"];
    const ERROR: [&str; 5] = ["Error", "error:", "level=fatal", "ctr:", "errors:"];
    let lines: Vec<String> = stderr.lines().map(|line| without_digests(without_time(line).trim())).collect();
    let begins = |line: &String, with: &[&str]| with.iter().any(|start| line.starts_with(start));
    let error = lines.iter().rposition(|line| begins(line, &ERROR)).unwrap_or_default();
    let told = lines.iter().skip(error).filter(|line| !line.is_empty() && !begins(line, &NOISE));
    let quoted: Vec<String> = told.map(|line| format!("`{}`", line.replace('|', "\\|"))).collect();
    quoted.join("<br>")
}

fn without_time(line: &str) -> &str {
    let stamped = line.strip_prefix("time=").and_then(|line| line.split_once(' '));
    let crane = line.split_once(' ').filter(|(date, _)| date.len() == 10 && date.matches('/').count() == 2);
    let crane = crane.and_then(|(_, line)| line.split_once(' '));
    stamped.or(crane).map_or(line, |(_, rest)| rest)
}

fn without_digests(line: &str) -> String {
    let mut parts = line.split("sha256:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("sha256:…");
        text.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    text
}

/// The lines above the rows.
const HEAD: usize = 2;
const DOCUMENT: &str = "docs/clients.md";
const OPERATIONS: &str = "clients: operations";
const LIMITS: &str = "clients: limits";
const MESSAGES: &str = "clients: messages";

/// Fails if other things than these stand in the document; with `UPDATE_TABLES=1` it writes them there.
#[track_caller]
pub(crate) fn agree(rows: &Rows) {
    let Rows { client, version, .. } = rows;
    let operations = table::written(DOCUMENT, OPERATIONS);
    if !in_ci()
        && operations.contains(&format!("| {client} "))
        && !operations.contains(&format!("| {client} {version} |"))
    {
        say(&format!("NOT COMPARED: {DOCUMENT} tells of another version of {client} than {version}\n"));
        return;
    }
    let head = rows.operations_head().join("\n");
    assert!(operations.starts_with(&head), "the head of {DOCUMENT}'s table is:\n{head}");
    for (name, rows) in
        [(OPERATIONS, vec![rows.operations()]), (LIMITS, rows.limits()), (MESSAGES, rows.messages())]
    {
        table::check_part(DOCUMENT, name, |written| with_rows(written, client, &rows));
    }
}

/// The clients in the table of operations.
pub(crate) fn clients() -> Vec<String> {
    table::written(DOCUMENT, OPERATIONS).lines().skip(HEAD).map(|row| name(row).to_owned()).collect()
}

/// A table with these rows instead of the client's that are there, in alphabetical order.
fn with_rows(table: &str, client: &str, rows: &[String]) -> String {
    let others = table.lines().filter(|line| name(line) != client);
    let mut lines: Vec<&str> = others.chain(rows.iter().map(String::as_str)).collect();
    lines[HEAD..].sort_by_key(|row| name(row).to_lowercase());
    lines.join("\n")
}

/// The client that `row` is about.
fn name(row: &str) -> &str {
    row.split(' ').nth(1).unwrap_or_default()
}
