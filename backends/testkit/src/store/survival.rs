//! Whether what a store answered outlives the process that asked, killed at any moment.
//!
//! Two processes play. The child opens the store and calls [`write`](write()), which says of each change that it was answered. The
//! parent starts it, kills it with [`Child::kill_after`], opens the store itself, and asks [`lost`]. A child is most easily
//! the test's own program, started again with [`this_test`].

use std::collections::BTreeSet;
use std::env;
use std::io::{self, BufRead as _, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dockgate_api::{BackendError, Call, Filter, Owner, Record, Shelf, Store};

const SHELF: Shelf = Shelf::RefreshTokens;
/// Before each answer, since a test's program says other things too.
const MARK: &str = "answered: ";
/// How long whatever was written lives.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Writes in the child: `count` records under keys that begin with `tag`, `at_once` at a time, each with a value of some
/// hundred bytes. Every fifth is written anew with `replace`, every seventh taken again, and all are counted. What was
/// answered is said on the standard output.
///
/// # Errors
/// The store's, if a change is not answered.
pub async fn write(
    store: &Arc<dyn Store>,
    call: impl Fn() -> Call + Clone + Send + Sync + 'static,
    tag: &str,
    count: usize,
    at_once: usize,
) -> Result<(), BackendError> {
    let next = Arc::new(AtomicUsize::new(0));
    let output = Arc::new(Mutex::new(io::stdout()));
    let writers: Vec<_> = (0..at_once)
        .map(|_| {
            let (store, call, tag) = (Arc::clone(store), call.clone(), tag.to_owned());
            let (next, output) = (Arc::clone(&next), Arc::clone(&output));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok(());
                    }
                    write_one(&store, &call, &tag, number, &output).await?;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.map_err(|error| BackendError::Protocol(error.to_string()))??;
    }
    Ok(())
}

async fn write_one(
    store: &Arc<dyn Store>,
    call: &(impl Fn() -> Call + Sync),
    tag: &str,
    number: usize,
    output: &Mutex<io::Stdout>,
) -> Result<(), BackendError> {
    let cx = call();
    let mut written = record(tag, number, &cx);
    store.put(&cx, SHELF, written.clone()).await?;
    if number.is_multiple_of(7) {
        let taken = store.take(&call(), SHELF, &written.key).await?;
        let done = if taken.is_some() { "took" } else { "lost" };
        say(output, &format!("{done} {number}"))?;
    } else if number.is_multiple_of(5) {
        written.value.extend_from_slice(b", replaced");
        let replaced = store.replace(&call(), SHELF, written).await?;
        say(output, &format!("{} {number}", if replaced { "replaced" } else { "lost" }))?;
    } else {
        say(output, &format!("put {number}"))?;
    }
    let counted = store.add(&cx, SHELF, &counter(tag), 1, cx.now() + LIFE).await?;
    say(output, &format!("counted {counted}"))
}

fn say(output: &Mutex<io::Stdout>, what: &str) -> Result<(), BackendError> {
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    // Begins a line of its own: the test's harness may have left one unfinished.
    let said = writeln!(output, "\n{MARK}{what}").and_then(|()| output.flush());
    said.map_err(|error| BackendError::Protocol(error.to_string()))
}

fn counter(tag: &str) -> String {
    format!("{tag}-counter")
}

fn owner(tag: &str) -> Owner {
    Owner::new(tag, "survivor", tag)
}

fn record(tag: &str, number: usize, cx: &Call) -> Record {
    let value = format!("{tag} {number} ").repeat(number % 16 + 1).into_bytes();
    Record::new(format!("{tag}-{number}"), cx.now(), value)
        .owned_by(owner(tag))
        .with_expires_at(cx.now() + LIFE)
}

/// The test's own program, to run one test of it: of its full name, and nothing besides.
///
/// # Panics
/// If the program cannot be found.
pub fn this_test(name: &str) -> Command {
    let Ok(program) = env::current_exe() else { panic!("this program has no path") };
    let mut command = Command::new(program);
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command
}

/// A process that writes.
pub struct Child(std::process::Child);

/// What a child was told.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    put: BTreeSet<usize>,
    replaced: BTreeSet<usize>,
    took: BTreeSet<usize>,
    counted: u64,
    lost: Vec<String>,
    /// How many answers there were, counts left out.
    pub answers: usize,
    /// Whether the child came to its end by itself.
    pub finished: bool,
}

