//! What is known in memory of those who signed in, so that many logins ask neither store nor provider.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use dockgate_api::{BackendError, Owner, Reason};
use quick_cache::sync::Cache;
use tokio::sync::watch;

use super::breaker::holds;
use super::person::Person;

/// People remembered at a time.
const MOST: usize = 10_000;

/// Everybody who was met lately. It ends with the configuration.
pub(super) struct Folk(Cache<(String, String), Arc<Place>>);

/// What is known of one person.
#[derive(Default)]
pub(super) struct Place(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// As the store had it, and when it was read.
    read: Option<(Arc<Read>, SystemTime)>,
    /// Somebody is asking the provider.
    asking: Option<watch::Receiver<Progress>>,
    /// The provider could not be asked; it is again then.
    pause_until: Option<SystemTime>,
    /// The writing of a record that the provider said is over, and that could not be taken away.
    gone: Option<String>,
}

/// A record, and which writing of it.
pub(super) struct Read {
    pub(super) person: Person,
    pub(super) writing: String,
}

/// How far asking the provider is.
#[derive(Clone)]
pub(super) enum Progress {
    /// It is being asked by us.
    Asking,
    /// By another replica.
    Elsewhere,
    /// What came of it.
    Done(Outcome),
}

/// What came of asking.
#[derive(Clone)]
pub(super) enum Outcome {
    /// They are still there.
    Current(Arc<Read>),
    /// They are not.
    Gone(Reason),
    /// That could not be found out.
    Failed(Arc<str>, BackendError),
}

/// Whose turn it is to ask.
pub(super) enum Turn {
    /// Somebody asks already.
    Wait(watch::Receiver<Progress>),
    /// The caller's: it says how far it is through this.
    Ask(watch::Sender<Progress>),
    /// Nobody's: it failed a moment ago.
    Pause,
}

impl Folk {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// What is known of somebody.
    pub(super) fn place(&self, owner: &Owner) -> Arc<Place> {
        let key = (owner.link.clone(), owner.subject.clone());
        if let Some(place) = self.0.get(&key) {
            return place;
        }
        let place = Arc::<Place>::default();
        self.0.get_or_insert_with(&key, || Ok::<_, ()>(Arc::clone(&place))).unwrap_or(place)
    }
}

impl Place {
    /// What the store said, if it said so within this time. A clock that went back makes nothing last longer.
    pub(super) fn read_within(&self, fresh_for: Duration, now: SystemTime) -> Option<Arc<Read>> {
        let known = self.known();
        let (read, at) = known.read.as_ref()?;
        now.duration_since(*at).is_ok_and(|age| age < fresh_for).then(|| Arc::clone(read))
    }

    /// Remembers what the store said.
    pub(super) fn note(&self, read: Option<Arc<Read>>, now: SystemTime) {
        self.known().read = read.map(|read| (read, now));
    }

    /// Whose turn it is to ask the provider.
    pub(super) fn turn(&self, now: SystemTime) -> Turn {
        let mut known = self.known();
        if let Some(asking) = &known.asking
            && !is_over(asking)
        {
            return Turn::Wait(asking.clone());
        }
        if known.pause_until.is_some_and(|until| holds(until, now)) {
            return Turn::Pause;
        }
        let (sender, receiver) = watch::channel(Progress::Asking);
        known.asking = Some(receiver);
        Turn::Ask(sender)
    }

    /// Has nobody ask before then.
    pub(super) fn pause(&self, until: SystemTime) {
        self.known().pause_until = Some(until);
    }

    /// The provider knows them no more, but the store still holds this writing of the record.
    pub(super) fn note_gone(&self, writing: &str) {
        self.known().gone = Some(writing.to_owned());
    }

    /// Whether that was said of this writing.
    pub(super) fn is_gone(&self, writing: &str) -> bool {
        self.known().gone.as_deref() == Some(writing)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Done, or given up.
fn is_over(asking: &watch::Receiver<Progress>) -> bool {
    asking.has_changed().is_err() || matches!(*asking.borrow(), Progress::Done(_))
}
