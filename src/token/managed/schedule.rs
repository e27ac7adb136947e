//! What is due when. Nothing here touches a file.

use std::time::{Duration, SystemTime};

use super::authority::Authority;
use super::contents::{Contents, Leaf};
use super::error::ManagedError;
use super::layout::Entry;
use crate::token::SigningKey;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const YEAR: Duration = Duration::from_secs(31_557_600);

/// Clocks of other machines may be behind.
pub(super) const BACK_DATED: Duration = Duration::from_secs(60 * 60);
pub(super) const CA_LIFE: Duration = Duration::from_secs(10 * YEAR.as_secs());
pub(super) const LEAF_LIFE: Duration = Duration::from_secs(14 * DAY.as_secs());
/// The longest life of tokens that managed keys sign: a leaf is renewed well before twice of it is left.
pub const LONGEST_TOKEN: Duration = Duration::from_secs(5 * DAY.as_secs());
/// For renewals that are late, and clocks that are not alike.
pub(super) const MARGIN: Duration = Duration::from_secs(60 * 60);

/// A next CA is made when so much of the current one is left. Registries have four years to learn of it.
const PUBLISH: Duration = Duration::from_secs(5 * YEAR.as_secs());
/// The next CA takes over when so much of the current one is left.
pub(super) const SWITCH: Duration = YEAR;
/// A next CA that was made late, because nothing ran in the years before, is still given so much time,
const LATE_NOTICE: Duration = Duration::from_secs(180 * DAY.as_secs());
/// as long as so much of the current one is left.
const LAST_MOMENT: Duration = Duration::from_secs(30 * DAY.as_secs());

/// Registries that were not given the bundle before the next CA takes over refuse every token.
pub(super) const TIME_TO_PUBLISH: Duration = DAY;

/// A new leaf that ends hardly later than the old one is not worth making: the CA is about to end.
const WORTH_IT: Duration = Duration::from_secs(60 * 60);

/// One thing to do, after which the directory is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    PublishNext,
    WriteBundle,
    SwitchCa,
    RenewLeaf(Reason),
}

/// Why a leaf is to be replaced.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Missing,
    Damaged(String),
    OtherCa,
    NotYetValid,
    Aging,
}

/// What is to be done first; nothing, if the directory can be used as it is.
pub(super) fn next_step(
    found: &Contents,
    now: SystemTime,
    longest_token: Duration,
) -> Result<Option<Step>, ManagedError> {
    let ca = found.ca()?;
    let certificate = ca.certificate();
    let issuing = issuing(found, now)?;
    if issuing.certificate().not_before() > now {
        // The clock is wrong for certain: whatever is there is better than what would be made now.
        return match &found.leaf {
            Leaf::Sound(leaf) if leaf.leaf().is_issued_by(certificate) => Ok(None),
            _ => Err(ManagedError::CaNotYetValid {
                path: Entry::Ca.of(&found.root),
                subject: certificate.subject().to_owned(),
                begins: certificate.not_before(),
                now,
            }),
        };
    }
    if issuing.certificate().not_after() <= now {
        return Err(ManagedError::CaEnded {
            path: Entry::Ca.of(&found.root),
            subject: certificate.subject().to_owned(),
            ended: certificate.not_after(),
            now,
        });
    }
    if found.next.is_none() && left(certificate.not_after(), now) <= PUBLISH {
        return Ok(Some(Step::PublishNext));
    }
    if found.bundle.as_deref() != Some(found.wanted_bundle(now).as_bytes()) {
        return Ok(Some(Step::WriteBundle));
    }
    if found.next.as_ref().is_some_and(|next| std::ptr::eq(issuing, next)) {
        return Ok(Some(Step::SwitchCa));
    }
    Ok(reason(&found.leaf, issuing, now, longest_token).map(Step::RenewLeaf))
}

/// The CA that leaves are to be issued by: the next one, once it is time. If the clock was far ahead when a CA took over
/// and is right again, the one before it goes on until the other begins.
pub(super) fn issuing(found: &Contents, now: SystemTime) -> Result<&Authority, ManagedError> {
    let ca = found.ca()?;
    let valid =
        |old: &&Authority| old.certificate().not_before() <= now && old.certificate().not_after() > now;
    if ca.certificate().not_before() > now {
        return Ok(found.old.as_ref().filter(valid).unwrap_or(ca));
    }
    let due = |next: &&Authority| next.certificate().not_before() <= now && switch_at(ca, next) <= now;
    Ok(found.next.as_ref().filter(due).unwrap_or(ca))
}

/// When the next CA takes over.
pub(super) fn switch_at(ca: &Authority, next: &Authority) -> SystemTime {
    let ends = ca.certificate().not_after();
    (ends - SWITCH).max(next.published() + LATE_NOTICE).min(ends - LAST_MOMENT)
}

/// Why a leaf should be replaced by one of that CA; `None` if it is good.
pub(super) fn reason(
    leaf: &Leaf,
    issuing: &Authority,
    now: SystemTime,
    longest_token: Duration,
) -> Option<Reason> {
    let key = match leaf {
        Leaf::Missing => return Some(Reason::Missing),
        Leaf::Damaged(problem) => return Some(Reason::Damaged(problem.clone())),
        Leaf::Sound(key) => key,
    };
    let certificate = key.leaf();
    if !certificate.is_issued_by(issuing.certificate()) {
        return Some(Reason::OtherCa);
    }
    if certificate.not_before() > now {
        return Some(Reason::NotYetValid);
    }
    let another_ends = (now + LEAF_LIFE).min(issuing.certificate().not_after());
    let aging = due_at(key, longest_token) <= now && another_ends > certificate.not_after() + WORTH_IT;
    aging.then_some(Reason::Aging)
}

/// When a leaf is to be renewed: at two thirds of its life, or when twice the longest token would hardly fit into what
/// is left, whichever is earlier.
pub(super) fn due_at(leaf: &SigningKey, longest_token: Duration) -> SystemTime {
    let (begins, ends) = (leaf.leaf().not_before(), leaf.leaf().not_after());
    let third = left(ends, begins) / 3;
    // An offline leaf may be shorter than twice any token.
    ends.checked_sub(third.max(longest_token.saturating_mul(2).saturating_add(MARGIN))).unwrap_or(begins)
}

/// Whether a token of the longest life, signed now, ends before the leaf does.
pub(super) fn is_usable(leaf: &SigningKey, now: SystemTime, longest_token: Duration) -> bool {
    let certificate = leaf.leaf();
    certificate.not_before() <= now && left(certificate.not_after(), now) > longest_token
}

/// The time from `now` until then; nothing if it is over.
pub(super) fn left(until: SystemTime, now: SystemTime) -> Duration {
    until.duration_since(now).unwrap_or_default()
}
