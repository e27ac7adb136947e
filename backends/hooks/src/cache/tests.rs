use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Credential, Login, Reason};
use dockgate_testkit::fakes::{World, call, call_at, late_call, noon};
use proptest::prelude::*;
use serde_json::json;
use tokio::sync::{Semaphore, oneshot};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// As large as it says.
impl Remembered for u32 {
    fn bytes(&self) -> usize {
        usize::try_from(*self).unwrap()
    }
}

fn cache(section: serde_json::Value) -> Cache<u32> {
    cache_in(&World::new(), section)
}

fn cache_in(world: &World, section: serde_json::Value) -> Cache<u32> {
    serde_json::from_value::<CacheConfig>(section).unwrap().build(&world.build_context()).unwrap()
}

fn question(password: &str) -> Question {
    Question::who(&Login::new("alice", Credential::None), &SecretString::from(password))
}

fn refusal() -> Decision<u32> {
    Decision::Deny(Reason::bad_credentials("no"))
}

fn failure() -> BackendError {
    BackendError::Unavailable("gone".to_owned())
}

/// Asks with a reply at hand; says whether it was asked.
async fn ask(cache: &Cache<u32>, now: SystemTime, password: &str, reply: Reply<u32>) -> (Answer<u32>, bool) {
    let mut asked = false;
    let answer = cache
        .answer(&call_at(now), &question(password), async {
            asked = true;
            Ok(reply)
        })
        .await;
    (answer, asked)
}

