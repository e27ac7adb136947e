//! How many questions are asked at a time, and how many wait.

mod limits;
mod pace;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use dockgate_api::{BackendError, BuildContext, Call, Gauge, Series};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

pub use self::limits::{Limits, LimitsConfig, MaxConcurrent, MaxQueue};
use self::pace::Pace;

/// Places for questions: so many at a time, and so many that wait for one. First come, first served.
#[derive(Debug)]
pub struct Slots {
    limits: Limits,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    pace: Arc<Pace>,
    shown: Shown,
}

/// The same for those who watch.
#[derive(Clone, Debug, Default)]
struct Shown {
    running: Gauge,
    waiting: Gauge,
}

/// The right to ask one question, given back when dropped. It belongs to nobody's lifetime: a task can own it.
#[derive(Debug)]
pub struct Slot {
    _place: OwnedSemaphorePermit,
    since: Instant,
    pace: Arc<Pace>,
    running: Gauge,
}

impl Slots {
    /// All places free.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            places: Arc::new(Semaphore::new(limits.max_concurrent)),
            waiting: AtomicUsize::new(0),
            pace: Arc::default(),
            shown: Shown::default(),
        }
    }

    /// The places of a link that stay the same beyond a reload: what runs for the old configuration counts for the new
    /// one. `what` tells the places of one link apart, and of links of one name in two chains.
    ///
    /// Other limits are other places. A configuration that is refused must not change those that serve, so nothing is
    /// resized: after a reload that changes the limits, what the old configuration still asks comes on top until it is
    /// answered, for one deadline at most.
    pub fn kept(cx: &BuildContext, what: &str, limits: Limits) -> Arc<Self> {
        let Limits { max_concurrent, max_queue } = limits;
        let name = format!("{} {what}: {max_concurrent} at a time, {max_queue} wait", cx.link());
        let gauge = |name, help| cx.metrics().gauge(&Series::new(name, help));
        let shown = Shown {
            running: gauge("dockgate_hook_questions_running", "Questions that are being asked."),
            waiting: gauge("dockgate_hook_questions_waiting", "Questions that wait for their turn."),
        };
        cx.kept(&name, || Self { shown, ..Self::new(limits) })
    }

    /// Waits for a place, until the call's deadline at most. Whoever stops waiting has left the queue.
    ///
    /// # Errors
    /// [`BackendError::Overloaded`]: at once if the queue is full, and at the deadline. Nothing was asked.
    pub async fn take(&self, cx: &Call) -> Result<Slot, BackendError> {
        // Who waits is served first: a place that becomes free while somebody waits is theirs.
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(self.slot(place));
        }
        let most = self.limits.max_queue;
        let Some(waiter) = Waiter::enter(self, most) else {
            return Err(self.overloaded(format!("{most} questions wait already (`max_queue`)")));
        };
        let place = timeout_at(cx.deadline().into(), Arc::clone(&self.places).acquire_owned()).await;
        drop(waiter);
        // Nobody closes the semaphore: an error of it is as good as no place.
        let Ok(Ok(place)) = place else {
            let most = self.limits.max_concurrent;
            return Err(self.overloaded(format!(
                "no place became free before the deadline (`max_concurrent` is {most})"
            )));
        };
        Ok(self.slot(place))
    }

    /// How many places are taken.
    pub fn running(&self) -> usize {
        self.limits.max_concurrent.saturating_sub(self.places.available_permits())
    }

    /// How many wait for one.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn slot(&self, place: OwnedSemaphorePermit) -> Slot {
        let running = self.shown.running.clone();
        running.add(1);
        Slot { _place: place, since: Instant::now(), pace: Arc::clone(&self.pace), running }
    }

    fn overloaded(&self, detail: String) -> BackendError {
        let retry_after = self.pace.retry_after(self.waiting(), self.limits.max_concurrent);
        BackendError::Overloaded { detail, retry_after }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.running.add(-1);
        self.pace.held(self.since.elapsed());
    }
}

/// Counted as waiting until it goes, for whatever reason.
struct Waiter<'s>(&'s Slots);

impl<'s> Waiter<'s> {
    fn enter(slots: &'s Slots, most: usize) -> Option<Self> {
        let more = |number: usize| (number < most).then(|| number + 1);
        // Only the number counts: what the places guard is ordered by the semaphore.
        slots.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        slots.shown.waiting.add(1);
        Some(Self(slots))
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.shown.waiting.add(-1);
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
