//! SIGKILL in the middle of writing: what was answered is there.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use dockgate_api::Store as _;
use dockgate_store::StoreHandle;

use super::server::Server;
use super::{SHELF, call, open, put_at_last, record};

/// Tells a second process of these tests that it is the writer: the section of its store.
const WRITER: &str = "DOCKGATE_TEST_REDIS_WRITER";
const WRITES: usize = 10_000;
const WRITERS: usize = 16;
/// What is put before a key that was answered for: there are other lines.
const ANSWERED: &str = "answered ";

/// Writes, and says of each record that was answered for that it was.
async fn write(store: Arc<StoreHandle>, writes: usize) {
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in (writer..writes).step_by(WRITERS) {
                let key = format!("key-{number}");
                if store.put(&call(), SHELF, record(&key)).await.is_ok() {
                    // One line, one write: a line that was cut off has no end.
                    std::io::stdout().write_all(format!("\n{ANSWERED}{key}\n").as_bytes()).unwrap();
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// The second process of the tests below. By itself it holds the writer to what they need of it: that it writes.
#[tokio::test(flavor = "multi_thread")]
async fn the_writer_writes() {
    if let Ok(section) = env::var(WRITER) {
        return write(open(&serde_json::from_str(&section).unwrap()), WRITES).await;
    }
    let Some(server) = Server::start() else { return };
    let store = open(&server.section());
    write(Arc::clone(&store), 50).await;
    assert!(store.get(&call(), SHELF, "key-49").await.unwrap().is_some());
}

fn start_writer(server: &Server) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "store::redis::killed::the_writer_writes", "--nocapture", "--test-threads=1"])
        .env(WRITER, server.section().to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills the writer, and the server too if it is to be, when a part of the writes is answered for; what was answered for.
fn interrupt(server: &mut Server, also_the_server: bool) -> Vec<String> {
    let mut writer = start_writer(server);
    let mut output = BufReader::new(writer.stdout.take().unwrap());
    let mut answered = Vec::new();
    let mut line = String::new();
    let mut is_killed = false;
    while output.read_line(&mut line).unwrap() > 0 {
        if let Some(key) = line.strip_suffix('\n').and_then(|line| line.strip_prefix(ANSWERED)) {
            answered.push(key.to_owned());
        }
        line.clear();
        if answered.len() == WRITES / 4 && !is_killed {
            is_killed = true;
            if also_the_server {
                server.kill();
            }
            writer.kill().unwrap();
        }
    }
    writer.wait().unwrap();
    assert!(is_killed && answered.len() < WRITES, "it was not in the middle: {}", answered.len());
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_loses_nothing_that_was_answered() {
    let Some(mut server) = Server::start() else { return };
    let answered = interrupt(&mut server, false);
    all_there(&server, answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_and_a_killed_redis_lose_nothing_that_was_answered() {
    let Some(mut server) = Server::start() else { return };
    let answered = interrupt(&mut server, true);
    server.start_again();
    all_there(&server, answered).await;
}

async fn all_there(server: &Server, answered: Vec<String>) {
    let store = open(&server.section());
    put_at_last(&*store, "after").await;
    for key in answered {
        assert_eq!(store.get(&call(), SHELF, &key).await.unwrap(), Some(record(&key)), "{key}");
    }
}
