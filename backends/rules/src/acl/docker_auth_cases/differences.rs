//! Why our answer may differ from docker_auth's, each reason with how often it does.

use std::collections::BTreeMap;

use regex::Regex;

use super::Asked;
use crate::{RuleConfig, go_regex, template::regex_text};

/// What we say of one rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ours {
    Refused,
    Matches(bool),
}

/// A rule on which we differ.
pub(super) struct Seen<'a> {
    pub(super) rule: &'a RuleConfig,
    pub(super) asked: &'a Asked,
    pub(super) ours: Ours,
    pub(super) theirs: bool,
}

pub(super) struct Difference {
    pub(super) reason: &'static str,
    pub(super) applies: fn(&Seen<'_>) -> bool,
    /// How often docker_auth matches, or at least loads the rule, and we do not.
    pub(super) narrower: usize,
    /// How often we match and docker_auth does not.
    pub(super) wider: usize,
}

/// The first that applies explains a difference. Numbers are those of the recorded cases, so that none slips in.
pub(super) const DIFFERENCES: [Difference; 13] = [
    Difference {
        reason: "what could never match is refused at load",
        applies: |seen| seen.ours == Ours::Refused && !seen.theirs,
        narrower: 227,
        wider: 0,
    },
    Difference {
        reason: "`${Account:1}` is refused with its right spelling",
        applies: |seen| seen.ours == Ours::Refused && seen.holes().iter().any(Hole::is_capitalized),
        narrower: 4,
        wider: 0,
    },
    Difference {
        reason: "a group that is not there is refused at load, not taken for its own text",
        applies: |seen| {
            seen.ours == Ours::Refused
                && seen.holes().iter().any(|hole| hole.is_capture() && hole.lets_text_in())
        },
        narrower: 14,
        wider: 0,
    },
    Difference {
        reason: "an empty value never satisfies a variable",
        applies: |seen| !seen.ours_matches() && seen.any_value(|_, value| value.is_empty()),
        narrower: 77,
        wider: 0,
    },
    Difference {
        reason: "`\\${account}` is text: an escaped dollar starts no variable",
        applies: |seen| seen.holes().iter().any(|hole| hole.before.ends_with('\\')),
        narrower: 21,
        wider: 0,
    },
    Difference {
        reason: "a value within `\\Q…\\E` is escaped for that place, not twice",
        applies: |seen| seen.holes().iter().any(|hole| hole.before.contains("\\Q")),
        narrower: 0,
        wider: 2,
    },
    Difference {
        reason: "a capture behind another variable has its value",
        applies: |seen| seen.holes().iter().any(Hole::hides_from_docker_auth),
        narrower: 1,
        wider: 2,
    },
    Difference {
        reason: "a regex with variables captures like any other",
        applies: |seen| seen.holes().iter().any(|hole| seen.source(hole).contains("${")),
        narrower: 1,
        wider: 2,
    },
    Difference {
        reason: "captures are literal",
        applies: |seen| seen.any_value(|hole, value| hole.is_capture() && value.contains(SPECIAL)),
        narrower: 25,
        wider: 0,
    },
    Difference {
        reason: "a quantifier repeats the whole value, not its last character",
        applies: |seen| {
            let quantified =
                |hole: &Hole<'_>| hole.in_regex() && hole.after.starts_with(['+', '*', '?', '{']);
            seen.holes().iter().any(quantified)
        },
        narrower: 1,
        wider: 0,
    },
    Difference {
        reason: "in a class a value is its characters, and without one no text of the variable",
        applies: |seen| {
            let whole = |hole: &Hole<'_>| {
                hole.is_label() || seen.values(hole).iter().any(|value| value.contains('-'))
            };
            seen.holes().iter().any(|hole| hole.in_class() && whole(hole))
        },
        narrower: 44,
        wider: 2,
    },
    Difference {
        reason: "glob or regex is told by the rule, not by the value in it",
        applies: |seen| {
            let closes = |hole: &Hole<'_>, value: &str| {
                hole.is_label() && !hole.in_regex() && hole.before == "/" && value.ends_with('/')
            };
            seen.any_value(closes)
        },
        narrower: 2,
        wider: 0,
    },
    Difference {
        reason: "a label's value within a regex stands in a group of its own",
        applies: |seen| {
            seen.any_value(|hole, value| hole.is_label() && hole.in_regex() && value.contains(SPECIAL))
        },
        narrower: 13,
        wider: 0,
    },
];

