//! Workers that do as they should.

use std::collections::HashSet;

use super::*;

const ECHO: &str = "
for question in questions():
    allow(question)
note('ended', 'at the end of its input')
";

#[tokio::test]
async fn nothing_is_started_before_the_first_question() {
    let crew = Crew::python(2, PATIENCE, ECHO);
    assert_eq!(crew.workers.health(), Health::Up);
    let unused = Crew::python(2, PATIENCE, ECHO);
    assert!(crew.is_answered("alice").await);
    let processes = crew.processes(2).await;
    assert_eq!(processes.len(), 2);
    assert!(!unused.path("processes").exists());
    let directory = unused.replace();
    assert!(!directory.path().join("processes").exists());
    assert_eq!((crew.workers.health(), crew.restarts()), (Health::Up, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_in_any_order_are_everybodys_own() {
    // All are in hand before any is answered, the last one first.
    let crew = Arc::new(Crew::python(
        2,
        PATIENCE,
        "
import threading
held = []
def answer():
    wait_for('go')
    for question in reversed(held):
        allow(question)
threading.Thread(target=answer, daemon=True).start()
for question in questions():
    held.append(question)
    note('held', str(os.getpid()) + ' ' + question['id'])
",
    ));
    crew.warm(2).await;
    let asking: Vec<_> = (0..200)
        .map(|number| {
            let crew = Arc::clone(&crew);
            tokio::spawn(async move { crew.is_answered(&format!("user{number}")).await })
        })
        .collect();
    let held = || fs::read_to_string(crew.path("held")).unwrap_or_default();
    eventually(|| held().matches('\n').count() == 200).await;
    crew.touch("go");
    for asked in asking {
        assert!(asked.await.unwrap());
    }
    let held = held();
    let ids: HashSet<&str> = held.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(ids.len(), 200);
    let of_first = held.lines().filter(|line| line.split(' ').next() == held.split(' ').next()).count();
    assert!((80..=120).contains(&of_first), "{of_first} of 200");
    assert_eq!((crew.processes(2).await.len(), crew.slots.running()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_questions_of_all_sizes() {
    let crew = Arc::new(Crew::python(
        2,
        PATIENCE,
        "
import random, threading
held, lock = [], threading.Lock()
def answer():
    while True:
        time.sleep(0.002)
        with lock:
            batch, held[:] = held[:], []
        random.shuffle(batch)
        for question in batch:
            allow(question)
threading.Thread(target=answer, daemon=True).start()
for question in questions():
    with lock:
        held.append(question)
",
    ));
    let asking: Vec<_> = (0..50)
        .map(|asker| {
            let crew = Arc::clone(&crew);
            tokio::spawn(async move {
                for number in 0..40 {
                    let account = format!("{}{asker}.{number}", "x".repeat(number * number * 10));
                    assert!(crew.is_answered(&account).await);
                }
            })
        })
        .collect();
    for asked in asking {
        asked.await.unwrap();
    }
    assert_eq!((crew.processes(2).await.len(), crew.restarts()), (2, 0));
}

#[tokio::test]
async fn who_asks_and_goes_away_does_not_make_the_answer_late() {
    let crew = Crew::python(
        1,
        PATIENCE,
        "
for question in questions():
    if question['account'] == 'slow':
        note('asked', question['id'])
        wait_for('go')
    allow(question)
",
    );
    tokio::select! {
        answer = crew.ask("slow") => panic!("{answer:?}"),
        () = crew.exists("asked") => {}
    }
    assert_eq!(crew.slots.running(), 1, "the worker is still busy with it");
    crew.touch("go");
    assert!(crew.is_answered("quick").await);
    assert_eq!((crew.slots.running(), crew.processes(1).await.len()), (0, 1));
}

#[tokio::test]
async fn an_early_deadline_of_the_one_who_asks_is_not_the_workers() {
    let crew = Crew::python(
        1,
        PATIENCE,
        "
for question in questions():
    if question['account'] == 'slow':
        wait_for('go')
    allow(question)
",
    );
    assert!(crew.is_answered("quick").await);
    let error = crew.ask_within(&within(Duration::from_millis(100)), "slow", "").await.unwrap_err();
    assert_eq!(error, BackendError::Timeout("script did not answer in time".to_owned()));
    crew.touch("go");
    assert!(crew.is_answered("quick").await);
    assert_eq!(crew.processes(1).await.len(), 1, "it was not killed for its answer");
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_not_asked() {
    // Its pipe is full with the first question.
    let crew = Crew::python(
        1,
        PATIENCE,
        "
for question in questions():
    note('asked', question['account'])
    allow(question)
    if question['account'] == 'zeroth':
        wait_for('go')
",
    );
    assert!(crew.is_answered("zeroth").await);
    let large = "x".repeat(1_000_000);
    let short = within(Duration::from_millis(300));
    let context = call();
    let first = crew.ask_within(&context, "first", &large);
    let second = async {
        let error = crew.ask_within(&short, "second", &large).await.unwrap_err();
        assert!(matches!(error, BackendError::Timeout(_)), "{error}");
        crew.touch("go");
    };
    assert!(tokio::join!(first, second).0.is_ok());
    assert!(crew.is_answered("third").await);
    assert_eq!(fs::read_to_string(crew.path("asked")).unwrap(), "zeroth\nfirst\nthird\n");
}

#[tokio::test]
async fn a_reload_lets_workers_end_by_themselves() {
    let crew = Crew::python(2, PATIENCE, ECHO);
    assert!(crew.is_answered("alice").await);
    let processes = crew.processes(2).await;
    let directory = crew.replace();
    gone(&processes).await;
    let ended = fs::read_to_string(directory.path().join("ended")).unwrap();
    assert_eq!(ended.lines().count(), 2);
}

#[tokio::test]
async fn a_reload_leaves_nothing_of_workers_that_do_not_end() {
    let crew = Crew::shell(
        2,
        PATIENCE,
        r#"
        trap '' TERM HUP INT
        (sleep 1000 & echo $! >> "$1/processes")
        sh -c 'echo $$ >> "$0/processes"; trap "" TERM; while :; do sleep 1000; done' "$1" &
        while read -r line; do allow "$line"; done
        while :; do sleep 1000; done
        "#,
    );
    crew.ask("alice").await.unwrap();
    let processes = crew.processes(6).await;
    let _directory = crew.replace();
    gone(&processes).await;
}

#[tokio::test]
async fn a_reload_ends_a_pause_between_two_workers() {
    let crew = Crew::shell(1, PATIENCE, "exit 1");
    let error = crew.ask_within(&within(Duration::from_millis(500)), "alice", "").await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
    let table = Arc::downgrade(crew.workers.table());
    let started = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let before = started(&crew.path("processes"));
    let directory = crew.replace();
    eventually(|| table.upgrade().is_none()).await;
    assert_eq!(started(&directory.path().join("processes")), before, "nobody is started any more");
}

#[tokio::test]
async fn a_server_that_stops_takes_its_workers_along() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let crew = Arc::new(Crew::python(1, PATIENCE, ECHO));
    let asking = Arc::clone(&crew);
    assert!(runtime.spawn(async move { asking.is_answered("alice").await }).await.unwrap());
    let processes = crew.processes(1).await;
    runtime.shutdown_background();
    let is_running = |process: &Pid| {
        let stat = format!("/proc/{}/stat", process.as_raw_nonzero());
        let stat = fs::read_to_string(stat).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    };
    eventually(|| !processes.iter().any(is_running)).await;
    // Another runtime begins anew.
    assert!(crew.is_answered("alice").await);
}
