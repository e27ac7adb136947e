//! An explanation for a person. What is in it was made harmless when it was put together.

use super::rules::{came_close, fits, granting, more, named};
use crate::access::explanation::{
    AskedLink, ExplainedScope, Explanation, Identified, Known, Outcome, Refused, Token,
};

/// Notes of one link; more stand below each other.
const MOST_IN_A_LINE: usize = 3;

/// The whole explanation.
pub(super) fn write(explanation: &Explanation) -> String {
    let mut lines = asked(explanation);
    lines.push(String::new());
    lines.push("Who is this?".to_owned());
    let untold = explanation.refused.as_ref().filter(|_| explanation.outcome == Outcome::Unknown);
    lines.extend(indented(1, identity(&explanation.identity, untold)));
    for scope in &explanation.scopes {
        lines.push(String::new());
        lines.extend(explained(scope));
    }
    lines.push(String::new());
    lines.push("Token".to_owned());
    lines.extend(indented(1, token(explanation)));
    lines.push(String::new());
    lines.push(outcome(explanation).to_owned());
    lines.join("\n")
}

pub(super) fn indented(steps: usize, lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(move |line| format!("{}{line}", "  ".repeat(steps)))
}

/// Rows whose columns stand below each other.
pub(super) fn table<const COLUMNS: usize>(rows: Vec<[String; COLUMNS]>) -> Vec<String> {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn asked(explanation: &Explanation) -> Vec<String> {
    let asked = &explanation.asked;
    let somebody = |account: &str| {
        if account.is_empty() { "nobody in particular".to_owned() } else { account.to_owned() }
    };
    let said = |text: &str| if text.is_empty() { "none said".to_owned() } else { text.to_owned() };
    let mut rows = vec![["account".to_owned(), somebody(&asked.account)]];
    rows.push(["service".to_owned(), said(&asked.service)]);
    rows.push(["address".to_owned(), said(asked.ip.as_deref().unwrap_or_default())]);
    rows.push(["time".to_owned(), asked.at.clone()]);
    table(rows)
}

/// What one directory says of an account: a step a line.
pub(in crate::cli) fn directory(explanation: &Explanation) -> String {
    let mut lines = Vec::new();
    for link in &explanation.identity.links {
        lines.push(format!("{}:", link.link));
        lines.extend(indented(1, notes(link).into_iter().map(str::to_owned).collect()));
    }
    lines.extend(who(explanation.identity.known.as_ref()));
    if let Some(refused) = &explanation.refused {
        lines.push(refusal(refused));
    }
    lines.join("\n")
}

fn identity(identity: &Identified, untold: Option<&Refused>) -> Vec<String> {
    let mut lines = chain(&identity.links);
    if lines.is_empty() {
        lines.push("Nobody is asked.".to_owned());
    }
    lines.extend(who(identity.known.as_ref()));
    if let (None, Some(untold)) = (&identity.known, untold) {
        lines.push(refusal(untold));
    }
    lines
}

fn who(known: Option<&Known>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(known) = known {
        let who = if known.account.is_empty() { "nobody in particular" } else { &known.account };
        let link = if known.link.is_empty() { String::new() } else { format!(", known to {}", known.link) };
        lines.push(format!("It is {who}{link}."));
        for (name, values) in &known.labels {
            let act =
                if known.label_values == "pattern" { "may be patterns" } else { "stand for themselves" };
            lines.push(format!("Label {name}: {} ({act}).", values.join(", ")));
        }
        if let Some(until) = &known.until {
            lines.push(format!("It ends on {until}."));
        }
        for restriction in &known.restrictions {
            lines.push(format!("It can never exceed {}.", restriction.join(" ")));
        }
    }
    lines
}

fn chain(links: &[AskedLink]) -> Vec<String> {
    let rows = links.iter().flat_map(|link| {
        let said = match link.turn.as_ref() {
            "asked" if link.notes.is_empty() => "is asked".to_owned(),
            "asked" if link.notes.len() > MOST_IN_A_LINE => {
                let names = std::iter::once(link.link.clone()).chain(std::iter::repeat(String::new()));
                return names.zip(notes(link)).map(|(name, note)| [name, note.to_owned()]).collect();
            }
            "asked" => notes(link).join("; "),
            "taken" => "is taken to know the account".to_owned(),
            "skipped" => format!("is not asked: {}", link.why.as_deref().unwrap_or_default()),
            _ => "is not asked: the one before has decided".to_owned(),
        };
        vec![[link.link.clone(), said]]
    });
    table(rows.collect())
}

/// What a link said; its name stands before it already.
fn notes(link: &AskedLink) -> Vec<&str> {
    link.notes.iter().map(|note| note.strip_prefix(&format!("{} ", link.link)).unwrap_or(note)).collect()
}

fn refusal(refused: &Refused) -> String {
    let link = refused.link.as_deref().map(|link| format!("{link}: ")).unwrap_or_default();
    let code = refused.code.replace('_', " ");
    match refused.detail.as_str() {
        "" => format!("{link}{code}."),
        // What a link could not do begins with its kind.
        detail if code == "unavailable" => format!("{link}{detail}."),
        detail => format!("{link}{code}: {detail}."),
    }
}

fn explained(scope: &ExplainedScope) -> Vec<String> {
    let none = |actions: &[String]| if actions.is_empty() { "nothing".to_owned() } else { actions.join(",") };
    let mut heading =
        format!("{}: asked {}, granted {}", scope.resource, none(&scope.asked), none(&scope.granted));
    if !scope.missing.is_empty() && !scope.granted.is_empty() {
        heading.push_str(&format!(", not {}", scope.missing.join(",")));
    }
    let mut lines = vec![heading];
    let mut below = Vec::new();
    if scope.links.len() > 1 || scope.decided.by != "rule" {
        below.extend(chain(&scope.links));
    }
    below.extend(decision(scope));
    if !scope.restricted.is_empty() {
        let taken = scope.restricted.join(",");
        below.push(format!("The identity's restriction takes {taken} away, whatever the rules say."));
    }
    if let Some(until) = &scope.until {
        below.push(format!("This holds until {until}."));
    }
    let of = |role: &str| scope.rules.iter().filter(move |rule| rule.role == role).collect::<Vec<_>>();
    let close = of("close");
    if !close.is_empty() {
        let before = if scope.decided.by == "rule" { "before it" } else { "none matched" };
        below.push(format!("Rules that came close ({before}), the nearest first:"));
        below.extend(indented(1, close.into_iter().flat_map(came_close).collect()));
    }
    for rule in of("shadowed") {
        let decides = scope.decided.because.as_deref().unwrap_or("an earlier rule");
        below.push(format!(
            "A later rule, {}, would have granted {}, but {decides} decides first.",
            named(rule),
            more(rule, &scope.missing)
        ));
    }
    lines.extend(indented(1, below));
    lines
}

fn decision(scope: &ExplainedScope) -> Vec<String> {
    let decided = &scope.decided;
    let link = decided.link.as_deref().unwrap_or_default();
    let because = decided.because.as_deref().unwrap_or_default();
    match decided.by.as_ref() {
        "rule" => {
            let comment =
                decided.comment.as_deref().map(|comment| format!(" ({comment})")).unwrap_or_default();
            let rule = scope.rules.iter().find(|rule| rule.role == "decides" && rule.place == because);
            // A program or web hook that decides has no rule to show.
            let end = if rule.is_some() { ':' } else { '.' };
            let mut lines = vec![format!("Decided by {because}{comment} of {link}{end}")];
            if let Some(rule) = rule {
                let mut rows: Vec<[String; 2]> = rule.conditions.iter().map(fits).collect();
                if rows.is_empty() {
                    rows.push(["match".to_owned(), "has no condition and fits everything".to_owned()]);
                }
                rows.push(["actions".to_owned(), granting(rule)]);
                lines.extend(indented(1, table(rows)));
            }
            lines
        }
        "refusal" => vec![format!("Refused by {link}: {because}.")],
        _ => vec!["No rule matches, so nothing is granted.".to_owned()],
    }
}

fn token(explanation: &Explanation) -> Vec<String> {
    match (&explanation.token, &explanation.refused, explanation.status) {
        (Some(token), ..) => given(token),
        (None, Some(refused), Some(status)) => {
            vec![format!("None: the answer is {status}. {}", refusal(refused))]
        }
        _ => vec!["Unknown: it is not known who asks.".to_owned()],
    }
}

fn given(token: &Token) -> Vec<String> {
    let rows = vec![
        ["life".to_owned(), format!("{} seconds, until {}", token.expires_in, token.expires)],
        [
            "for".to_owned(),
            if token.audience.is_empty() { "no service".to_owned() } else { token.audience.clone() },
        ],
        ["signed by".to_owned(), format!("{} ({})", token.issuer, token.algorithm)],
        ["key id".to_owned(), token.key_id.clone().unwrap_or_else(|| "none".to_owned())],
        ["x5c".to_owned(), if token.x5c { "sent along".to_owned() } else { "not sent".to_owned() }],
    ];
    table(rows)
}

fn outcome(explanation: &Explanation) -> &'static str {
    let assumed = explanation.identity.proof == "assumed";
    match explanation.outcome {
        Outcome::Granted if assumed => "Everything that was asked is granted, if the password is right.",
        Outcome::Granted => "Everything that was asked is granted.",
        Outcome::Refused if explanation.token.is_some() => {
            "Not everything that was asked is granted. A token is given all the same."
        }
        Outcome::Refused => "Nothing is granted.",
        Outcome::Unknown => "It cannot be known who the account is.",
    }
}
