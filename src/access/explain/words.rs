//! From what was found to what is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::{Actions, Identity, LabelValue, Reason};

use super::notes::Notes;
use super::{Inquiry, Proof};
use crate::access::explanation::{
    Asked, AskedLink, Decision, Explanation, Identified, Known, Outcome, Refused, rfc3339, shown,
};
use crate::access::refusal::{DIFFERENT_ACCOUNTS, NotIdentified};
use crate::access::{Decided, GrantedScope, Question};
use crate::chain::{Chain, Link, LinkError, Turn};
use crate::scope::RequestedScope;

pub(super) fn unanswered(now: SystemTime, inquiry: &Inquiry) -> Explanation {
    let Question { login, scopes, .. } = &inquiry.question;
    let scope = |scope: &RequestedScope| shown(&format!("{}:{}", scope.resource, scope.actions));
    let asked = Asked {
        account: shown(&login.account),
        service: shown(&login.service),
        ip: login.client_ip.map(|ip| ip.to_string()),
        at: rfc3339(now),
        scopes: scopes.scopes.iter().map(scope).collect(),
    };
    let proof = match inquiry.proof {
        Proof::Assumed if !login.account.is_empty() => "assumed",
        Proof::Shown | Proof::Assumed => "shown",
        Proof::Given { .. } => "given",
    };
    Explanation {
        version: 1,
        asked,
        outcome: Outcome::Refused,
        status: None,
        refused: None,
        identity: Identified { proof: proof.into(), links: Vec::new(), known: None },
        scopes: Vec::new(),
        token: None,
    }
}

/// The links of a chain up to the one that had the last word, and those behind it.
pub(super) fn links<B: ?Sized>(
    chain: &Chain<B>,
    account: Option<&str>,
    last: Option<&str>,
    notes: &Notes,
    skipped: impl Fn(&Link<B>) -> Option<&'static str>,
) -> Vec<AskedLink> {
    let mut decided = false;
    let explained = |(link, turn): (&Link<B>, Turn)| {
        let pattern = link.accounts.as_ref().map(|pattern| shown(pattern.as_str())).unwrap_or_default();
        let (turn, why) = match turn {
            Turn::OwnsOthers => ("skipped", Some(format!("its `accounts: {pattern}` does not fit"))),
            Turn::OwnedElsewhere => {
                ("skipped", Some("another link's `accounts` own this account".to_owned()))
            }
            Turn::Asked => match skipped(link) {
                Some(why) => ("skipped", Some(why.to_owned())),
                None if decided => ("not_reached", None),
                None => ("asked", None),
            },
        };
        decided |= last == Some(&link.name);
        AskedLink { link: shown(&link.name), turn: turn.into(), why, notes: notes.texts(&link.name) }
    };
    chain.turns(account).map(explained).collect()
}

pub(super) fn known(identity: &Identity) -> Known {
    let values = |values: &[LabelValue]| values.iter().map(|value| shown(value.as_str())).collect();
    let labels: BTreeMap<String, Vec<String>> =
        identity.labels.iter().map(|(name, all)| (shown(name), values(all))).collect();
    let patterns = identity
        .labels
        .iter()
        .flat_map(|(_, values)| values)
        .any(|value| matches!(value, LabelValue::Pattern(_)));
    let restrictions = identity.restrictions.iter().map(|restriction| {
        let limits = restriction.scopes.iter().map(|limit| {
            let actions = match &limit.actions {
                Actions::All => "*".to_owned(),
                Actions::Only(actions) => actions.to_string(),
            };
            shown(&format!("{}:{}:{actions}", limit.kind, limit.name))
        });
        limits.collect()
    });
    Known {
        account: shown(&identity.account),
        link: shown(&identity.link),
        labels,
        label_values: if patterns { "pattern" } else { "literal" }.into(),
        until: identity.expires_at.map(rfc3339),
        restrictions: restrictions.collect(),
    }
}

pub(super) fn decision(granted: &GrantedScope) -> (Option<Arc<str>>, Decision) {
    let by = |by: &'static str, link: &Arc<str>, because: String, comment: Option<String>| {
        let decision = Decision { by: by.into(), link: Some(shown(link)), because: Some(because), comment };
        (Some(Arc::clone(link)), decision)
    };
    match granted.decided() {
        Decided::By(link, because) => {
            by("rule", link, shown(&because.place), because.comment.as_deref().map(shown))
        }
        Decided::Refused(link, reason) => by("refusal", link, shown(&reason.to_string()), None),
        Decided::Nobody => (None, Decision { by: "nobody".into(), link: None, because: None, comment: None }),
    }
}

pub(super) fn untold(link: &str) -> Refused {
    let detail = "cannot tell who an account is without its password: log in with `--password-stdin`, or say with \
                  `--as-link` and `--labels` what it would answer";
    Refused { link: Some(shown(link)), code: "unknown".to_owned(), detail: detail.to_owned() }
}

pub(super) fn status(refused: &NotIdentified) -> u16 {
    match refused {
        NotIdentified::Denied(..) | NotIdentified::Unknown => 401,
        NotIdentified::Locked { .. } => 429,
        NotIdentified::Differs => 400,
        NotIdentified::Failed(_) => 503,
    }
}

pub(super) fn not_identified(refused: NotIdentified) -> Refused {
    match refused {
        NotIdentified::Denied(link, Reason { code, detail, .. }) => Refused {
            link: link.as_deref().map(shown),
            code: code.as_str().to_owned(),
            detail: shown(&detail),
        },
        NotIdentified::Unknown => Refused {
            link: None,
            code: "unknown_account".to_owned(),
            detail: "no link of `authn` knows the account".to_owned(),
        },
        NotIdentified::Locked { detail, .. } => {
            Refused { link: None, code: "locked".to_owned(), detail: detail.to_owned() }
        }
        NotIdentified::Differs => Refused {
            link: None,
            code: "different_accounts".to_owned(),
            detail: DIFFERENT_ACCOUNTS.to_owned(),
        },
        NotIdentified::Failed(failed) => unavailable(&failed),
    }
}

pub(super) fn unavailable(failed: &LinkError) -> Refused {
    Refused {
        link: Some(shown(&failed.link)),
        code: "unavailable".to_owned(),
        detail: shown(&failed.error.to_string()),
    }
}
