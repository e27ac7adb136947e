//! How many connections there may be at a time.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::turns::{Seat, Turn, Turns};

/// Room for connections, shared by the doors that lead to the same thing. A clone is the same.
#[derive(Clone, Debug)]
pub struct Slots(Arc<Room>);

#[derive(Debug)]
struct Room {
    free: Arc<Semaphore>,
    size: Mutex<Size>,
    turns: Arc<Turns>,
}

/// The room that one connection takes.
#[derive(Debug)]
pub(super) struct Slot {
    _room: OwnedSemaphorePermit,
    seat: Seat,
}

impl Slot {
    /// Who has the next word on the connection.
    pub(super) fn turn(&self) -> &Arc<Turn> {
        self.seat.turn()
    }
}

#[derive(Debug)]
struct Size {
    wanted: usize,
    /// Slots that are to go as soon as their connections have ended.
    too_many: usize,
}

impl Slots {
    /// Room for so many.
    pub fn new(size: usize) -> Self {
        let size_now = Size { wanted: size, too_many: 0 };
        let (free, size) = (Arc::new(Semaphore::new(size)), Mutex::new(size_now));
        Self(Arc::new(Room { free, size, turns: Turns::new() }))
    }

    /// Waits for room for one more.
    pub(super) async fn one(&self) -> io::Result<Slot> {
        loop {
            let slot = Arc::clone(&self.0.free).acquire_owned().await.map_err(io::Error::other)?;
            let mut size = self.size();
            if size.too_many == 0 {
                return Ok(Slot { _room: slot, seat: self.0.turns.seat() });
            }
            size.too_many -= 1;
            slot.forget();
        }
    }

    /// Where there is no room, ends connections that keep the server waiting.
    pub(super) fn make_room(&self) {
        if self.0.free.available_permits() == 0 {
            self.0.turns.make_room();
        }
    }

    /// How many connections there are.
    pub fn taken(&self) -> usize {
        let size = self.size();
        (size.wanted + size.too_many).saturating_sub(self.0.free.available_permits())
    }

    /// Makes room for so many from now on. Where there are more already, they stay, and nobody comes in their place.
    pub fn resize(&self, wanted: usize) {
        let mut size = self.size();
        let before = size.wanted + size.too_many;
        size.wanted = wanted;
        if wanted >= before {
            size.too_many = 0;
            self.0.free.add_permits(wanted - before);
        } else {
            size.too_many = before - wanted - self.0.free.forget_permits(before - wanted);
        }
    }

    fn size(&self) -> std::sync::MutexGuard<'_, Size> {
        self.0.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(slots: &Slots) -> Option<Slot> {
        use std::task::{Context, Poll, Waker};
        let mut one = std::pin::pin!(slots.one());
        match one.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(slot) => slot.ok(),
            Poll::Pending => None,
        }
    }

    #[test]
    fn no_more_than_there_is_room_for() {
        let slots = Slots::new(2);
        let both = [now(&slots).unwrap(), now(&slots).unwrap()];
        assert!(now(&slots).is_none());
        assert_eq!(slots.taken(), 2);
        drop(both);
        assert_eq!(slots.taken(), 0);
    }

    #[test]
    fn more_room_is_there_at_once_and_less_as_connections_end() {
        let slots = Slots::new(1);
        let first = now(&slots).unwrap();
        slots.resize(3);
        let (second, third) = (now(&slots).unwrap(), now(&slots).unwrap());
        assert!(now(&slots).is_none());
        slots.resize(1);
        assert_eq!(slots.taken(), 3);
        drop((first, second));
        assert!(now(&slots).is_none(), "the third is the one there is room for");
        assert_eq!(slots.taken(), 1);
        drop(third);
        let only = now(&slots).unwrap();
        assert!(now(&slots).is_none());
        slots.resize(2);
        assert!(now(&slots).is_some());
        drop(only);
    }

    #[test]
    fn shrinking_twice_and_growing_again_loses_no_slot() {
        let slots = Slots::new(4);
        let taken: Vec<_> = (0..4).map(|_| now(&slots).unwrap()).collect();
        slots.resize(2);
        slots.resize(1);
        slots.resize(4);
        assert_eq!(slots.taken(), 4);
        drop(taken);
        let again: Vec<_> = (0..5).map(|_| now(&slots)).collect();
        assert_eq!(again.iter().filter(|slot| slot.is_some()).count(), 4);
    }
}
