//! Who of the workers can be asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dockgate_api::{BackendError, Health};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};

use super::in_flight::{Asked, Handed, Outcome};

/// How each worker is doing. Nothing in here waits.
pub(super) struct Table {
    posts: Mutex<Vec<Post>>,
    changed: watch::Sender<()>,
}

/// The place of one worker, whichever process holds it now.
#[derive(Default)]
struct Post {
    state: State,
    /// Why the one before ended, until this one has proved itself.
    trouble: Option<BackendError>,
}

#[derive(Default)]
enum State {
    /// Nobody keeps this post.
    #[default]
    Vacant,
    /// One is being started.
    Starting,
    /// One lives. The questions are bounded by the places that they hold.
    Alive { to: UnboundedSender<Handed>, load: Arc<()> },
    /// None until then.
    Down { until: Instant },
}

/// What became of handing over.
pub(super) enum Hand {
    Over,
    /// Nobody can be asked now.
    Wait(Asked, oneshot::Sender<Outcome>),
    /// Nor before the deadline.
    Never(BackendError),
}

impl Table {
    pub(super) fn new(posts: usize) -> Self {
        let posts = (0..posts).map(|_| Post::default()).collect();
        Self { posts: Mutex::new(posts), changed: watch::Sender::new(()) }
    }

    /// Tells when somebody came or went.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The posts that nobody keeps; from now on somebody does.
    pub(super) fn take_vacant(&self) -> Vec<usize> {
        let mut posts = self.posts();
        let vacant = posts.iter_mut().enumerate().filter(|(_, post)| matches!(post.state, State::Vacant));
        vacant
            .map(|(number, post)| {
                post.state = State::Starting;
                number
            })
            .collect()
    }

    /// Hands a question to the one who has the fewest; of equals rather to one who has proved itself.
    pub(super) fn hand(
        &self,
        mut asked: Asked,
        mut asker: oneshot::Sender<Outcome>,
        deadline: Instant,
    ) -> Hand {
        let mut posts = self.posts();
        while let Some(post) =
            posts.iter_mut().filter(|post| post.load().is_some()).min_by_key(|post| post.rank())
        {
            let State::Alive { to, load } = &post.state else { break };
            let Err(refused) = to.send(Handed { asked, asker, load: Arc::clone(load) }) else {
                return Hand::Over;
            };
            // Its keeper is gone without a word: the runtime ends.
            Handed { asked, asker, .. } = refused.0;
            post.state = State::Vacant;
        }
        let none_before = |post: &Post| matches!(post.state, State::Down { until } if until > deadline);
        if posts.iter().all(none_before)
            && let Some(trouble) = posts.iter().find_map(|post| post.trouble.as_ref())
        {
            return Hand::Never(BackendError::Unavailable(format!("no worker lives: {trouble}")));
        }
        Hand::Wait(asked, asker)
    }

    /// A worker lives.
    pub(super) fn alive(&self, number: usize, to: UnboundedSender<Handed>) {
        self.set(number, |post| post.state = State::Alive { to, load: Arc::new(()) });
    }

    /// It has answered something.
    pub(super) fn proved(&self, number: usize) {
        self.set(number, |post| post.trouble = None);
    }

    /// It lives no more.
    pub(super) fn down(&self, number: usize, why: BackendError, until: Instant) {
        self.set(number, |post| *post = Post { state: State::Down { until }, trouble: Some(why) });
    }

    /// Another is being started.
    pub(super) fn starting(&self, number: usize) {
        self.set(number, |post| post.state = State::Starting);
    }

    /// Nobody keeps the post any more.
    pub(super) fn vacate(&self, number: usize) {
        self.set(number, |post| post.state = State::Vacant);
    }

    pub(super) fn health(&self) -> Health {
        let posts = self.posts();
        let Some(trouble) = posts.iter().find_map(|post| post.trouble.as_ref()) else { return Health::Up };
        let (all, bad) = (posts.len(), posts.iter().filter(|post| post.trouble.is_some()).count());
        if posts.iter().any(|post| post.load().is_some()) {
            Health::Degraded(format!("{bad} of {all} workers ended and had to be started again: {trouble}"))
        } else {
            Health::Down(format!("no worker lives: {trouble}"))
        }
    }