/// What means something to a glob or a regex, or makes a text one.
const SPECIAL: [char; 15] = ['.', '*', '?', '+', '[', ']', '(', ')', '{', '}', '|', '^', '$', '\\', '/'];

/// A variable in a pattern.
struct Hole<'a> {
    pattern: &'a str,
    before: &'a str,
    name: &'a str,
    after: &'a str,
}

impl<'a> Hole<'a> {
    fn all(pattern: &'a str) -> impl Iterator<Item = Self> {
        pattern.match_indices("${").filter_map(move |(start, _)| {
            let (name, after) = pattern[start + 2..].split_once('}')?;
            Some(Hole { pattern, before: &pattern[..start], name, after })
        })
    }

    fn is_label(&self) -> bool {
        self.name.starts_with("labels:")
    }

    fn is_capture(&self) -> bool {
        !self.is_label() && self.name.contains(':')
    }

    fn is_capitalized(&self) -> bool {
        self.name.starts_with(char::is_uppercase)
    }

    fn in_regex(&self) -> bool {
        regex_text(self.pattern).is_some()
    }

    fn in_class(&self) -> bool {
        self.before.rfind('[') > self.before.rfind(']')
    }

    /// Whether the pattern can match with the text of the variable left in it.
    fn lets_text_in(&self) -> bool {
        self.in_class() || self.pattern.contains('|')
    }

    /// docker_auth looks for captures from the first `${` on, and takes what is in between for the name.
    fn hides_from_docker_auth(&self) -> bool {
        self.is_capture() && Hole::all(self.before).any(|earlier| !earlier.is_capture())
    }
}

impl<'a> Seen<'a> {
    fn ours_matches(&self) -> bool {
        self.ours == Ours::Matches(true)
    }

    fn field(&self, name: &str) -> (&'a str, &'a str) {
        let (pattern, text) = match name {
            "account" => (&self.rule.conditions.account, &self.asked.account),
            "type" => (&self.rule.conditions.kind, &self.asked.kind),
            "name" => (&self.rule.conditions.name, &self.asked.name),
            "service" => (&self.rule.conditions.service, &self.asked.service),
            _ => return ("", ""),
        };
        (pattern.as_ref().map_or("", |pattern| pattern.as_str()), text)
    }

    fn holes(&self) -> Vec<Hole<'a>> {
        let fields = ["account", "type", "name", "service"].map(|name| self.field(name).0);
        let labels = self
            .rule
            .conditions
            .labels
            .as_ref()
            .into_iter()
            .flat_map(BTreeMap::values)
            .map(|pattern| pattern.as_str());
        fields.into_iter().chain(labels).flat_map(Hole::all).collect()
    }

    /// The pattern that a capture is taken from.
    fn source(&self, hole: &Hole<'_>) -> &'a str {
        hole.name.split_once(':').map_or("", |(field, _)| self.field(field).0)
    }

    fn values(&self, hole: &Hole<'_>) -> Vec<String> {
        match hole.name.split_once(':') {
            None => vec![self.field(hole.name).1.to_owned()],
            Some(("labels", key)) => self.asked.labels.get(key).cloned().unwrap_or_default(),
            Some((field, group)) => {
                let (pattern, text) = self.field(field);
                let Some(Ok(source)) = regex_text(pattern).map(go_regex::translate) else { return vec![] };
                let captures = Regex::new(&source).unwrap().captures(text);
                let group = captures
                    .map(|captures| captures.get(group.parse().unwrap()).map(|m| m.as_str().to_owned()));
                group.map(Option::unwrap_or_default).into_iter().collect()
            }
        }
    }

    fn any_value(&self, holds: impl Fn(&Hole<'_>, &str) -> bool) -> bool {
        self.holes().iter().any(|hole| self.values(hole).iter().any(|value| holds(hole, value)))
    }
}
