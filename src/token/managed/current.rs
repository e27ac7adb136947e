//! What to sign with at this moment.

use std::time::{Duration, SystemTime};

use super::authority::Authority;
use super::contents::Contents;
use super::notice::{Notice, day};
use super::schedule::{SWITCH, due_at, issuing, left, switch_at};
use crate::token::{Certificate, SigningKey};

/// Even if nothing is due: clocks change, and what was a notice becomes a warning.
const LOOK_AGAIN: Duration = Duration::from_secs(24 * 60 * 60);
/// After something that should not be so.
const TRY_AGAIN: Duration = Duration::from_secs(5 * 60);

/// What to sign with, what to publish, and when to ask again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Current {
    /// Signs tokens. Its certificate ends after every token of the longest life that is signed until `renew_at`, unless
    /// a notice of severity error says otherwise.
    pub leaf: SigningKey,
    /// The leaf is kept in memory only, because the directory cannot be written.
    pub in_memory: bool,
    /// Leaves that were used before and have not ended, newest first: tokens of theirs may still be under way. At most
    /// four.
    pub previous: Vec<Certificate>,
    /// The CAs that registries should trust, the current one first.
    pub authorities: Vec<Certificate>,
    /// The same as PEM, for `rootcertbundle`.
    pub bundle_pem: String,
    /// Whether the leaf is renewed here; not where the CA key is elsewhere.
    pub renews_itself: bool,
    /// When to ask again, at the latest: always later than now, and within a day.
    pub renew_at: SystemTime,
    /// What the administrator should know.
    pub notices: Vec<Notice>,
}

/// As many as a clock that jumps to and fro may leave behind within the life of a leaf.
pub(super) const MOST_PREVIOUS: usize = 4;

impl Current {
    /// For a directory with a CA key.
    pub(super) fn of_ca(
        found: &Contents,
        leaf: SigningKey,
        now: SystemTime,
        longest_token: Duration,
    ) -> Self {
        let authorities: Vec<Certificate> = found.trusted(now).into_iter().cloned().collect();
        let mut notices = exposed(found);
        notices.extend(of_the_ca(found, now));
        Self::new(found, leaf, authorities, notices, now, longest_token)
    }

    pub(super) fn new(
        found: &Contents,
        leaf: SigningKey,
        authorities: Vec<Certificate>,
        notices: Vec<Notice>,
        now: SystemTime,
        longest_token: Duration,
    ) -> Self {
        let due = due_at(&leaf, longest_token);
        let valid = leaf.leaf().not_before() <= now && now < leaf.leaf().not_after();
        let latest = now + if due <= now || !valid { TRY_AGAIN } else { LOOK_AGAIN };
        Self {
            renew_at: if due > now { due.min(latest) } else { latest },
            previous: earlier(found.previous.iter(), &leaf, now),
            in_memory: false,
            renews_itself: found.ca.is_some(),
            bundle_pem: authorities.iter().map(Certificate::pem).collect(),
            authorities,
            notices,
            leaf,
        }
    }

    /// Ask again soon: something is wrong that may pass.
    pub(super) fn try_again_soon(&mut self, now: SystemTime) {
        self.renew_at = self.renew_at.min(now + TRY_AGAIN);
    }
}

/// Those that have not ended, without the leaf itself and without doubles.
pub(super) fn earlier<'a>(
    all: impl Iterator<Item = &'a Certificate>,
    leaf: &SigningKey,
    now: SystemTime,
) -> Vec<Certificate> {
    let mut kept: Vec<Certificate> = Vec::new();
    for certificate in all.filter(|one| one.not_after() > now && one.der() != leaf.leaf().der()) {
        if kept.len() < MOST_PREVIOUS && !kept.contains(certificate) {
            kept.push(certificate.clone());
        }
    }
    kept
}

/// Key files that everybody can read.
pub(super) fn exposed(found: &Contents) -> Vec<Notice> {
    let text = |path: std::path::PathBuf| {
        format!(
            "{}: every user of the machine can read this key: chmod 0600 (0440 for a mounted Secret)",
            path.display()
        )
    };
    found.exposed.iter().map(|entry| Notice::warn(text(entry.of(&found.root)))).collect()
}

/// What is to come of the CA.
pub(super) fn of_the_ca(found: &Contents, now: SystemTime) -> Option<Notice> {
    let ca = found.ca.as_ref()?;
    let certificate = ca.certificate();
    if certificate.not_before() > now {
        let (subject, begins) = (certificate.subject(), day(certificate.not_before()));
        let issuing = issuing(found, now).ok()?;
        return Some(if std::ptr::eq(issuing, ca) {
            Notice::error(format!(
                "{subject} begins on {begins} only, and the clock is before that: set the clock; registries refuse \
                 these tokens"
            ))
        } else {
            Notice::warn(format!(
                "{subject} took over while the clock was ahead, and begins on {begins} only: until then leaves are \
                 issued by {}",
                issuing.certificate().subject()
            ))
        });
    }
    match &found.next {
        Some(next) => {
            let switch = switch_at(ca, next);
            let text = to_publish(next, switch);
            Some(if left(switch, now) <= SWITCH { Notice::warn(text) } else { Notice::info(text) })
        }
        // Somebody would have made a next one, if it could be written.
        None if left(certificate.not_after(), now) <= 4 * SWITCH => Some(Notice::warn(format!(
            "{} ends on {}: run `dockgate keys next-ca` where the directory of its key can be written, give bundle.pem \
             to every registry, and bring the new files here",
            certificate.subject(),
            day(certificate.not_after())
        ))),
        None => None,
    }
}

/// What to do about a next CA.
pub(super) fn to_publish(next: &Authority, switch: SystemTime) -> String {
    format!(
        "the next CA, {}, is in bundle.pem since {}: give bundle.pem to every registry before {}, when it takes over; \
         registries that do not have it then refuse all tokens",
        next.certificate().subject(),
        day(next.published()),
        day(switch)
    )
}
