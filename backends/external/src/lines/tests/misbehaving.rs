//! Workers that do what they should not.

use super::*;

/// What the account says is what it does; the second process behaves.
fn misbehaving(patience: Duration) -> Crew {
    Crew::python(
        1,
        patience,
        r#"
for question in questions():
    what = question["account"]
    if what == "late":
        wait_for("go")
    elif what == "silent":
        continue
    elif what == "text":
        say("hello " + question["password"])
    elif what == "traceback":
        raise Exception()
    elif what == "empty":
        say("")
    elif what == "list":
        say(json.dumps([question["id"]]))
    elif what == "no id":
        say(json.dumps({"decision": "allow"}))
    elif what == "unknown":
        say(json.dumps({"id": "0" * 32, "decision": "allow"}))
    elif what == "upper case":
        say(json.dumps({"id": question["id"].upper() + "A", "decision": "allow"}))
    elif what == "two ids":
        say('{"id": "%s", "decision": "deny", "id": "%s"}' % (question["id"], question["id"]))
    elif what == "long":
        say(json.dumps({"id": question["id"], "reason": "x" * 262144}))
    elif what == "flood":
        while True:
            sys.stdout.write("x" * 10000)
    elif what == "closed":
        sys.stdout.flush()
        os.close(1)
        time.sleep(1000)
    elif what == "twice":
        allow(question)
    allow(question)
"#,
    )
}

#[tokio::test]
async fn whoever_says_anything_else_is_killed_and_replaced() {
    for (what, mistake) in [
        ("text", "unusable answer: script: it wrote a line that is no answer: it is no object"),
        ("empty", "unusable answer: script: it wrote a line that is no answer: it is no object"),
        ("list", "unusable answer: script: it wrote a line that is no answer: it is no object"),
        ("no id", "unusable answer: script: it wrote a line that is no answer: it has no `id`"),
        ("unknown", "unusable answer: script: it answered what was not asked"),
        ("upper case", "unusable answer: script: it wrote a line that is no answer: its `id` is not"),
        ("two ids", "unusable answer: script: it wrote a line that is no answer: a key stands twice"),
        ("long", "unusable answer: script: it wrote a line of more than 256 KiB"),
        ("flood", "unusable answer: script: it wrote a line of more than 256 KiB"),
        ("traceback", "unavailable: script ended with exit code 1"),
        ("closed", "unavailable: script closed its standard output"),
    ] {
        let crew = misbehaving(PATIENCE);
        let first = crew.ask(what).await.unwrap_err().to_string();
        assert!(first.starts_with(mistake) && !first.contains("a password"), "{what}: {first}");
        gone(&crew.processes(1).await).await;
        assert!(crew.is_answered("alice").await, "{what}");
        assert_eq!((crew.processes(2).await.len(), crew.restarts()), (2, 1), "{what}");
    }
}

#[tokio::test]
async fn what_it_had_not_answered_is_an_error_and_its_places_are_free() {
    let crew = misbehaving(PATIENCE);
    let (first, second, third) = tokio::join!(crew.ask("silent"), crew.ask("silent"), crew.ask("text"));
    for answer in [first, second, third] {
        assert!(matches!(answer, Err(BackendError::Protocol(_))), "{answer:?}");
    }
    assert_eq!(crew.slots.running(), 0);
}

#[tokio::test]
async fn an_answer_counts_once() {
    let crew = misbehaving(PATIENCE);
    assert!(crew.is_answered("twice").await);
    gone(&crew.processes(1).await).await;
    assert!(crew.is_answered("alice").await);
}

#[tokio::test]
async fn a_late_answer_is_nobodys() {
    let crew = misbehaving(Duration::from_secs(1));
    crew.warm(1).await;
    let before = crew.processes(1).await;
    let error = crew.ask("late").await.unwrap_err();
    assert_eq!(error, BackendError::Timeout("script did not answer within 1s".to_owned()));
    assert_eq!(crew.slots.running(), 0);
    crew.touch("go");
    gone(&before).await;
    crew.warm(2).await;
}

#[tokio::test]
async fn one_that_answers_none_of_three_in_a_row_is_killed() {
    let crew = misbehaving(Duration::from_secs(1));
    crew.warm(1).await;
    let before = crew.processes(1).await;
    let timed_out = |answer| assert!(matches!(answer, Err(BackendError::Timeout(_))), "{answer:?}");
    let all = tokio::join!(crew.ask("silent"), crew.ask("silent"), crew.ask("silent"));
    timed_out(all.0);
    timed_out(all.1);
    timed_out(all.2);
    gone(&before).await;
    crew.warm(2).await;
}

