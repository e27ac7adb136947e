//! What loads and is hardly meant so.

use std::time::SystemTime;

use dockgate_api::config::{KeyPath, Location, Moment, Remark, Standing};
use dockgate_rules::{Regexes, Rule, RuleConfig, takeovers};

/// Of the ends that open something: enough to see what is meant.
const MOST_TAKEOVERS: usize = 10;

/// Where a rule stands.
pub(super) struct Place {
    pub(super) location: Location,
    pub(super) index: Option<usize>,
}

/// The way from the section to a rule.
pub(super) fn item(index: Option<usize>) -> KeyPath {
    index.map_or_else(KeyPath::root, |index| KeyPath::root().item(index))
}

/// Grants that no registry can use: it asks for `pull` with every push, and for `*` on the catalog.
pub(super) fn never_granted(rule: &RuleConfig, location: &Location) -> Vec<Remark> {
    let has = |action: &str| rule.actions.iter().any(|given| given == action);
    let on_catalog = rule.conditions.kind.as_ref().is_some_and(|kind| kind.value == "registry");
    let mut messages = Vec::new();
    if has("push") && !has("pull") && !has("*") && !on_catalog {
        messages.push(
            "a registry asks for `pull` along with `push`: a push under this rule alone fails; add `pull`",
        );
    }
    if on_catalog && !has("*") && !rule.actions.is_empty() {
        messages.push("a registry asks for `*` on its catalog: nothing less helps; write `[\"*\"]`");
    }
    if has("*") && rule.actions.len() > 1 {
        messages.push("`*` beside other actions does not mean all of them: write `[\"*\"]` for that");
    }
    let remark = |message: &str| Remark::new(location.clone(), KeyPath::root().key("actions"), message);
    messages.into_iter().map(remark).collect()
}

/// A rule about a link that nobody comes through.
pub(super) fn unknown_backend(
    rule: &Rule,
    backend: Option<Location>,
    links: Option<&[String]>,
    regexes: &Regexes,
) -> Option<Remark> {
    let (backend, links) = (backend?, links?);
    if links.iter().any(|link| rule.fits_backend(link, regexes)) {
        return None;
    }
    let known: Vec<String> = links.iter().map(|link| format!("`{link}`")).collect();
    let message = format!(
        "no link of `authn` has such a name, so that the rule never matches: there are {}",
        known.join(", ")
    );
    Some(Remark::new(backend, KeyPath::root().key("match").key("backend"), message))
}

/// Rules that have ended, and rules whose end opens more than they grant.
pub(super) fn ends(rules: &[Rule], places: &[Place], now: SystemTime) -> Vec<Remark> {
    let remark =
        |place: &Place, message| Remark::new(place.location.clone(), item(place.index).key("valid"), message);
    let mut found: Vec<Remark> =
        over(rules, places, now).map(|(place, message)| remark(place, message)).into_iter().collect();
    let takeovers = takeovers(rules, now);
    let more = takeovers.len().saturating_sub(MOST_TAKEOVERS);
    for (shown, takeover) in takeovers.iter().take(MOST_TAKEOVERS).enumerate() {
        let Some(place) = places.get(takeover.rule) else { continue };
        let rest = rest(if shown + 1 == MOST_TAKEOVERS { more } else { 0 });
        found.push(remark(place, format!("{takeover}{rest}")));
    }
    found
}

/// One warning for all.
fn over<'p>(rules: &[Rule], places: &'p [Place], now: SystemTime) -> Option<(&'p Place, String)> {
    let mut over = rules.iter().zip(places).filter_map(|(rule, place)| match rule.validity().at(now) {
        Standing::Over(until) => Some((place, until)),
        Standing::Valid | Standing::Ahead(_) | Standing::Disabled => None,
    });
    let (place, until) = over.next()?;
    let rest = rest(over.count());
    let until = Moment(until);
    Some((
        place,
        format!(
            "this rule has ended on {until}: it decides nothing any more; take it out, or give it a later `until`{rest}"
        ),
    ))
}

fn rest(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more rules of this section)") }
}
