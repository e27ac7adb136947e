//! How many do something at once under one name, in an array that cannot grow.
//!
//! Names that fall on one place share its room: rare, and then some wait that need not.
//!
//! Who leaves counts down and then looks whether anybody waits; who comes says that it waits and then counts. One of them
//! must see the other, or nobody rings: all four are in one order (`SeqCst`), on every processor.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Places, and bells for those who wait at them.
const PLACES: usize = 16_384;
const BELLS: usize = 64;

/// So many at a time a name; the others wait, up to a number of all together.
#[derive(Debug)]
pub(super) struct Gate {
    inside: Box<[AtomicU32]>,
    bells: Box<[Notify]>,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// A place inside, given back when it goes.
#[derive(Debug)]
pub(super) struct Inside<'g> {
    gate: &'g Gate,
    name: u64,
}

/// Too many wait already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// One who waits.
struct Waiting<'g>(&'g AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    pub(super) fn new(most_waiting: usize) -> Self {
        Self {
            inside: (0..PLACES).map(|_| AtomicU32::new(0)).collect(),
            bells: (0..BELLS).map(|_| Notify::new()).collect(),
            waiting: AtomicUsize::new(0),
            most_waiting,
        }
    }

    /// A place, if one of `most` is free.
    pub(super) fn try_enter(&self, name: u64, most: u32) -> Option<Inside<'_>> {
        let inside = at(&self.inside, name)?;
        let entered = inside.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |inside| {
            (inside < most).then_some(inside.saturating_add(1))
        });
        entered.ok().map(|_| Inside { gate: self, name })
    }

    /// A place once one is free. Who calls bounds the time.
    pub(super) async fn enter(&self, name: u64, most: u32) -> Result<Inside<'_>, Full> {
        if let Some(inside) = self.try_enter(name, most) {
            return Ok(inside);
        }
        let _waiting = self.wait()?;
        let Some(bell) = at(&self.bells, name) else { return Err(Full) };
        loop {
            let rung = bell.notified();
            tokio::pin!(rung);
            // From here on a bell is heard.
            rung.as_mut().enable();
            if let Some(inside) = self.try_enter(name, most) {
                return Ok(inside);
            }
            rung.await;
        }
    }

    fn wait(&self) -> Result<Waiting<'_>, Full> {
        let waits = self.waiting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |waiting| {
            (waiting < self.most_waiting).then_some(waiting + 1)
        });
        waits.map(|_| Waiting(&self.waiting)).map_err(|_| Full)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Some(inside) = at(&self.gate.inside, self.name) {
            inside.fetch_sub(1, Ordering::SeqCst);
        }
        if self.gate.waiting.load(Ordering::SeqCst) > 0
            && let Some(bell) = at(&self.gate.bells, self.name)
        {
            bell.notify_waiters();
        }
    }
}

fn at<T>(all: &[T], name: u64) -> Option<&T> {
    all.get(usize::try_from(name % all.len().max(1) as u64).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_are_inside_and_the_next_enters_when_one_leaves() {
        let gate = Gate::new(1);
        let first = gate.try_enter(7, 2).unwrap();
        let _second = gate.try_enter(7, 2).unwrap();
        assert!(gate.try_enter(7, 2).is_none());
        assert!(gate.try_enter(8, 2).is_some(), "another name");
        let mut third = Box::pin(gate.enter(7, 2));
        assert!(futures_poll(third.as_mut()).await.is_none());
        assert_eq!(gate.enter(7, 2).await.map(|_| ()).unwrap_err(), Full, "one waits already");
        drop(first);
        let inside = third.await.unwrap();
        drop(inside);
        assert!(gate.try_enter(7, 2).is_some());
    }

    #[tokio::test]
    async fn who_gives_up_waiting_takes_nothing_along() {
        let gate = Gate::new(1);
        let first = gate.try_enter(7, 1).unwrap();
        for _ in 0..10 {
            let mut given_up = Box::pin(gate.enter(7, 1));
            assert!(futures_poll(given_up.as_mut()).await.is_none());
        }
        drop(first);
        assert!(gate.enter(7, 1).await.is_ok());
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    }

    /// What is ready now.
    async fn futures_poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        let mut future = Some(future);
        std::future::poll_fn(|cx| {
            let polled = future.take().map(|future| future.poll(cx));
            std::task::Poll::Ready(match polled {
                Some(std::task::Poll::Ready(value)) => Some(value),
                _ => None,
            })
        })
        .await
    }
}
