//! One signed token, handed out again while it is fresh.
//!
//! A pull storm asks for the same token a thousand times within seconds, and nearly all of a request is its signature.
//! Only the signature is spared: the permission was decided anew each time, and a token that says anything else than a
//! fresh one would, but for its times and its id, is never handed out.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::claims::ResourceActions;
use super::jwt::Issued;

/// What all kept tokens and their keys may take together, in bytes, about.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
const USUAL_ENTRIES: usize = 4_096;

/// Signed tokens of the last seconds. It ends with the keys that signed them.
pub(super) struct Reuse {
    fresh_for: Duration,
    tokens: Cache<Box<[u8]>, Arc<Kept>, Bytes>,
}

/// Everything that a token says, but for its times and its id.
pub(super) struct Saying(Vec<u8>);

struct Kept {
    issued: Issued,
    signed_at: SystemTime,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Box<[u8]>, Arc<Kept>> for Bytes {
    fn weight(&self, key: &Box<[u8]>, kept: &Arc<Kept>) -> u64 {
        (key.len() + kept.issued.token.len() + 256) as u64
    }
}

impl Saying {
    /// What a token for this subject and audience says. The issuer is the same for all; `x5c` is whether the certificate
    /// travels along, the one thing in a header that may differ for one audience.
    pub(super) fn of(subject: &str, audience: &str, x5c: bool, access: &[ResourceActions<'_>]) -> Self {
        let mut saying = Self(Vec::with_capacity(256));
        saying.0.push(u8::from(x5c));
        saying.text(subject);
        saying.text(audience);
        for resource in access {
            saying.text(resource.kind());
            match resource.class() {
                Some(class) => saying.text(class),
                None => saying.number(usize::MAX),
            }
            saying.text(resource.name());
            saying.number(resource.actions().len());
            resource.actions().iter().for_each(|action| saying.text(action));
        }
        saying
    }

    /// Lengths stand before texts: no two lists of texts give the same bytes.
    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }
}

impl Reuse {
    /// Hands tokens out again for so long after they were signed.
    pub(super) fn new(fresh_for: Duration) -> Self {
        Self { fresh_for, tokens: Cache::with_weighter(USUAL_ENTRIES, MOST_BYTES, Bytes) }
    }

    /// A token that says this, signed a moment ago. It outlives no permission: one that would live longer than
    /// `valid_until` is none.
    pub(super) fn find(
        &self,
        saying: &Saying,
        now: SystemTime,
        valid_until: Option<SystemTime>,
    ) -> Option<Issued> {
        let kept = self.tokens.get(saying.0.as_slice())?;
        // None if the clock was turned back.
        let age = now.duration_since(kept.signed_at).ok()?;
        let ends = UNIX_EPOCH + Duration::from_secs(kept.issued.expires_at);
        let expires_in = ends.duration_since(now).ok()?.as_secs();
        let outlives = valid_until.is_some_and(|until| ends > until);
        if age >= self.fresh_for || expires_in == 0 || outlives {
            return None;
        }
        Some(Issued { expires_in, reused: true, ..kept.issued.clone() })
    }

    /// Keeps a token that was just signed.
    pub(super) fn keep(&self, saying: Saying, now: SystemTime, issued: &Issued) {
        let kept = Kept { issued: issued.clone(), signed_at: now };
        self.tokens.insert(saying.0.into(), Arc::new(kept));
    }
}

impl fmt::Debug for Reuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reuse").field("fresh_for", &self.fresh_for).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1_000_000);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + START + Duration::from_secs(seconds)
    }

    fn issued() -> Issued {
        Issued {
            token: "a.b.c".into(),
            jwt_id: "id".into(),
            expires_in: 900,
            expires_at: START.as_secs() + 900,
            reused: false,
        }
    }

    fn saying(subject: &str) -> Saying {
        let access = [ResourceActions::new("repository", None, "team/app", ["pull"])];
        Saying::of(subject, "registry", true, &access)
    }

    #[test]
    fn fresh_for_so_long_and_no_longer() {
        let reuse = Reuse::new(Duration::from_secs(5));
        assert!(reuse.find(&saying("alice"), at(0), None).is_none());
        reuse.keep(saying("alice"), at(0), &issued());
        let again = reuse.find(&saying("alice"), at(4), None).unwrap();
        assert_eq!((&*again.jwt_id, again.expires_in, again.reused), ("id", 896, true));
        assert!(reuse.find(&saying("bob"), at(1), None).is_none());
        assert!(reuse.find(&saying("alice"), at(5), None).is_none());
        assert!(reuse.find(&saying("alice"), UNIX_EPOCH, None).is_none(), "the clock was turned back");
    }

    #[test]
    fn no_token_outlives_a_permission_that_became_shorter() {
        let reuse = Reuse::new(Duration::from_secs(5));
        reuse.keep(saying("alice"), at(0), &issued());
        assert!(reuse.find(&saying("alice"), at(1), Some(at(899))).is_none());
        assert!(reuse.find(&saying("alice"), at(1), Some(at(900))).is_some());
    }

    #[test]
    fn what_says_something_else_is_another_token() {
        let one = |kind, class, name, actions: &[&'static str]| {
            Saying::of("a", "s", true, &[ResourceActions::new(kind, class, name, actions.iter().copied())]).0
        };
        let all = [
            one("repository", None, "x", &["pull"]),
            one("repository", None, "x", &["pull", "push"]),
            one("repository", None, "x", &["pull,push"]),
            one("repository", None, "x", &[]),
            one("repository", Some("plugin"), "x", &["pull"]),
            one("repositoryplugin", None, "x", &["pull"]),
            one("repositor", None, "yx", &["pull"]),
            Saying::of("as", "", true, &[]).0,
            Saying::of("a", "s", true, &[]).0,
            Saying::of("a", "s", false, &[]).0,
        ];
        for (place, saying) in all.iter().enumerate() {
            assert!(!all[..place].contains(saying), "{place}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let reuse = Reuse::new(Duration::from_secs(5));
        let large = Issued { token: "x".repeat(100_000), ..issued() };
        for number in 0..1_000 {
            reuse.keep(saying(&number.to_string()), at(0), &large);
        }
        assert!(reuse.tokens.weight() <= MOST_BYTES && !reuse.tokens.is_empty());
    }
}
