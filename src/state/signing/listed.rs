//! The keys of a configuration, for those who look after them.

use std::time::{Duration, SystemTime};

use dockgate_api::config::Moment;
use serde::{Deserialize, Serialize};

use super::{LoadedKey, RetiredKey, Signing, Standing};
use crate::config::token::KeyRole;
use crate::token::{Algorithm, Certificate, PublicKey, libtrust_id, thumbprint};

/// So long before the end of a certificate its successor should be known to the registries.
const ANNOUNCE_BEFORE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A key with what there is to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedKey {
    /// Its name; where it stands in the configuration if it has none.
    pub name: String,
    /// `current`, `next` or `retired`.
    pub role: String,
    /// The services that it signs for, is to sign for, or signed for; none are all that no key lists.
    pub services: Vec<String>,
    /// What it signs with, such as `ES256`.
    pub algorithm: String,
    /// The kind of key, such as `EC P-256`.
    pub kind: String,
    /// The id by which registry 2 knows it.
    pub libtrust_id: String,
    /// The id by which registry 3 knows it.
    pub rfc7638_id: String,
    /// The subject of its certificate.
    pub certificate: String,
    /// Start of validity.
    pub valid_from: Moment,
    /// End of validity.
    pub valid_until: Moment,
    /// Whether it is in JWKS and bundle.
    pub published: bool,
    /// Since when it signs, if that is known.
    pub in_use_since: Option<Moment>,
    /// When it stopped signing, if that is known.
    pub retired_at: Option<Moment>,
    /// Until when tokens of a retired key may live, if that is known.
    pub needed_until: Option<Moment>,
    /// Since when the running server publishes it, or since its start; none without a server.
    pub published_since: Option<Moment>,
    /// What to do next.
    pub next_step: String,
}

impl Signing {
    /// Every key: those that sign, those that are next, and the retired ones.
    pub fn listed(&self, now: SystemTime) -> Vec<ListedKey> {
        let keys =
            self.keys.iter().zip(&self.standings).map(|(key, standing)| self.of_key(key, standing, now));
        keys.chain(self.retired.iter().map(|key| self.of_retired(key))).collect()
    }

    fn of_key(&self, key: &LoadedKey, standing: &Standing, now: SystemTime) -> ListedKey {
        let signs = standing.role == KeyRole::Current;
        let before = self.retired.iter().filter(|retired| retired.standing.services == standing.services);
        let since = before.filter_map(|retired| retired.retired_at).max().filter(|_| signs);
        let next_step = if signs { self.step_of_current(key, standing, now) } else { step_of_next(key) };
        ListedKey {
            in_use_since: since.map(Moment),
            next_step,
            ..self.described(standing, key.key.public_key(), key.key.algorithm(), key.key.leaf())
        }
    }

    fn of_retired(&self, key: &RetiredKey) -> ListedKey {
        let next_step = match (key.is_published, key.needed_until) {
            (false, _) => "take it away: `dockgate keys rotate --drop-retired`".to_owned(),
            (true, Some(until)) => format!("nothing until {}, then take it away", Moment(whole(until))),
            (true, None) => "write `retired_at`, or take it away once no token of it can be left".to_owned(),
        };
        ListedKey {
            published: key.is_published,
            retired_at: key.retired_at.map(Moment),
            needed_until: key.needed_until.map(whole).map(Moment),
            next_step,
            ..self.described(&key.standing, key.key.public_key(), key.key.algorithm(), key.key.leaf())
        }
    }

    fn described(
        &self,
        standing: &Standing,
        key: &PublicKey,
        algorithm: Algorithm,
        leaf: &Certificate,
    ) -> ListedKey {
        let id = libtrust_id(key);
        ListedKey {
            name: standing.title().to_owned(),
            role: standing.role.to_string(),
            services: standing.services.clone(),
            algorithm: algorithm.to_string(),
            kind: key.material().kind(),
            published_since: self.known_since.get(&id).copied().map(whole).map(Moment),
            libtrust_id: id,
            rfc7638_id: thumbprint(key.material()),
            certificate: leaf.subject().to_owned(),
            valid_from: Moment(leaf.not_before()),
            valid_until: Moment(leaf.not_after()),
            published: true,
            in_use_since: None,
            retired_at: None,
            needed_until: None,
            next_step: String::new(),
        }
    }

    fn step_of_current(&self, key: &LoadedKey, standing: &Standing, now: SystemTime) -> String {
        if let Some(managed) = &key.managed {
            return if managed.renews_itself {
                "nothing: it renews itself".to_owned()
            } else {
                "`dockgate keys issue-leaf` before it ends".to_owned()
            };
        }
        let successor = self
            .standings
            .iter()
            .any(|other| other.role == KeyRole::Next && other.services == standing.services);
        if successor {
            "nothing: its successor is announced".to_owned()
        } else if key.ends() <= now + ANNOUNCE_BEFORE {
            "add its successor with `use: next`".to_owned()
        } else {
            format!("nothing until {}, then add its successor", Moment(day(key.ends() - ANNOUNCE_BEFORE)))
        }
    }
}

fn step_of_next(key: &LoadedKey) -> String {
    let until = Moment(key.ends());
    format!(
        "give the registries `dockgate keys export`, restart them, then `dockgate keys rotate` before {until}"
    )
}

/// Without fractions of a second, which say nothing to anybody.
fn whole(time: SystemTime) -> SystemTime {
    rounded(time, 1)
}

fn day(time: SystemTime) -> SystemTime {
    rounded(time, 24 * 60 * 60)
}

fn rounded(time: SystemTime, to: u64) -> SystemTime {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds - seconds % to)
}
