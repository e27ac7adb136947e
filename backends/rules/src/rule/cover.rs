//! Whether one rule matches whatever another does.

use crate::pattern::Nothing;
use crate::regexes::Regexes;
use crate::template::Template;
use crate::variable::Field;

use super::Rule;

/// Rules that are compared, and how much of that is still to be done: long lists must load in time.
#[derive(Debug)]
pub(crate) struct Comparisons {
    regexes: Regexes,
    left: u32,
}

impl Comparisons {
    /// What a regex costs at most, in pairs of rules that differ in a text.
    const REGEX: u32 = 1000;

    /// So much work, counted in pairs of rules.
    pub(crate) fn new(pairs: u32) -> Self {
        Self { regexes: Regexes::new(64, 0), left: pairs }
    }

    /// Whether there is work left, which is then done.
    pub(crate) fn spend(&mut self, amount: u32) -> bool {
        let left = self.left.checked_sub(amount);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

impl Rule {
    /// Whether the rule surely matches whatever a narrower one does: each of its conditions is the other's own, or a
    /// pattern that fits the one text which the other wants. `false` where that cannot be told from both texts.
    pub(crate) fn covers(&self, narrow: &Self, comparisons: &mut Comparisons) -> bool {
        if self.network.is_some() && self.network != narrow.network {
            return false;
        }
        self.fields.iter().all(|(field, broad)| {
            let same_captures = broad.captures_needed().all(|(source, _)| {
                self.field(source).map(Template::as_str) == narrow.field(source).map(Template::as_str)
            });
            same_captures && fits(broad, narrow.field(*field), comparisons)
        }) && self.labels.iter().all(|(label, broad)| {
            let same = narrow.labels.iter().filter(|(other, _)| other == label);
            fits(broad, same.map(|(_, template)| &**template).next(), comparisons)
        }) && self.backend.iter().all(|broad| fits(broad, narrow.backend.as_deref(), comparisons))
    }

    fn field(&self, field: Field) -> Option<&Template> {
        self.fields.iter().find(|(other, _)| *other == field).map(|(_, template)| &**template)
    }
}

fn fits(broad: &Template, narrow: Option<&Template>, comparisons: &mut Comparisons) -> bool {
    let Some(narrow) = narrow else { return false };
    if broad.as_str() == narrow.as_str() {
        return true;
    }
    let (Some(text), None) = (narrow.literal(), broad.variables().next()) else { return false };
    if broad.is_regex() && !comparisons.spend(Comparisons::REGEX) {
        return false;
    }
    broad.is_match(text, &Nothing, &comparisons.regexes).unwrap_or(false)
}