async fn asked(cache: &Cache<u32>, now: SystemTime, password: &str, reply: Reply<u32>) -> bool {
    ask(cache, now, password, reply).await.1
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn without_the_section_every_question_is_asked() {
    let cache = Cache::off();
    assert!(asked(&cache, noon(), "a", Reply::new(Decision::Allow(1))).await);
    assert_eq!(
        ask(&cache, noon(), "a", Reply::new(Decision::Allow(2))).await,
        (Ok(Decision::Allow(2)), true)
    );
    let (one, two) = (call(), call());
    let question = question("a");
    let mut first = pin!(cache.answer(&one, &question, std::future::pending()));
    assert!(poll(first.as_mut()).is_pending());
    let second = cache.answer(&two, &question, async { Ok(Reply::new(Decision::Allow(3))) });
    assert_eq!(second.await, Ok(Decision::Allow(3)), "nobody waits for the first");
}

#[tokio::test]
async fn an_allow_lives_for_its_ttl_and_is_this_questions_alone() {
    let world = World::new();
    let cache = cache_in(&world, json!({"ttl": "30s"}));
    let allow = || Reply::new(Decision::Allow(1));
    assert!(asked(&cache, noon(), "a", allow()).await);
    assert!(asked(&cache, noon(), "b", allow()).await, "another password");
    let last = noon() + 30 * SECOND - Duration::from_nanos(1);
    let other = || Reply::new(Decision::Allow(2));
    assert_eq!(ask(&cache, last, "a", other()).await, (Ok(Decision::Allow(1)), false));
    let counted = |name| world.metrics.counted(name);
    assert_eq!(counted("dockgate_hook_cache_hits_total"), 1);
    assert_eq!(counted("dockgate_hook_cache_misses_total"), 2);
    assert_eq!(ask(&cache, noon() + 30 * SECOND, "a", other()).await, (Ok(Decision::Allow(2)), true));
    assert_eq!(ask(&cache, noon() + 59 * SECOND, "a", allow()).await, (Ok(Decision::Allow(2)), false));
}

#[tokio::test]
async fn refusals_live_for_their_own_ttl() {
    let forgetful = cache(json!({"ttl": "30s"}));
    let mindful = cache(json!({"ttl": "30s", "negative_ttl": "5s"}));
    for decision in [refusal(), Decision::NoMatch] {
        let reply = || Reply::new(decision.clone());
        let password = if decision == Decision::NoMatch { "a" } else { "b" };
        assert!(asked(&forgetful, noon(), password, reply()).await);
        assert!(asked(&forgetful, noon(), password, reply()).await);
        assert!(asked(&mindful, noon(), password, reply()).await);
        let (answer, asked_again) = ask(&mindful, noon() + 4 * SECOND, password, reply()).await;
        assert_eq!((answer, asked_again), (Ok(decision.clone()), false));
        assert!(asked(&mindful, noon() + 5 * SECOND, password, reply()).await);
    }
}

#[tokio::test]
async fn an_answer_lives_no_longer_than_it_says() {
    let cache = cache(json!({"ttl": "30s", "negative_ttl": "30s"}));
    let until = |seconds| Reply {
        decision: Decision::Allow(1),
        cacheable: true,
        expires_at: Some(noon() + seconds * SECOND),
    };
    assert!(asked(&cache, noon(), "a", until(10)).await);
    assert!(!asked(&cache, noon() + 9 * SECOND, "a", until(10)).await);
    assert!(asked(&cache, noon() + 10 * SECOND, "a", until(11)).await);
    assert!(asked(&cache, noon(), "b", until(1000)).await);
    assert!(
        asked(&cache, noon() + 30 * SECOND, "b", until(1000)).await,
        "nor longer than the configuration says"
    );
    let over = || Reply { decision: refusal(), ..until(0) };
    assert!(asked(&cache, noon(), "c", over()).await);
    assert!(asked(&cache, noon(), "c", over()).await);
}

#[tokio::test]
async fn what_may_not_be_remembered_and_errors_are_not() {
    let cache = cache(json!({"ttl": "30s", "negative_ttl": "30s"}));
    let once = |decision| Reply { decision, cacheable: false, expires_at: None };
    for _ in 0..2 {
        assert!(asked(&cache, noon(), "a", once(Decision::Allow(1))).await);
        assert!(asked(&cache, noon(), "a", once(refusal())).await);
        let answer = cache.answer(&call(), &question("a"), async { Err(failure()) }).await;
        assert_eq!(answer, Err(failure()));
        assert_eq!(cache.0.as_ref().unwrap().flights.len(), 0);
    }
}

#[tokio::test]
async fn an_answer_from_the_future_is_none() {
    let cache = cache(json!({"ttl": "30s"}));
    let allow = || Reply::new(Decision::Allow(1));
    assert!(asked(&cache, noon(), "a", allow()).await);
    let before = noon() - Duration::from_nanos(1);
    assert!(asked(&cache, before, "a", allow()).await, "the clock was set back");
    assert!(!asked(&cache, before, "a", allow()).await);
    assert!(!asked(&cache, noon() + 29 * SECOND, "a", allow()).await);
}

#[tokio::test]
async fn no_more_answers_than_allowed() {
    let cache = cache(json!({"ttl": "24h", "entries": 10}));
    for number in 0..1_000_u32 {
        asked(&cache, noon(), &number.to_string(), Reply::new(Decision::Allow(number))).await;
    }
    let on = cache.0.as_ref().unwrap();
    assert!((1..=10).contains(&on.held.len()), "{}", on.held.len());
    assert_eq!(on.flights.len(), 0);
}

#[tokio::test]
async fn large_answers_leave_room_for_fewer() {
    let cache = cache(json!({"ttl": "24h", "entries": 10}));
    let large = || Reply::new(Decision::Allow(20 * 1024));
    for number in 0..1_000_u32 {
        assert!(asked(&cache, noon(), &number.to_string(), large()).await);
        assert!(cache.0.as_ref().unwrap().held.weight() <= 10);
    }
    assert!(!asked(&cache, noon(), "999", large()).await, "there is room for one");
    let too_large = || Reply::new(Decision::Allow(256 * 1024));
    assert!(asked(&cache, noon(), "a", too_large()).await);
    assert!(asked(&cache, noon(), "a", too_large()).await, "answered, and not remembered");
}

/// Many at once, until none of them can go on; `go` then lets them.
struct Crowd {
    asked: Arc<AtomicUsize>,
    go: Arc<Semaphore>,
    tasks: Vec<tokio::task::JoinHandle<Answer<u32>>>,
}

impl Crowd {
    async fn of(number: usize, cache: &Arc<Cache<u32>>, reply: Reply<u32>) -> Self {
        let (asked, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let begun = Arc::new(AtomicUsize::new(0));
        let tasks = (0..number)
            .map(|_| {
                let (cache, asked, go) = (Arc::clone(cache), Arc::clone(&asked), Arc::clone(&go));
                let (begun, reply) = (Arc::clone(&begun), reply.clone());
                tokio::spawn(async move {
                    begun.fetch_add(1, Ordering::SeqCst);
                    let ask = async {
                        asked.fetch_add(1, Ordering::SeqCst);
                        go.acquire().await.unwrap().forget();
                        Ok(reply)
                    };
                    cache.answer(&call(), &question("a"), ask).await
                })
            })
            .collect();
        // On one thread, everybody who has begun has come as far as they can.
        until(|| begun.load(Ordering::SeqCst) == number).await;
        Self { asked, go, tasks }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answers(self) -> Vec<Answer<u32>> {
        let mut answers = Vec::new();
        for task in self.tasks {
            answers.push(task.await.unwrap());
        }
        answers
    }
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
async fn equal_questions_are_asked_once() {
    for decision in [Decision::Allow(1), refusal(), Decision::NoMatch] {
        let cache = Arc::new(cache(json!({"ttl": "30s"})));
        let crowd = Crowd::of(300, &cache, Reply::new(decision.clone())).await;
        assert_eq!(crowd.asked(), 1);
        crowd.go.add_permits(1);
        let asked = Arc::clone(&crowd.asked);
        assert!(crowd.answers().await.into_iter().all(|answer| answer == Ok(decision.clone())));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(cache.0.as_ref().unwrap().flights.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn equal_questions_of_many_threads_are_asked_once() {
    for round in 0..20 {
        let world = World::new();
        let cache = Arc::new(cache_in(&world, json!({"ttl": "30s"})));
        let asked = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..300)
            .map(|_| {
                let (cache, asked) = (Arc::clone(&cache), Arc::clone(&asked));
                tokio::spawn(async move {
                    let ask = async {
                        asked.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        Ok(Reply::new(Decision::Allow(round)))
                    };
                    cache.answer(&call(), &question("a"), ask).await
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Ok(Decision::Allow(round)));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(world.metrics.counted("dockgate_hook_cache_hits_total"), 299);
        assert_eq!(world.metrics.counted("dockgate_hook_cache_misses_total"), 1);
    }
}

#[tokio::test]
async fn what_may_not_be_shared_is_asked_by_each_at_once() {
    let cache = Arc::new(cache(json!({"ttl": "30s"})));
    let reply = Reply { decision: Decision::Allow(1), cacheable: false, expires_at: None };
    let crowd = Crowd::of(10, &cache, reply).await;
    assert_eq!(crowd.asked(), 1);
    crowd.go.add_permits(1);
    until(|| crowd.asked() == 10).await;
    crowd.go.add_permits(9);
    assert_eq!(crowd.answers().await, vec![Ok(Decision::Allow(1)); 10]);
}

#[tokio::test]
async fn who_waits_asks_itself_if_the_answer_is_over_for_it() {
    let cache = cache(json!({"ttl": "30s"}));
    let question = question("a");
    let (early, late) = (call(), call_at(noon() + 10 * SECOND));
    let (answer, answered) = oneshot::channel();
    let mut first = pin!(cache.answer(&early, &question, async { answered.await.unwrap() }));
    assert!(poll(first.as_mut()).is_pending());
    let mut second = pin!(cache.answer(&late, &question, async { Ok(Reply::new(Decision::Allow(2))) }));
    assert!(poll(second.as_mut()).is_pending());
    let expires_at = Some(noon() + 10 * SECOND);
    answer.send(Ok(Reply { decision: Decision::Allow(1), cacheable: true, expires_at })).unwrap();
    assert_eq!(first.await, Ok(Decision::Allow(1)));
    assert_eq!(second.await, Ok(Decision::Allow(2)));
}

#[tokio::test]
async fn an_error_is_nobody_elses_and_the_next_asks_again() {
    let cache = cache(json!({"ttl": "30s"}));
    let question = question("a");
    let contexts = [call(), call(), call()];
    let (answer, answered) = oneshot::channel::<()>();
    let mut first = pin!(cache.answer(&contexts[0], &question, async {
        answered.await.unwrap();
        Err(failure())
    }));
    let (answer_second, answered_second) = oneshot::channel::<()>();
    let mut second = pin!(cache.answer(&contexts[1], &question, async {
        answered_second.await.unwrap();
        Ok(Reply::new(Decision::Allow(2)))
    }));
    let mut third = pin!(cache.answer(&contexts[2], &question, async { Ok(Reply::new(Decision::Allow(3))) }));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    assert!(poll(third.as_mut()).is_pending());
    answer.send(()).unwrap();
    assert_eq!(first.await, Err(failure()));
    assert!(poll(second.as_mut()).is_pending());
    assert!(poll(third.as_mut()).is_pending(), "one asks again, not all");
    answer_second.send(()).unwrap();
    assert_eq!(second.await, Ok(Decision::Allow(2)));
    assert_eq!(third.await, Ok(Decision::Allow(2)));
}

#[tokio::test]
async fn the_next_takes_over_from_one_who_goes_away() {
    let cache = cache(json!({"ttl": "30s"}));
    let question = question("a");
    let contexts = [call(), call(), call()];
    let mut second =
        pin!(cache.answer(&contexts[1], &question, async { Ok(Reply::new(Decision::Allow(2))) }));
    {
        let mut first = pin!(cache.answer(&contexts[0], &question, std::future::pending()));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        {
            let mut gone = pin!(cache.answer(&contexts[2], &question, std::future::pending()));
            assert!(poll(gone.as_mut()).is_pending());
        }
    }
    assert_eq!(second.await, Ok(Decision::Allow(2)));
    assert_eq!(cache.0.as_ref().unwrap().flights.len(), 0);
}

#[tokio::test]
async fn who_waits_waits_until_its_deadline() {
    let cache = cache(json!({"ttl": "30s"}));
    let question = question("a");
    let (long, short) = (call(), late_call());
    let mut first = pin!(cache.answer(&long, &question, std::future::pending()));
    assert!(poll(first.as_mut()).is_pending());
    let waited = cache.answer(&short, &question, async { panic!("not to be asked") }).await;
    assert!(matches!(waited, Err(BackendError::Timeout(_))), "{waited:?}");
}

#[tokio::test]
async fn who_comes_after_an_answer_begins_anew() {
    // Nothing is remembered, and a first waiter is slow to pick its answer up.
    let cache = cache(json!({"ttl": "30s"}));
    let question = question("a");
    let contexts = [call(), call()];
    let (answer, answered) = oneshot::channel();
    let mut first = pin!(cache.answer(&contexts[0], &question, async { answered.await.unwrap() }));
    let mut slow = pin!(cache.answer(&contexts[1], &question, async { panic!("not to be asked") }));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(slow.as_mut()).is_pending());
    answer.send(Ok(Reply::new(refusal()))).unwrap();
    assert_eq!(first.await, Ok(refusal()));
    assert!(
        asked(&cache, noon(), "a", Reply::new(Decision::Allow(1))).await,
        "the refusal was not for later ones"
    );
    assert_eq!(slow.await, Ok(refusal()));
    assert_eq!(cache.0.as_ref().unwrap().flights.len(), 0);
}

#[tokio::test]
async fn who_leaves_an_answered_flight_leaves_the_next_one_alone() {
    let cache = cache(json!({"ttl": "30s"}));
    let question = question("a");
    let contexts = [call(), call(), call(), call()];
    let (answer, answered) = oneshot::channel();
    let mut first = pin!(cache.answer(&contexts[0], &question, async { answered.await.unwrap() }));
    let mut slow = pin!(cache.answer(&contexts[1], &question, async { panic!("not to be asked") }));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(slow.as_mut()).is_pending());
    answer.send(Ok(Reply::new(refusal()))).unwrap();
    assert_eq!(first.await, Ok(refusal()));
    let mut next = pin!(cache.answer(&contexts[2], &question, std::future::pending()));
    assert!(poll(next.as_mut()).is_pending());
    assert_eq!(slow.await, Ok(refusal()));
    let mut equal = pin!(cache.answer(&contexts[3], &question, async { panic!("not to be asked") }));
    assert!(poll(equal.as_mut()).is_pending(), "it waits for the one that is being asked");
}

#[tokio::test]
async fn two_configurations_file_one_question_under_different_keys() {
    let world = World::new();
    let digests = [(); 2].map(|()| {
        let cache = cache_in(&world, json!({"ttl": "30s"}));
        cache.0.unwrap().digester.of(&question("a"))
    });
    assert_ne!(digests[0], digests[1]);
    assert!(format!("{:?}", cache(json!({"ttl": "30s"}))).contains("30s"));
}

proptest! {
    /// Against a list of all that was ever answered: what is given again was answered to this question, at most as long
    /// ago as it may live, and nothing is asked that could have been given again.
    #[test]
    fn gives_again_what_lives_and_nothing_else(
        questions in prop::collection::vec((0_u8..4, 0_i64..40, 0_u8..3, any::<bool>(), prop::option::of(0_u64..60)), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let cache = cache(json!({"ttl": "20s", "negative_ttl": "5s"}));
            // What is remembered for each question: decision, from, until.
            let mut model = std::collections::HashMap::<u8, (Decision<u32>, SystemTime, SystemTime)>::new();
            for (step, (which, time, kind, cacheable, ends)) in (0_u32..).zip(questions) {
                let now = noon() + Duration::from_secs(time.unsigned_abs());
                let (decision, ttl) = match kind {
                    0 => (Decision::Allow(step), 20),
                    1 => (Decision::Deny(Reason::bad_credentials(step.to_string())), 5),
                    _ => (Decision::NoMatch, 5),
                };
                let expires_at = ends.map(|ends| noon() + Duration::from_secs(ends));
                let reply = Reply { decision: decision.clone(), cacheable, expires_at };
                let got = ask(&cache, now, &which.to_string(), reply).await;
                let known = model.get(&which).filter(|(_, from, until)| *from <= now && now < *until);
                if let Some((known, ..)) = known {
                    prop_assert_eq!(got, (Ok(known.clone()), false));
                } else {
                    prop_assert_eq!(got, (Ok(decision.clone()), true));
                    let end = now + Duration::from_secs(ttl);
                    let until = expires_at.map_or(end, |expires_at| expires_at.min(end));
                    if cacheable && now < until {
                        model.insert(which, (decision, now, until));
                    }
                }
            }
            Ok(())
        })?;
    }
}
