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
    load: Arc<()>,
}

impl Known {
    fn fail(self, error: &BackendError) {
        let Self { asker, slot, load, .. } = self;
        drop((slot, load));
        let _ = asker.send(Outcome::Failed(error.clone()));
    }
}

impl InFlight {
    /// Knows a question until a time, which is not before those of the others. The line remains to be written.
    pub(super) fn add(&mut self, handed: Handed, until: Instant) -> (Id, SecretString) {
        let Handed { asked: Asked { id, line, password, slot }, asker, load } = handed;
        let number = self.next;
        self.next += 1;
        self.order.insert(number, id);
        self.known.insert(id, Known { number, until, asker, password, slot, load });
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
        let Known { asker, password, slot, load, .. } = known;
        // Before the answer: who has it may ask again at once.
        drop((slot, load));
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
                known.fail(late);
            }
        }
    }

    #[cfg(test)]
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
            known.fail(error);
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dockgate_api::secrecy::ExposeSecret;
    use dockgate_hooks::{Limits, Slots};
    use dockgate_testkit::fakes::{RepeatableRandom, call};

    use super::*;

    struct Desk {
        in_flight: InFlight,
        slots: Slots,
        random: RepeatableRandom,
        load: Arc<()>,
    }

    impl Desk {
        fn new() -> Self {
            let slots = Slots::new(Limits { max_concurrent: 100, max_queue: 0 });
            let random = RepeatableRandom::seeded(1);
            Self { in_flight: InFlight::default(), slots, random, load: Arc::new(()) }
        }

        async fn add(&mut self, until: Instant) -> (Id, oneshot::Receiver<Outcome>) {
            let id = Id::draw(&self.random).unwrap();
            let slot = self.slots.take(&call()).await.unwrap();
            let (asker, answered) = oneshot::channel();
            let password = Some(SecretString::from(id.to_string()));
            let asked = Asked { id, line: "a line".into(), password, slot };
            let handed = Handed { asked, asker, load: Arc::clone(&self.load) };
            assert_eq!(self.in_flight.add(handed, until).0, id);
            (id, answered)
        }

        /// How many are in flight, by all who count.
        fn busy(&self) -> usize {
            let number = self.in_flight.len();
            assert_eq!(self.in_flight.order.len(), number);
            assert_eq!(self.slots.running(), number);
            assert_eq!(Arc::strong_count(&self.load), number + 1);
            number
        }
    }

    fn late() -> BackendError {
        BackendError::Timeout("late".to_owned())
    }

    #[tokio::test]
    async fn a_question_is_known_until_its_time_is_over_and_silence_is_counted() {
        let mut desk = Desk::new();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let (first, first_answer) = desk.add(after(1)).await;
        let (_, _second_answer) = desk.add(after(2)).await;
        let (third, third_answer) = desk.add(after(3)).await;
        let (fourth, _) = desk.add(after(4)).await;
        assert_eq!((desk.in_flight.earliest(), desk.busy()), (Some(after(1)), 4));
        assert!(desk.in_flight.is_wanted(first) && !desk.in_flight.is_wanted(fourth));

        desk.in_flight.expire(start + Duration::from_millis(1_999), &late());
        assert_eq!((desk.in_flight.silent(), desk.busy()), (1, 3));
        assert!(matches!(first_answer.await, Ok(Outcome::Failed(error)) if error == late()));
        assert!(!desk.in_flight.answer(first, Vec::new()), "it is too late");
        desk.in_flight.expire(after(2), &late());
        assert_eq!((desk.in_flight.silent(), desk.busy()), (2, 2));

        assert!(desk.in_flight.answer(third, b"yes".to_vec()));
        assert_eq!((desk.in_flight.silent(), desk.busy()), (0, 1));
        assert!(matches!(third_answer.await, Ok(Outcome::Answered(answer)) if answer == b"yes"));
        assert!(!desk.in_flight.answer(third, Vec::new()), "it counts once");
        assert!(desk.in_flight.answer(fourth, Vec::new()), "whoever has gone");
        assert_eq!((desk.in_flight.earliest(), desk.busy()), (None, 0));
    }

    #[tokio::test]
    async fn what_was_not_asked_comes_back_whole_and_the_rest_fails() {
        let mut desk = Desk::new();
        let until = Instant::now();
        let (first, first_answer) = desk.add(until).await;
        let (_, second_answer) = desk.add(until).await;
        let (third, _third_answer) = desk.add(until).await;
        desk.in_flight.give_back(first, "a line".into());
        let Ok(Outcome::NotAsked(asked)) = first_answer.await else { panic!("it comes back") };
        assert_eq!((asked.id, asked.line.expose_secret()), (first, "a line"));
        assert_eq!(desk.slots.running(), 3, "its place is still its own");
        drop(asked);
        desk.in_flight.forget(third);
        assert_eq!(desk.busy(), 1);
        desk.in_flight.fail(&late());
        assert!(matches!(second_answer.await, Ok(Outcome::Failed(error)) if error == late()));
        assert_eq!(desk.busy(), 0);
    }

    #[tokio::test]
    async fn passwords_are_known_a_little_longer_and_not_for_ever() {
        let mut desk = Desk::new();
        let mut ids = Vec::new();
        for _ in 0..PASSED + 5 {
            let (id, _) = desk.add(Instant::now()).await;
            desk.in_flight.answer(id, Vec::new());
            ids.push(id.to_string());
        }
        let (last, _answer) = desk.add(Instant::now()).await;
        ids.push(last.to_string());
        let mut known: Vec<&str> = desk.in_flight.passwords().map(ExposeSecret::expose_secret).collect();
        known.sort_by_key(|id| ids.iter().position(|known| known == id));
        assert_eq!(known, ids[5..]);
    }
}
