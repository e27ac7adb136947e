use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use dockgate_api::BackendError;
use dockgate_api::secrecy::SecretString;
use dockgate_testkit::fakes::World;
use rustix::process::{Pid, getpid, set_child_subreaper, test_kill_process};
use tempfile::TempDir;

use super::*;
use crate::tests::{KEPT, write_program};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Those of all tests.
static CHILDREN: LazyLock<Arc<Children>> =
    LazyLock::new(|| Children::of(&World::new().build_context().with_kept(Arc::clone(&KEPT))));

struct Script {
    program: Arc<Program>,
    directory: TempDir,
}

impl Script {
    /// A shell script in a directory of its own, which is its first argument.
    fn new(lines: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("script.sh");
        write_program(&path, &format!("#!/bin/sh\n{lines}\n"));
        let program = Program {
            path,
            args: vec![directory.path().display().to_string()],
            environment: Environment::AddedToOurs(Vec::new()),
            name: "script.sh".into(),
            link: "test".into(),
            children: Arc::clone(&CHILDREN),
        };
        Self { program: Arc::new(program), directory }
    }

    async fn run(&self, input: &str, patience: Duration) -> Result<Finished, BackendError> {
        let deadline = Instant::now() + patience;
        run(&self.program, input.into(), None, Stdout::Answer, deadline, ()).await
    }

    /// The process ids that the script wrote into a file, once there are so many.
    async fn processes(&self, file: &str, number: usize) -> Vec<Pid> {
        let path = self.directory.path().join(file);
        eventually(|| {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let ids: Vec<Pid> = text.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).collect();
            (ids.len() == number && text.ends_with('\n')).then_some(ids)
        })
        .await
    }
}

async fn eventually<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "it never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Neither running nor a zombie.
async fn gone(processes: &[Pid]) {
    eventually(|| processes.iter().all(|process| test_kill_process(*process).is_err()).then_some(())).await;
}

#[tokio::test]
async fn the_input_goes_in_and_output_and_exit_code_come_out() {
    let echo = Script::new("cat; exit 7");
    let finished = echo.run("a question", PATIENCE).await.unwrap();
    assert_eq!((finished.code, finished.stdout.as_slice()), (7, b"a question".as_slice()));
    let large = "x".repeat(200_000);
    assert_eq!(echo.run(&large, PATIENCE).await.unwrap().stdout, large.as_bytes());
}

/// Who needs no program does not wait for the processor because others do.
#[tokio::test]
async fn programs_stand_behind_the_server() {
    let own = rustix::process::getpriority_process(None).unwrap();
    // What it was before it was told is no matter.
    let nice = Script::new("own=$(cat); while [ \"$(nice)\" = \"$own\" ]; do sleep 0.01; done; nice");
    let finished = nice.run(&own.to_string(), PATIENCE).await.unwrap();
    assert_eq!(String::from_utf8(finished.stdout).unwrap().trim(), (own + 5).min(19).to_string());
}

#[tokio::test]
async fn a_program_that_does_not_read_is_judged_by_its_exit_code() {
    let deaf = Script::new("exec <&-; echo '{}'; exit 0");
    let finished = deaf.run(&"x".repeat(1_000_000), PATIENCE).await.unwrap();
    assert_eq!((finished.code, finished.stdout.as_slice()), (0, b"{}\n".as_slice()));
}