impl Child {
    /// Starts it.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        match command.spawn() {
            Ok(child) => Self(child),
            Err(error) => panic!("no child: {error}"),
        }
    }

    /// Kills it with SIGKILL once it has told of so many answers, and returns everything that it told.
    ///
    /// # Panics
    /// If its output cannot be read.
    pub fn kill_after(self, answers: usize) -> Answered {
        self.listen(|child, answered| {
            if answered.answers == answers {
                let _ = child.kill();
            }
        })
    }

    /// Tells somebody of everything as it comes, with the process to end it. Waits for its end.
    ///
    /// # Panics
    /// If its output cannot be read.
    pub fn listen(mut self, mut each: impl FnMut(&mut std::process::Child, &Answered)) -> Answered {
        let Some(output) = self.0.stdout.take() else { panic!("the child has no output") };
        let mut answered = Answered::default();
        for line in BufReader::new(output).split(b'\n') {
            let Ok(line) = line else { panic!("the child's output cannot be read") };
            if let Some(what) = String::from_utf8_lossy(&line).strip_prefix(MARK)
                && answered.note(what)
            {
                each(&mut self.0, &answered);
            }
        }
        answered.finished = self.0.wait().is_ok_and(|status| status.success());
        answered
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Answered {
    /// The same without the counts: of a server that was killed too, and promises to keep records alone.
    #[must_use]
    pub fn without_counts(mut self) -> Self {
        self.counted = 0;
        self
    }

    /// Whether it was an answer about a record. The last line may have been cut: it was not said then.
    fn note(&mut self, what: &str) -> bool {
        let Some((kind, number)) = what.split_once(' ') else { return false };
        let Ok(number) = number.parse::<usize>() else { return false };
        match kind {
            "put" => drop(self.put.insert(number)),
            "replaced" => drop(self.replaced.insert(number)),
            "took" => drop(self.took.insert(number)),
            "lost" => self.lost.push(format!("{number}: written, and not there a moment later")),
            "counted" => {
                self.counted = self.counted.max(number as u64);
                return false;
            }
            _ => return false,
        }
        self.answers += 1;
        true
    }
}

/// What was answered and is not so, in the store as it is now.
///
/// # Errors
/// The store's.
pub async fn lost(
    store: &Arc<dyn Store>,
    call: impl Fn() -> Call + Sync,
    tag: &str,
    answered: &Answered,
) -> Result<Vec<String>, BackendError> {
    let mut lost = answered.lost.clone();
    let kept = answered.put.iter().map(|number| (number, false));
    for (number, replaced) in kept.chain(answered.replaced.iter().map(|number| (number, true))) {
        let cx = call();
        let mut expected = record(tag, *number, &cx);
        if replaced {
            expected.value.extend_from_slice(b", replaced");
        }
        match store.get(&cx, SHELF, &expected.key).await? {
            None => lost.push(format!("{number} is gone")),
            Some(found) if found.value != expected.value || found.owner != expected.owner => {
                lost.push(format!("{number} is another"));
            }
            Some(_) => {}
        }
    }
    for number in &answered.took {
        let key = record(tag, *number, &call()).key;
        if store.get(&call(), SHELF, &key).await?.is_some() {
            lost.push(format!("{number} is back"));
        }
    }
    let listed = keys(store, &call, tag).await?;
    for number in answered.put.iter().chain(&answered.replaced) {
        if !listed.contains(&format!("{tag}-{number}")) {
            lost.push(format!("{number} is in no list"));
        }
    }
    let cx = call();
    let counted = store.add(&cx, SHELF, &counter(tag), 0, cx.now() + LIFE).await?;
    if counted < answered.counted {
        lost.push(format!("counted to {counted}, and {} was answered", answered.counted));
    }
    Ok(lost)
}

/// Takes away what the child wrote, many at a time: a shared server is left as it was.
///
/// # Errors
/// The store's.
pub async fn clean(
    store: &Arc<dyn Store>,
    call: impl Fn() -> Call + Sync,
    tag: &str,
) -> Result<(), BackendError> {
    let keys: Vec<_> = keys(store, &call, tag).await?.into_iter().collect();
    for some in keys.chunks(256) {
        let takers: Vec<_> = some
            .iter()
            .map(|key| {
                let (store, cx, key) = (Arc::clone(store), call(), key.clone());
                tokio::spawn(async move { store.take(&cx, SHELF, &key).await })
            })
            .collect();
        for taker in takers {
            taker.await.map_err(|error| BackendError::Protocol(error.to_string()))??;
        }
    }
    store.reset(&call(), SHELF, &counter(tag)).await
}

async fn keys(
    store: &Arc<dyn Store>,
    call: &(impl Fn() -> Call + Sync),
    tag: &str,
) -> Result<BTreeSet<String>, BackendError> {
    let filter = Filter::owned_by(&owner(tag));
    let (mut keys, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.list(&call(), SHELF, &filter, after.as_ref(), 500).await?;
        keys.extend(page.records.into_iter().map(|record| record.key));
        let Some(next) = page.next else { return Ok(keys) };
        after = Some(next);
    }
}
