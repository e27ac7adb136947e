//! For how long the provider does not want to be asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use dockgate_api::{HttpRequest, HttpResponse};

use super::header;

/// Where the provider does not say how long.
const A_WHILE: Duration = Duration::from_mins(1);
/// GitHub counts by the hour.
const LONGEST: Duration = Duration::from_hours(1);
/// How many tokens are remembered.
const MOST: usize = 1024;

/// Whose requests the provider counts together: those with one token, or those without. A person who has used up what
/// is theirs must not shut out others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asker(Option<[u8; 32]>);

impl Asker {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let token = header(&request.headers, "authorization");
        Self(token.and_then(|token| digest(&SHA256, token.as_bytes()).as_ref().try_into().ok()))
    }
}

/// Who is to wait, from when until when. Outlives a configuration.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<BTreeMap<Asker, (SystemTime, SystemTime)>>);

impl Limits {
    /// How long there is still to wait.
    pub(super) fn wait(&self, asker: Asker, now: SystemTime) -> Option<Duration> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, until) = *known.get(&asker)?;
        // A clock that was set back would make it longer.
        let left = until.duration_since(now).ok().filter(|left| !left.is_zero() && now >= since);
        if left.is_none() {
            known.remove(&asker);
        }
        left
    }

    pub(super) fn remember(&self, asker: Asker, now: SystemTime, wait: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST && !known.contains_key(&asker) {
            known.retain(|_, (since, until)| *since <= now && now < *until);
            let first =
                known.iter().filter(|(asker, _)| asker.0.is_some()).min_by_key(|(_, (_, until))| *until);
            if let Some(first) = first.map(|(asker, _)| *asker).filter(|_| known.len() >= MOST) {
                known.remove(&first);
            }
        }
        known.insert(asker, (now, now + wait));
    }
}

/// How long the answer says to wait, if it is one that does: 429, or GitHub's 403 for whoever asks too much
/// (docs.github.com, Rate limits for the REST API; docs.gitlab.com, Rate limits).
pub(super) fn asked_to_wait(answer: &HttpResponse, now: SystemTime) -> Option<Duration> {
    let number = |name| header(&answer.headers, name).and_then(|text| text.trim().parse::<u64>().ok());
    let after = number("retry-after").map(Duration::from_secs);
    let used_up = number("x-ratelimit-remaining") == Some(0) || number("ratelimit-remaining") == Some(0);
    let reset = number("x-ratelimit-reset").or_else(|| number("ratelimit-reset"));
    let reset = reset.filter(|_| used_up).and_then(|reset| {
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
        Some(at.duration_since(now).unwrap_or_default())
    });
    let by_text = || {
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        text.contains("rate limit") || text.contains("abuse detection")
    };
    match answer.status {
        429 => {}
        403 if after.is_some() || used_up || by_text() => {}
        _ => return None,
    }
    Some(after.or(reset).unwrap_or(A_WHILE).clamp(Duration::from_secs(1), LONGEST))
}
