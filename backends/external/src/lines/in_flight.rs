//! The questions that a worker has been handed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use dockgate_api::BackendError;
use dockgate_api::secrecy::SecretString;
use dockgate_hooks::Slot;
use tokio::sync::oneshot;

use super::document::Id;

/// Passwords of questions answered before: a worker may complain a little later.
const PASSED: usize = 32;

/// A question on its way to a worker.
pub(super) struct Asked {
    pub(super) id: Id,
    pub(super) line: SecretString,
    /// What must not be in the log.
    pub(super) password: Option<SecretString>,
    /// Held until the question is answered or its time is over, also where nobody waits any more: until then the worker
    /// is busy with it.
    pub(super) slot: Slot,
}

/// What became of a question.
pub(super) enum Outcome {
    Answered(Vec<u8>),
    Failed(BackendError),
    /// Not a byte of it was written: somebody else can be asked.
    NotAsked(Asked),
}

/// A question that was handed to one worker.
pub(super) struct Handed {
    pub(super) asked: Asked,
    pub(super) asker: oneshot::Sender<Outcome>,
    /// Counts for as long as it exists.
    pub(super) load: Arc<()>,
}

/// By id, each until it is answered or its time is over.
#[derive(Default)]
pub(super) struct InFlight {
    known: HashMap<Id, Known>,
    /// In the order in which their time ends.
    order: BTreeMap<u64, Id>,
    next: u64,
    passed: VecDeque<SecretString>,
    /// How many in a row were not answered in time.
    silent: usize,
}

struct Known {
    number: u64,
    until: Instant,
    asker: oneshot::Sender<Outcome>,
    password: Option<SecretString>,
    slot: Slot,
    _load: Arc<()>,
}

impl InFlight {
    /// Knows a question until a time, which is not before those of the others. The line remains to be written.
    pub(super) fn add(&mut self, handed: Handed, until: Instant) -> (Id, SecretString) {
        let Handed { asked: Asked { id, line, password, slot }, asker, load } = handed;
        let number = self.next;
        self.next += 1;
        self.order.insert(number, id);
        self.known.insert(id, Known { number, until, asker, password, slot, _load: load });
        (id, line)
    }

    /// Whether somebody still wants the answer.
    pub(super) fn is_wanted(&self, id: Id) -> bool {
        self.known.get(&id).is_some_and(|known| !known.asker.is_closed())
    }

    /// Hands an answer to the one who asked, who may be gone. False if there is no such question, or no more.
    pub(super) fn answer(&mut self, id: Id, answer: Vec<u8>) -> bool {
        let Some(known) = self.take(id) else { return false };
        self.silent = 0;
        let Known { asker, password, slot, .. } = known;
        // Before the answer: who has it may ask again at once.
        drop(slot);
        let _ = asker.send(Outcome::Answered(answer));
        if let Some(password) = password {
            self.passed.push_front(password);
            self.passed.truncate(PASSED);
        }
        true
    }

    /// Gives back a question that was not asked.
    pub(super) fn give_back(&mut self, id: Id, line: SecretString) {
        if let Some(Known { asker, password, slot, .. }) = self.take(id) {
            let _ = asker.send(Outcome::NotAsked(Asked { id, line, password, slot }));
        }
    }

    /// Forgets a question that nobody wants any more.
    pub(super) fn forget(&mut self, id: Id) {
        drop(self.take(id));
    }

    /// When the next question's time is over.
    pub(super) fn earliest(&self) -> Option<Instant> {
        let (_, id) = self.order.first_key_value()?;
        self.known.get(id).map(|known| known.until)
    }

    /// Gives up the questions whose time is over: an answer would come too late.
    pub(super) fn expire(&mut self, now: Instant, late: &BackendError) {
        while self.earliest().is_some_and(|until| until <= now) {
            let Some((_, id)) = self.order.pop_first() else { return };
            if let Some(known) = self.known.remove(&id) {
                self.silent += 1;
                let _ = known.asker.send(Outcome::Failed(late.clone()));
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// How many questions in a row were not answered in time.
    pub(super) fn silent(&self) -> usize {
        self.silent
    }

    /// Nothing will be answered any more.
    pub(super) fn fail(&mut self, error: &BackendError) {
        self.order.clear();
        for (_, known) in self.known.drain() {
            let _ = known.asker.send(Outcome::Failed(error.clone()));
        }
    }

    /// What must not be in the log.
    pub(super) fn passwords(&self) -> impl Iterator<Item = &SecretString> {
        self.known.values().filter_map(|known| known.password.as_ref()).chain(&self.passed)
    }

    fn take(&mut self, id: Id) -> Option<Known> {
        let known = self.known.remove(&id)?;
        self.order.remove(&known.number);
        Some(known)
    }
}
