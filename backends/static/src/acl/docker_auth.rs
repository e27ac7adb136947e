//! Lines of docker_auth's rules that mean something else here. Nothing is wrong with them: whoever moves should know.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use dockgate_api::config::{KeyPath, Located, Location, Remark};
use dockgate_rules::RuleConfig;

/// Of one kind: enough to see what is meant.
const MOST: usize = 10;

/// The fields whose values can stand in patterns.
const FIELDS: [&str; 4] = ["account", "type", "name", "service"];

/// What differs, rule after rule.
#[derive(Default)]
pub(super) struct Differences {
    found: Vec<(Kind, Remark)>,
    /// The first rule that grants something of an asked `*`, and how many more do.
    asterisk: Option<(Location, KeyPath, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Capture,
    Escaped,
    Quantifier,
    LabelInRegex,
    InClass,
    Anonymous,
}

/// `${…}` in a pattern.
struct Variable<'p> {
    inner: &'p str,
    before: &'p str,
    after: &'p str,
}

impl Differences {
    /// Looks at a rule; `item` is the way to it.
    pub(super) fn look(&mut self, rule: &RuleConfig, location: &Location, item: &KeyPath) {
        let conditions = &rule.conditions;
        let fields = [&conditions.account, &conditions.kind, &conditions.name, &conditions.service];
        let patterns = FIELDS.into_iter().zip(fields);
        for (key, pattern) in patterns.filter_map(|(key, pattern)| Some((key, pattern.as_ref()?))) {
            self.pattern(pattern, &item.key("match").key(key));
            if key != "account" && fits_nobody(rule) && means_more_without_account(pattern) {
                let message = "who does not log in has no `${account}`, so that this never fits them; docker_auth put an \
                               empty text in its place: write a rule with `account: \"\"` if that was meant";
                self.add(Kind::Anonymous, pattern, item.key("match").key(key), message.to_owned());
            }
        }
        for (label, pattern) in conditions.labels.as_ref().into_iter().flatten() {
            self.pattern(pattern, &item.key("match").key("labels").key(label));
        }
        let has_all = rule.actions.iter().any(|action| action == "*");
        let on_registry = conditions.kind.as_ref().is_some_and(|kind| kind.value == "registry");
        if !rule.actions.is_empty() && !has_all && !on_registry {
            match &mut self.asterisk {
                Some((.., more)) => *more += 1,
                none => *none = Some((location.clone(), item.key("actions"), 0)),
            }
        }
    }

    fn pattern(&mut self, pattern: &Located<String>, key: &KeyPath) {
        let is_regex = pattern.len() > 2 && pattern.starts_with('/') && pattern.ends_with('/');
        for variable in variables(pattern) {
            let name = format!("${{{}}}", variable.inner);
            if is_escaped(variable.before) {
                let message = format!(
                    "`\\{name}` is plain text here; docker_auth put the value in: write `{name}` if that was meant"
                );
                self.add(Kind::Escaped, pattern, key.clone(), message);
                continue;
            }
            if FIELDS
                .iter()
                .any(|field| variable.inner.strip_prefix(field).is_some_and(|rest| rest.starts_with(':')))
            {
                let message = format!(
                    "what `{name}` found stands for itself here; in docker_auth it acted as a pattern: nothing to do, \
                     unless accounts or names hold patterns on purpose"
                );
                self.add(Kind::Capture, pattern, key.clone(), message);
            }
            if !is_regex {
                continue;
            }
            if variable.after.starts_with(['*', '+', '?', '{']) {
                let message = format!(
                    "what stands behind `{name}` repeats its whole value here; in docker_auth it repeated the value's last \
                     character: look whether that is meant"
                );
                self.add(Kind::Quantifier, pattern, key.clone(), message);
            }
            if variable.inner.starts_with("labels:") {
                let message = format!(
                    "each value of `{name}` is a group of its own here; in docker_auth a `|` in it cut the whole regex in \
                     two: nothing to do where no value has a `|`"
                );
                self.add(Kind::LabelInRegex, pattern, key.clone(), message);
            }
            if is_in_class(variable.before) {
                let message = format!(
                    "in a class, `{name}` is the value's characters here, and never a range; docker_auth pasted it in: look \
                     whether that is meant"
                );
                self.add(Kind::InClass, pattern, key.clone(), message);
            }
        }
    }

    fn add(&mut self, kind: Kind, pattern: &Located<String>, key: KeyPath, message: String) {
        self.found.push((kind, Remark::new(pattern.location.clone(), key, message)));
    }

    /// What is to be told: of each kind the first lines, and how many more there are.
    pub(super) fn told(self) -> Vec<Remark> {
        let mut totals: BTreeMap<Kind, usize> = BTreeMap::new();
        for (kind, _) in &self.found {
            *totals.entry(*kind).or_default() += 1;
        }
        let mut shown: BTreeMap<Kind, usize> = BTreeMap::new();
        let few = self.found.into_iter().filter_map(|(kind, mut remark)| {
            let count = shown.entry(kind).and_modify(|count| *count += 1).or_insert(1);
            let more = totals.get(&kind).map_or(0, |total| total.saturating_sub(MOST));
            if *count == MOST && more > 0 {
                remark.message.push_str(&format!(" (and in {more} more places)"));
            }
            (*count <= MOST).then_some(remark)
        });
        let mut told: Vec<Remark> = few.collect();
        if let Some((location, key, more)) = self.asterisk {
            let more = if more == 0 { String::new() } else { format!(" (and {more} more rules)") };
            let message = format!(
                "a request for `*` gets what this rule grants; docker_auth granted nothing of it: nothing to do, clients \
                 ask so to delete{more}"
            );
            told.push(Remark::new(location, key, message));
        }
        told
    }
}

fn variables(pattern: &str) -> impl Iterator<Item = Variable<'_>> {
    pattern.match_indices("${").filter_map(move |(start, open)| {
        let (before, rest) = pattern.split_at_checked(start)?;
        let (inner, after) = rest.strip_prefix(open)?.split_once('}')?;
        let named = inner.split(':').next().unwrap_or_default();
        (FIELDS.contains(&named) || inner.starts_with("labels:")).then_some(Variable { inner, before, after })
    })
}

fn is_escaped(before: &str) -> bool {
    before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Whether a class was begun and not ended.
fn is_in_class(before: &str) -> bool {
    let (mut open, mut escaped) = (false, false);
    for c in before.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => open = true,
            ']' => open = false,
            _ => {}
        }
    }
    open
}

/// Whether the rule asks nothing of the account that nobody in particular does not have.
fn fits_nobody(rule: &RuleConfig) -> bool {
    let account = rule.conditions.account.as_ref().map(|account| account.value.as_str());
    account.is_none_or(|account| matches!(account, "" | "*" | "**" | "/.*/" | "/^.*$/"))
}

/// Whether a pattern fits names of repositories once the account is taken out of it: none begins with a slash.
fn means_more_without_account(pattern: &str) -> bool {
    let without = pattern.replace("${account}", "");
    without != pattern
        && (without.contains(['*', '?']) && !without.starts_with('/') || without.starts_with("/^"))
}