#[tokio::test]
async fn one_that_a_signal_ends_or_that_cannot_start_has_not_answered() {
    let error = Script::new("echo '{}'; kill -9 $$").run("", PATIENCE).await.unwrap_err();
    assert_eq!(error.to_string(), "unusable answer: script.sh was ended by signal 9");
    let script = Script::new("");
    fs::set_permissions(&script.program.path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = script.run("", PATIENCE).await.unwrap_err();
    assert!(error.to_string().starts_with("unavailable: cannot start script.sh: "), "{error}");
    let not_found = "unavailable: cannot start script.sh: No such file or directory (os error 2)";
    write_program(&script.program.path, "#!/bin/sh\r\nexit 0\n");
    let error = script.run("", PATIENCE).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{not_found}: it is there, what it wants to be run by is not"));
    fs::remove_file(&script.program.path).unwrap();
    let error = script.run("", PATIENCE).await.unwrap_err();
    assert_eq!(error.to_string(), not_found);
}

/// `F_SETPIPE_SZ`; where pages are large, a pipe is as long from the start.
#[tokio::test]
async fn what_a_long_pipe_still_holds_at_the_end_is_read() {
    let hasty = Script::new(
        "exec python3 -c 'import fcntl, os; fcntl.fcntl(1, 1031, 1 << 20); os.write(1, b\"x\" * 200000); os._exit(0)'",
    );
    for _ in 0..5 {
        assert_eq!(hasty.run("", PATIENCE).await.unwrap().stdout.len(), 200_000);
    }
}

#[tokio::test]
async fn too_long_an_answer_ends_the_program_and_is_none() {
    let flood = Script::new("echo $$ > $1/processes; exec yes");
    let error = flood.run("", PATIENCE).await.unwrap_err();
    assert_eq!(error.to_string(), "unusable answer: script.sh: the answer is longer than 256 KiB");
    gone(&flood.processes("processes", 1).await).await;
    let ended = Script::new("head -c 262145 /dev/zero");
    let error = ended.run("", PATIENCE).await.unwrap_err();
    assert_eq!(error.to_string(), "unusable answer: script.sh: the answer is longer than 256 KiB");
    let thrown_away = Script::new("head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2");
    let deadline = Instant::now() + PATIENCE;
    let ended = run(&thrown_away.program, "".into(), None, Stdout::Ignored, deadline, ()).await.unwrap();
    assert_eq!((ended.code, ended.stdout.len()), (0, 0));
}

/// Each with a child that waits, and one whose parent is gone.
const HANGING: &str = "sleep 1000 & echo $! >> $1/processes
    (sleep 1000 & echo $! >> $1/processes)
    echo $$ >> $1/processes
    wait";

/// It writes faster than it is read, and one thread has to do for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_that_complains_without_end_leaves_others_their_turn() {
    let flood =
        Script::new("for number in 1 2 3 4; do timeout 60 yes '' >&2 & done; echo $$ > $1/processes; wait");
    let (program, deadline) = (Arc::clone(&flood.program), Instant::now() + 2 * PATIENCE);
    let running = tokio::spawn(async move {
        run(&program, SecretString::default(), None, Stdout::Answer, deadline, ()).await
    });
    let (done, others) = std::sync::mpsc::channel();
    let begun = flood.directory.path().join("processes");
    tokio::spawn(async move {
        eventually(|| begun.exists().then_some(())).await;
        for _ in 0..300 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        done.send(())
    });
    // Not with the runtime's clock, which would stand still.
    others.recv_timeout(PATIENCE).unwrap();
    running.abort();
    gone(&flood.processes("processes", 1).await).await;
}

#[tokio::test]
async fn at_the_deadline_it_is_killed_with_all_that_it_started() {
    let hanging = Script::new(HANGING);
    let error = hanging.run("", Duration::from_millis(500)).await.unwrap_err();
    assert_eq!(error.to_string(), "timed out: script.sh did not end in time and was killed");
    gone(&hanging.processes("processes", 3).await).await;
}

#[tokio::test]
async fn when_nobody_waits_any_more_it_is_killed_with_all_that_it_started() {
    let hanging = Script::new(HANGING);
    let (place, freed) = tokio::sync::oneshot::channel::<()>();
    let deadline = Instant::now() + PATIENCE;
    let asking = run(&hanging.program, "".into(), None, Stdout::Answer, deadline, place);
    let processes = tokio::select! {
        answer = asking => panic!("{answer:?}"),
        processes = hanging.processes("processes", 3) => processes,
    };
    gone(&processes).await;
    assert!(freed.await.is_err(), "its place is free again");
}