    fn set(&self, number: usize, change: impl FnOnce(&mut Post)) {
        if let Some(post) = self.posts().get_mut(number) {
            change(post);
        }
        self.changed.send_replace(());
    }

    fn posts(&self) -> MutexGuard<'_, Vec<Post>> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Post {
    /// How many questions the one who lives here has.
    fn load(&self) -> Option<usize> {
        match &self.state {
            State::Alive { load, .. } => Some(Arc::strong_count(load)),
            State::Vacant | State::Starting | State::Down { .. } => None,
        }
    }

    fn rank(&self) -> (Option<usize>, bool) {
        (self.load(), self.trouble.is_some())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dockgate_hooks::{Limits, Slots};
    use dockgate_testkit::fakes::{RepeatableRandom, call};
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::super::document::Id;
    use super::*;

    async fn hand(table: &Table, deadline: Instant) -> Hand {
        let slots = Slots::new(Limits { max_concurrent: 1, max_queue: 0 });
        let slot = slots.take(&call()).await.unwrap();
        let id = Id::draw(&RepeatableRandom::seeded(1)).unwrap();
        table.hand(Asked { id, line: "".into(), password: None, slot }, oneshot::channel().0, deadline)
    }

    fn alive(table: &Table, number: usize) -> UnboundedReceiver<Handed> {
        let (to, questions) = unbounded_channel();
        table.alive(number, to);
        questions
    }

    fn gone() -> BackendError {
        BackendError::Unavailable("gone".to_owned())
    }

    #[tokio::test]
    async fn the_one_with_the_fewest_is_asked_and_of_equals_the_one_without_trouble() {
        let (table, now) = (Table::new(3), Instant::now());
        table.down(0, gone(), now);
        let mut posts = [alive(&table, 0), alive(&table, 1), alive(&table, 2)];
        let mut held = Vec::new();
        for expected in [1, 2, 0, 1, 2, 0] {
            assert!(matches!(hand(&table, now).await, Hand::Over));
            let handed = posts[expected].try_recv();
            held.push(handed.unwrap());
        }
        // The one who is ready with one of its questions is next.
        held.remove(5);
        assert!(matches!(hand(&table, now).await, Hand::Over));
        assert!(posts[0].try_recv().is_ok());
    }

    #[tokio::test]
    async fn who_waits_in_vain_is_told_at_once() {
        let (table, now) = (Table::new(2), Instant::now());
        let second = Duration::from_secs(1);
        assert!(matches!(hand(&table, now).await, Hand::Wait(..)), "nobody was started yet");
        assert_eq!(table.take_vacant(), [0, 1]);
        assert_eq!(table.take_vacant(), [0; 0], "once");
        table.down(0, gone(), now + 2 * second);
        assert!(matches!(hand(&table, now + second).await, Hand::Wait(..)), "the other may come");
        table.down(1, gone(), now + 2 * second);
        let Hand::Never(why) = hand(&table, now + second).await else { panic!("nobody will come") };
        assert_eq!(why.to_string(), "unavailable: no worker lives: unavailable: gone");
        assert!(matches!(hand(&table, now + 2 * second).await, Hand::Wait(..)), "in time");
    }

    #[tokio::test]
    async fn a_post_whose_keeper_vanished_is_kept_anew() {
        let (table, now) = (Table::new(1), Instant::now());
        drop(alive(&table, 0));
        assert!(matches!(hand(&table, now).await, Hand::Wait(..)));
        assert_eq!(table.take_vacant(), [0]);
    }

    #[test]
    fn health_says_how_many_are_in_trouble_and_why() {
        let (table, now) = (Table::new(2), Instant::now());
        assert_eq!(table.health(), Health::Up);
        let _questions = alive(&table, 0);
        table.down(1, gone(), now);
        let Health::Degraded(why) = table.health() else { panic!("one is left") };
        assert_eq!(why, "1 of 2 workers ended and had to be started again: unavailable: gone");
        table.down(0, gone(), now);
        assert_eq!(table.health(), Health::Down("no worker lives: unavailable: gone".to_owned()));
        let _questions = alive(&table, 1);
        table.proved(1);
        assert!(matches!(table.health(), Health::Degraded(_)));
        table.starting(0);
        let _questions = alive(&table, 0);
        table.proved(0);
        assert_eq!(table.health(), Health::Up);
    }
}
