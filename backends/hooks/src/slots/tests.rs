use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use dockgate_testkit::fakes::{World, call, late_call};
use proptest::prelude::*;

use super::*;

fn slots(max_concurrent: usize, max_queue: usize) -> Arc<Slots> {
    Arc::new(Slots::new(Limits { max_concurrent, max_queue }))
}

async fn until(condition: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if condition() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came to that");
}

#[tokio::test]
async fn no_more_than_allowed_at_a_time_and_the_rest_in_their_order() {
    let slots = slots(3, 100);
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(slots.take(&call()).await.unwrap());
    }
    let mut asking = Vec::new();
    for number in 0..50 {
        let (all, done) = (Arc::clone(&slots), Arc::clone(&order));
        asking.push(tokio::spawn(async move {
            let slot = all.take(&call()).await.unwrap();
            done.lock().unwrap().push(number);
            assert!(all.running() <= 3, "{}", all.running());
            tokio::task::yield_now().await;
            drop(slot);
        }));
        until(|| slots.waiting() == number + 1).await;
    }
    assert_eq!((slots.running(), slots.waiting()), (3, 50));
    drop(held);
    for question in asking {
        question.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
    assert_eq!((slots.running(), slots.waiting()), (0, 0));
}

#[tokio::test]
async fn nobody_overtakes_who_waits() {
    let slots = slots(1, 2);
    let slot = slots.take(&call()).await.unwrap();
    let (first, second) = (call(), call());
    let mut first = pin!(slots.take(&first));
    assert!(poll(first.as_mut()).is_pending());
    drop(slot);
    // The place is free, and spoken for.
    let mut second = pin!(slots.take(&second));
    assert!(poll(second.as_mut()).is_pending());
    let first = first.await.unwrap();
    assert!(poll(second.as_mut()).is_pending());
    drop(first);
    second.await.unwrap();
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_a_deadline_in_it_is_no_timeout() {
    let slots = slots(1, 1);
    slots.pace.held(Duration::from_secs(7));
    let slot = slots.take(&call()).await.unwrap();
    let waiting = tokio::spawn({
        let slots = Arc::clone(&slots);
        async move { slots.take(&call()).await.map(drop) }
    });
    until(|| slots.waiting() == 1).await;
    match slots.take(&call()).await {
        Err(BackendError::Overloaded { detail, retry_after }) => {
            assert!(detail.contains("max_queue"), "{detail}");
            assert_eq!(retry_after, Duration::from_secs(14), "the one who waits comes first");
        }
        other => panic!("{other:?}"),
    }
    drop(slot);
    waiting.await.unwrap().unwrap();

    let _slot = slots.take(&late_call()).await.unwrap();
    match slots.take(&late_call()).await {
        Err(BackendError::Overloaded { detail, .. }) => {
            assert!(detail.contains("max_concurrent"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(slots.waiting(), 0);
}

#[tokio::test]
async fn no_queue_at_all_refuses_while_all_is_taken() {
    let slots = slots(1, 0);
    let slot = slots.take(&call()).await.unwrap();
    assert!(matches!(slots.take(&call()).await, Err(BackendError::Overloaded { .. })));
    drop(slot);
    slots.take(&call()).await.unwrap();
}

#[tokio::test]
async fn who_goes_away_leaves_the_queue() {
    let slots = slots(1, 1);
    let slot = slots.take(&call()).await.unwrap();
    let context = call();
    {
        let mut gone = pin!(slots.take(&context));
        assert!(poll(gone.as_mut()).is_pending());
        assert_eq!(slots.waiting(), 1);
    }
    assert_eq!(slots.waiting(), 0);
    let mut next = pin!(slots.take(&context));
    assert!(poll(next.as_mut()).is_pending(), "its place in the queue is free again");
    drop(slot);
    next.await.unwrap();
}

#[tokio::test]
async fn the_time_a_place_was_held_counts() {
    let slots = slots(1, 0);
    let mut slot = slots.take(&call()).await.unwrap();
    slot.since = slot.since.checked_sub(Duration::from_secs(30)).unwrap();
    drop(slot);
    let _slot = slots.take(&call()).await.unwrap();
    match slots.take(&call()).await {
        Err(BackendError::Overloaded { retry_after, .. }) => {
            assert!((30..=60).contains(&retry_after.as_secs()), "{retry_after:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reload_finds_the_places_taken_and_other_limits_are_other_places() {
    let cx = World::new().build_context();
    let limits = Limits { max_concurrent: 1, max_queue: 0 };
    let before = Slots::kept(&cx, "programs", limits);
    let _slot = before.take(&call()).await.unwrap();
    let after = Slots::kept(&cx, "programs", limits);
    assert!(matches!(after.take(&call()).await, Err(BackendError::Overloaded { .. })));
    let more = Slots::kept(&cx, "programs", Limits { max_concurrent: 2, ..limits });
    assert_eq!(more.running(), 0);
    let others = Slots::kept(&cx, "others", limits);
    assert_eq!(others.running(), 0);
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

type Taking = Pin<Box<dyn Future<Output = Result<Slot, BackendError>>>>;

#[derive(Clone, Copy, Debug)]
enum Step {
    Take,
    GiveBack(usize),
    GoAway(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Take),
        1 => any::<usize>().prop_map(Step::GiveBack),
        1 => any::<usize>().prop_map(Step::GoAway),
    ]
}

proptest! {
    /// Whatever comes and goes: the numbers are right, nobody waits beside a free place, nobody is refused beside a free
    /// place in the queue.
    #[test]
    fn every_place_is_somebodys_or_free(
        max_concurrent in 1_usize..4,
        max_queue in 0_usize..4,
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let slots = slots(max_concurrent, max_queue);
            let mut held = Vec::new();
            let mut waiting: Vec<Taking> = Vec::new();
            for step in steps {
                match step {
                    Step::Take => {
                        let slots = Arc::clone(&slots);
                        let mut taking: Taking = Box::pin(async move { slots.take(&call()).await });
                        match poll(taking.as_mut()) {
                            Poll::Ready(Ok(slot)) => held.push(slot),
                            Poll::Ready(Err(_)) => {
                                prop_assert_eq!((held.len(), waiting.len()), (max_concurrent, max_queue));
                            }
                            Poll::Pending => waiting.push(taking),
                        }
                    }
                    Step::GiveBack(which) if !held.is_empty() => {
                        held.swap_remove(which % held.len());
                        if !waiting.is_empty() {
                            let Poll::Ready(Ok(slot)) = poll(waiting[0].as_mut()) else {
                                panic!("the first who waits is served");
                            };
                            held.push(slot);
                            drop(waiting.remove(0));
                        }
                    }
                    Step::GoAway(which) if !waiting.is_empty() => {
                        drop(waiting.remove(which % waiting.len()));
                    }
                    Step::GiveBack(_) | Step::GoAway(_) => {}
                }
                prop_assert_eq!(slots.running(), held.len());
                prop_assert_eq!(slots.waiting(), waiting.len());
                prop_assert!(waiting.is_empty() || held.len() == max_concurrent);
            }
            Ok(())
        })?;
    }
}
