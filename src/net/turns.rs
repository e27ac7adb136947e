//! Who has the next word on each connection, and who goes when there is no room for another.
//!
//! A connection whose client has the next word takes a place and gives nothing: in a handshake, before and within a
//! request's head, within its body, while it takes its answer. Each of these waits has a deadline, but deadlines that
//! honest clients on poor lines can meet are long enough for a few hostile ones to take every place again and again.
//! So where others wait at the door, those who have kept the server waiting the longest go first. Whoever comes and
//! asks at once is served, however many came to say nothing.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::Notify;

/// So long nobody has to go, however many wait: time for a request from the other side of the world, and before it, with
/// TLS, as long for the handshake.
const COURTESY: Duration = Duration::from_millis(500);

/// How many go at a time, and of those who could one in so many: finding the longest wait is a look at every connection.
const AT_ONCE: usize = 32;
const ONE_IN: usize = 8;

/// Between two lines of the log about it.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The server has the next word. Any other number is when the client got it, in microseconds.
const OURS: u64 = 0;
/// The connection is to end.
const OVER: u64 = u64::MAX;

/// The connections that share their room.
#[derive(Debug)]
pub(super) struct Turns {
    begun: Instant,
    seats: Mutex<Seats>,
    told: AtomicU64,
}

#[derive(Debug, Default)]
struct Seats {
    next: u64,
    taken: HashMap<u64, Arc<Turn>>,
}

/// Who has the next word on one connection.
#[derive(Debug)]
pub(super) struct Turn {
    since: AtomicU64,
    begun: Instant,
    over: Notify,
}

/// A connection's place among the others.
#[derive(Debug)]
pub(super) struct Seat {
    number: u64,
    turns: Arc<Turns>,
    turn: Arc<Turn>,
}

impl Turns {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { begun: Instant::now(), seats: Mutex::default(), told: AtomicU64::new(0) })
    }

    /// A place for one more, whose client has the first word.
    pub(super) fn seat(self: &Arc<Self>) -> Seat {
        let turn = Arc::new(Turn { since: AtomicU64::new(OURS), begun: self.begun, over: Notify::new() });
        turn.client();
        let mut seats = self.seats();
        let number = seats.next;
        seats.next += 1;
        seats.taken.insert(number, Arc::clone(&turn));
        drop(seats);
        Seat { number, turns: Arc::clone(self), turn }
    }

    /// Ends those that have kept the server waiting the longest, if anybody has for too long, and answers how many.
    pub(super) fn make_room(&self) -> usize {
        let now = micros(self.begun);
        let dismissed = self.dismiss(now.saturating_sub(micros_of(COURTESY)));
        let told = self.told.load(Ordering::Relaxed);
        if dismissed > 0
            && (told == 0 || now.saturating_sub(told) > micros_of(TOLD_EVERY))
            && self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            tracing::warn!(
                "more connections than server.limits.connections: those that keep the server waiting are closed"
            );
        }
        dismissed
    }

    fn dismiss(&self, latest: u64) -> usize {
        let seats = self.seats();
        let since = |turn: &Arc<Turn>| turn.since.load(Ordering::Acquire);
        let mut late: Vec<(u64, &Arc<Turn>)> = seats.taken.values().map(|turn| (since(turn), turn)).collect();
        late.retain(|(since, _)| *since != OURS && *since <= latest);
        let most = (late.len() / ONE_IN).clamp(1, AT_ONCE);
        if late.len() > most {
            late.select_nth_unstable_by_key(most, |(since, _)| *since);
            late.truncate(most);
        }
        late.into_iter().filter(|(since, turn)| turn.end(*since)).count()
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// It is the client's turn from now on.
    pub(super) fn client(&self) {
        self.becomes(micros(self.begun).max(1));
    }

    /// It is the server's.
    pub(super) fn server(&self) {
        self.becomes(OURS);
    }

    fn becomes(&self, turn: u64) {
        let unless_over = |before| (before != OVER).then_some(turn);
        let _ = self.since.fetch_update(Ordering::AcqRel, Ordering::Acquire, unless_over);
    }

    /// Unless something happened since then.
    fn end(&self, since: u64) -> bool {
        let ended = self.since.compare_exchange(since, OVER, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if ended {
            self.over.notify_one();
        }
        ended
    }

    /// Ready when the connection has to make room.
    pub(super) async fn over(&self) {
        self.over.notified().await;
    }
}

impl Seat {
    pub(super) fn turn(&self) -> &Arc<Turn> {
        &self.turn
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.turns.seats().taken.remove(&self.number);
    }
}

fn micros(begun: Instant) -> u64 {
    micros_of(begun.elapsed())
}

fn micros_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(OVER - 1)
}

/// A request's body. Until its end the client has the next word.
pub struct RequestBody {
    body: Incoming,
    turn: Arc<Turn>,
}

impl RequestBody {
    pub(super) fn new(body: Incoming, turn: Arc<Turn>) -> Self {
        if body.is_end_stream() {
            turn.server();
        }
        Self { body, turn }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() {
            self.turn.server();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.turn.server();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(seat: &Seat, since: u64) {
        seat.turn.becomes(since);
    }

    fn is_over(seat: &Seat) -> bool {
        seat.turn.since.load(Ordering::Acquire) == OVER
    }

    #[test]
    fn who_kept_us_waiting_the_longest_goes() {
        let turns = Turns::new();
        let seats = [turns.seat(), turns.seat(), turns.seat(), turns.seat()];
        for (seat, since) in seats.iter().zip([30, OURS, 10, 50]) {
            waits(seat, since);
        }
        assert_eq!(turns.dismiss(40), 1);
        assert_eq!(seats.each_ref().map(is_over), [false, false, true, false]);
        assert_eq!(turns.dismiss(40), 1);
        assert_eq!(seats.each_ref().map(is_over), [true, false, true, false]);
        assert_eq!(turns.dismiss(40), 0, "one is served and one has only come");
    }

    #[test]
    fn nobody_goes_who_has_only_come() {
        let turns = Turns::new();
        let _seat = turns.seat();
        assert_eq!(turns.make_room(), 0);
    }

    #[test]
    fn of_many_a_few_go() {
        let turns = Turns::new();
        let seats: Vec<Seat> = (0..100).map(|_| turns.seat()).collect();
        for (seat, since) in seats.iter().zip(1..) {
            waits(seat, since);
        }
        assert_eq!(turns.dismiss(100), 12);
        assert!(seats.iter().take(12).all(is_over));
        assert!(!seats.iter().skip(12).any(is_over));
    }

    #[test]
    fn what_is_over_stays_over_and_who_leaves_is_forgotten() {
        let turns = Turns::new();
        let seat = turns.seat();
        waits(&seat, 1);
        assert!(!seat.turn.end(2), "something happened meanwhile");
        assert!(seat.turn.end(1));
        seat.turn.server();
        assert!(is_over(&seat));
        drop(seat);
        assert!(turns.seats().taken.is_empty());
    }
}