#[tokio::test]
async fn one_that_ends_after_each_answer_is_always_followed_by_another() {
    let crew = Crew::shell(1, PATIENCE, r#"read -r line; allow "$line""#);
    for number in 1..=5 {
        crew.ask("alice").await.unwrap();
        let processes = crew.processes(number).await;
        assert_eq!(processes.len(), number);
        // What it was handed before it ended would not be answered.
        gone(&processes).await;
    }
}

#[tokio::test]
async fn what_was_not_begun_is_asked_of_the_next() {
    // The first ends when it sees the beginning of a question that its pipe has no room for.
    let crew = Crew::python(
        1,
        PATIENCE,
        r#"
import select
is_first = not os.path.exists(os.path.join(directory, "first"))
note("first", "")
for question in questions():
    allow(question)
    if is_first:
        select.select([0], [], [])
        os._exit(1)
"#,
    );
    assert!(crew.is_answered("zeroth").await);
    let large = "x".repeat(1_000_000);
    let context = call();
    let (first, second) =
        tokio::join!(crew.ask_within(&context, "first", &large), crew.ask_within(&context, "second", &large));
    assert_eq!(first.unwrap_err().to_string(), "unavailable: script ended with exit code 1");
    assert!(second.is_ok(), "{second:?}");
    assert_eq!((crew.processes(2).await.len(), crew.slots.running()), (2, 0));
}

#[tokio::test]
async fn what_is_said_before_the_end_counts() {
    let crew = Crew::python(
        1,
        PATIENCE,
        "
held = []
for question in questions():
    held.append(question)
    if len(held) == 3:
        break
for question in held:
    if question['account'] != 'one':
        allow(question)
sys.exit(7)
",
    );
    let (one, two, three) = tokio::join!(crew.ask("one"), crew.ask("two"), crew.ask("three"));
    assert_eq!(one.unwrap_err().to_string(), "unavailable: script ended with exit code 7");
    assert!(two.is_ok() && three.is_ok());
}

#[tokio::test]
async fn one_that_leaves_a_child_and_ends_is_no_worker() {
    let crew = Crew::shell(
        1,
        PATIENCE,
        r#"(while read -r line; do :; done; sleep 1000) & echo $! >> "$1/processes""#,
    );
    let error = crew.ask_within(&within(Duration::from_secs(1)), "alice", "").await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
    let processes = crew.processes(2).await;
    let _directory = crew.replace();
    gone(&processes).await;
}

#[tokio::test]
async fn one_that_complains_without_end_is_heard_no_longer_and_answers() {
    let crew = Crew::shell(
        1,
        PATIENCE,
        r#"
        yes | tr -d '\n' >&2 &
        yes complaint >&2 &
        while read -r line; do allow "$line"; done
        "#,
    );
    for _ in 0..100 {
        crew.ask("alice").await.unwrap();
    }
    let processes = crew.processes(1).await;
    let _directory = crew.replace();
    gone(&processes).await;
}

#[tokio::test]
async fn one_that_does_not_read_stands_in_nobodys_way() {
    let crew = Crew::python(
        2,
        Duration::from_secs(4),
        r#"
for question in questions():
    if question["account"] == "deaf":
        note("deaf", "")
        time.sleep(1000)
    allow(question)
"#,
    );
    crew.warm(2).await;
    tokio::select! {
        answer = crew.ask("deaf") => panic!("{answer:?}"),
        () = crew.exists("deaf") => {}
    }
    let large = "x".repeat(100_000);
    let context = call();
    let asking: Vec<_> = (0..20).map(|_| crew.ask_within(&context, "alice", &large)).collect();
    let mut answered = 0;
    for answer in join_all(asking).await {
        match answer {
            Ok(_) => answered += 1,
            Err(BackendError::Timeout(_) | BackendError::Unavailable(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(answered >= 10, "{answered}");
    assert!(crew.is_answered("alice").await);
}

async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(done) = future.as_mut().poll(cx)
            {
                *output = Some(done);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[tokio::test]
async fn one_that_cannot_start_is_unavailable_and_said_to_be_down() {
    let crew = Crew::new("no-such-interpreter", "", 2, PATIENCE);
    let started = Instant::now();
    let error = crew.ask_within(&within(Duration::from_millis(400)), "alice", "").await.unwrap_err();
    assert!(error.to_string().contains("ended with exit code 127"), "{error}");
    assert!(started.elapsed() < PATIENCE);
    // Between two tries.
    eventually(|| matches!(crew.workers.health(), Health::Down(why) if why.contains("exit code 127"))).await;
}

#[tokio::test]
async fn trouble_is_over_with_the_first_answer() {
    let crew = misbehaving(PATIENCE);
    crew.ask("text").await.unwrap_err();
    assert_ne!(crew.workers.health(), Health::Up);
    assert!(crew.is_answered("alice").await);
    assert_eq!(crew.workers.health(), Health::Up);
}