#[tokio::test]
async fn one_that_has_gone_over_into_another_group_is_killed_where_its_mark_is_gone_too() {
    let deserter = Script::new(
        "exec env -i PATH=\"$PATH\" python3 -c '
import os, sys, time
os.setpgid(0, os.getpgid(os.getppid()))
with open(sys.argv[1] + \"/processes\", \"w\") as file: file.write(f\"{os.getpid()}\\n\")
time.sleep(1000)' $1",
    );
    let asking = deserter.run("", PATIENCE);
    let processes = tokio::select! {
        answer = asking => panic!("{answer:?}"),
        processes = deserter.processes("processes", 1) => processes,
    };
    gone(&processes).await;
}

#[tokio::test]
async fn what_stays_in_the_background_keeps_nobody_waiting_and_is_killed() {
    let leaving = Script::new("sleep 1000 & echo $! > $1/processes; echo '{}'; exit 0");
    let finished = leaving.run("", PATIENCE).await.unwrap();
    assert_eq!((finished.code, finished.stdout.as_slice()), (0, b"{}\n".as_slice()));
    gone(&leaving.processes("processes", 1).await).await;
}

#[tokio::test]
async fn a_server_that_stops_takes_its_programs_along() {
    let hanging = Script::new(HANGING);
    let program = Arc::clone(&hanging.program);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let deadline = Instant::now() + PATIENCE;
    runtime.spawn(async move { run(&program, "".into(), None, Stdout::Answer, deadline, ()).await });
    let processes = hanging.processes("processes", 3).await;
    runtime.shutdown_background();
    // Nobody reaps them in this test: it is enough that they are dead.
    eventually(|| {
        let dead = |process: &Pid| !is_running(*process);
        processes.iter().all(dead).then_some(())
    })
    .await;
}

fn is_running(process: Pid) -> bool {
    let stat = Path::new("/proc").join(process.as_raw_nonzero().to_string()).join("stat");
    let stat = fs::read_to_string(stat).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

#[tokio::test]
async fn who_leaves_the_group_is_found_and_killed_where_orphans_come_to_us() {
    set_child_subreaper(Some(getpid())).unwrap();
    let leaving = Script::new(
        "setsid sh -c 'echo $$ >> '$1/processes'; sleep 1000 & echo $! >> '$1/processes'; wait' &
        while [ \"$(grep -c . $1/processes 2>/dev/null)\" != 2 ]; do sleep 0.01; done
        exit 3",
    );
    assert_eq!(leaving.run("", PATIENCE).await.unwrap().code, 3);
    gone(&leaving.processes("processes", 2).await).await;
}

#[tokio::test]
async fn the_dead_whom_nobody_knows_are_reaped_where_orphans_come_to_us() {
    set_child_subreaper(Some(getpid())).unwrap();
    // Without the mark it is nobody's, and it ends by itself.
    let daemon = Script::new(
        "env -i PATH=\"$PATH\" setsid sh -c 'echo $$ > '$1/processes'; exec sleep 0.3' &
        while [ ! -s $1/processes ]; do sleep 0.01; done",
    );
    daemon.run("", PATIENCE).await.unwrap();
    let processes = daemon.processes("processes", 1).await;
    eventually(|| (!is_running(processes[0])).then_some(())).await;
    let after = Script::new("exit 0");
    let after = Arc::new(Program {
        path: after.program.path.clone(),
        args: Vec::new(),
        environment: Environment::Only(Vec::new()),
        name: "after".into(),
        link: "test".into(),
        children: Arc::clone(&CHILDREN),
    });
    run(&after, "".into(), None, Stdout::Answer, Instant::now() + PATIENCE, ()).await.unwrap();
    gone(&processes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_are_all_answered_and_leave_nothing() {
    let quick = Script::new("read answer; echo $$ >> $1/processes; exit $answer");
    let quick = Arc::new(quick);
    let asked: Vec<_> = (0..100)
        .map(|number| {
            let quick = Arc::clone(&quick);
            tokio::spawn(async move {
                let code = quick.run(&format!("{}\n", number % 7), PATIENCE).await.unwrap().code;
                assert_eq!(code, number % 7);
            })
        })
        .collect();
    for answered in asked {
        answered.await.unwrap();
    }
    gone(&quick.processes("processes", 100).await).await;
}
