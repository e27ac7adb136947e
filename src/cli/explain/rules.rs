//! Rules and their conditions, for a person.

use super::text::{indented, table};
use crate::access::explanation::{Condition, ExplainedRule};

/// Conditions that failed, of one rule.
const MOST_FAILED: usize = 3;

pub(super) fn granting(rule: &ExplainedRule) -> String {
    match rule.actions.as_slice() {
        [] => "none: the rule denies".to_owned(),
        [all] if all == "*" => "all that is asked".to_owned(),
        some => some.join(", "),
    }
}

pub(super) fn fits(condition: &Condition) -> [String; 2] {
    let value = condition.value.as_deref().unwrap_or_default();
    [condition.key.clone(), format!("`{}` fits `{value}`{}", condition.pattern, variables(condition))]
}

fn variables(condition: &Condition) -> String {
    let each = condition.variables.iter().map(|(name, value)| match value {
        Some(value) => format!("{name} is `{value}`"),
        None => format!("{name} has no value"),
    });
    let each: Vec<String> = each.collect();
    if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) }
}

pub(super) fn named(rule: &ExplainedRule) -> String {
    let comment = rule.comment.as_deref().map(|comment| format!(" ({comment})")).unwrap_or_default();
    format!("{}{comment}", rule.place)
}

/// The rule, and below it what failed.
pub(super) fn came_close(rule: &ExplainedRule) -> Vec<String> {
    let mut lines = vec![named(rule)];
    let failed: Vec<&Condition> =
        rule.conditions.iter().filter(|condition| condition.holds != Some(true)).collect();
    let mut rows: Vec<[String; 2]> =
        failed.iter().take(MOST_FAILED).map(|condition| fails(condition)).collect();
    if failed.len() > MOST_FAILED {
        rows.push([String::new(), format!("and {} more", failed.len() - MOST_FAILED)]);
    }
    let when = |time: &Option<String>| time.clone().unwrap_or_default();
    match rule.standing.as_ref() {
        "not_yet" => rows.push(["valid".to_owned(), format!("begins on {}", when(&rule.from))]),
        "over" => rows.push(["valid".to_owned(), format!("has ended on {}", when(&rule.until))]),
        "disabled" => rows.push(["disabled".to_owned(), "the rule is switched off".to_owned()]),
        _ => {}
    }
    lines.extend(indented(1, table(rows)));
    lines
}

fn fails(condition: &Condition) -> [String; 2] {
    let pattern = &condition.pattern;
    let said = match (condition.holds, condition.value.as_deref()) {
        (None, _) => {
            format!("`{pattern}` needs what another condition did not find, or is too large to decide")
        }
        (Some(_), None) if condition.key == "ip" => {
            format!("`{pattern}` needs the client's address, which is not known (`--ip`)")
        }
        (Some(_), None) => format!("`{pattern}` needs this label, which the account does not have"),
        (Some(_), Some("")) => format!("`{pattern}` does not fit nothing"),
        (Some(_), Some(value)) => format!("`{pattern}` does not fit `{value}`"),
    };
    [condition.key.clone(), said + &variables(condition)]
}

/// What a rule has of what is missing.
pub(super) fn more(rule: &ExplainedRule, missing: &[String]) -> String {
    let all = matches!(rule.actions.as_slice(), [all] if all == "*");
    let more = missing.iter().filter(|action| all || rule.actions.contains(action));
    more.cloned().collect::<Vec<_>>().join(",")
}
