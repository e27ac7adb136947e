//! Why a decision fell as it did, for `explain`: every rule is looked at, not only those that the index finds.

use std::cmp::Reverse;

use dockgate_api::config::Standing;
use dockgate_api::{AccessRequest, ActionSet, Call, ConditionNote, RuleNote, RuleRole};

use super::{Acl, RULES_BETWEEN_LOOKS};
use crate::rule::{Effect, Rule, is_telling};

/// Of the rules that came close, and of those behind the one that decides.
const MOST: usize = 3;

/// Fewest failures first; then the most conditions that held; then the order of the list.
type Nearness = (usize, Reverse<usize>, usize);

impl Acl {
    /// Tells the call's sink which rule decides, which nearly did, and which would have granted more behind it.
    #[cold]
    pub(super) fn explain(&self, cx: &Call, request: &AccessRequest<'_>) {
        let mut close: Vec<(Nearness, RuleNote)> = Vec::new();
        let mut rules = self.rules.iter().enumerate();
        let mut decides = None;
        for (number, rule) in rules.by_ref() {
            if is_late(cx, number) {
                cx.note(|| {
                    format!("{number} of {} rules were looked at: the rest took too long", self.len())
                });
                break;
            }
            match rule.effect(cx.now(), request, &self.regexes) {
                Ok(Effect::Decides) => {
                    decides = Some(rule);
                    break;
                }
                Ok(Effect::None | Effect::From(_)) => {}
                // The request fails here, whatever the rest says.
                Err(_) => break,
            }
            let conditions = rule.conditions(request, &self.regexes);
            if let Some(nearness) = nearness(&conditions, number) {
                let place = close.partition_point(|(other, _)| *other < nearness);
                if place < MOST {
                    close.insert(place, (nearness, note(rule, RuleRole::Close, cx, conditions)));
                    close.truncate(MOST);
                }
            }
        }
        if let Some(rule) = decides {
            cx.note_rule(|| note(rule, RuleRole::Decides, cx, rule.conditions(request, &self.regexes)));
        }
        for (_, rule) in close {
            cx.note_rule(|| rule);
        }
        let Some(decides) = decides else { return };
        let mut missing = without(request.actions, &decides.actions().grant(request.actions));
        let mut shown = 0;
        for (number, rule) in rules {
            if missing.is_empty() || shown == MOST || is_late(cx, number) {
                break;
            }
            let more = rule.actions().grant(&missing);
            if more.is_empty() || rule.effect(cx.now(), request, &self.regexes) != Ok(Effect::Decides) {
                continue;
            }
            cx.note_rule(|| note(rule, RuleRole::Shadowed, cx, rule.conditions(request, &self.regexes)));
            missing = without(&missing, &more);
            shown += 1;
        }
    }
}

fn is_late(cx: &Call, tried: usize) -> bool {
    tried % RULES_BETWEEN_LOOKS == RULES_BETWEEN_LOOKS - 1 && cx.remaining().is_zero()
}

/// How near a rule came that does not decide; none if it has nothing to do with the request.
fn nearness(conditions: &[ConditionNote], number: usize) -> Option<Nearness> {
    let holds = |note: &&ConditionNote| note.holds == Some(true);
    let held = conditions.iter().filter(holds).count();
    let failed = conditions.len() - held;
    let related = failed == 0 || conditions.iter().filter(holds).any(is_telling);
    related.then_some((failed, Reverse(held), number))
}

fn note(rule: &Rule, role: RuleRole, cx: &Call, conditions: Vec<ConditionNote>) -> RuleNote {
    let validity = rule.validity();
    let standing: Standing = validity.at(cx.now());
    RuleNote::new(rule.because().clone(), role, rule.actions().clone())
        .standing(standing, validity.window.until())
        .with_conditions(conditions)
}

fn without(asked: &ActionSet, granted: &ActionSet) -> ActionSet {
    asked.iter().filter(|action| !granted.contains(action)).collect()
}
