//! The steps, each of them one script: Redis runs nothing else meanwhile.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use dockgate_api::{BackendError, Filter, Record};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisResult, Script as Hashed};

use super::failure::{Verdict, verdict};
use crate::record::{self, milliseconds};

/// How much later than its end a record may be swept away: the callers' clocks and that of Redis differ.
const SLACK: Duration = Duration::from_hours(1);
/// An end that is further away is none to Redis, whose numbers are doubles.
const FOREVER: Duration = Duration::from_hours(24 * 365 * 200);

/// One script, known to Redis by its hash.
pub(super) struct Script {
    text: &'static str,
    hash: String,
}

/// A command; if it calls a script by its hash, also the one that calls it by its text.
pub(super) struct Question {
    command: Cmd,
    by_text: Option<Cmd>,
}

impl Question {
    /// Sends it; once more, with its text, to a Redis that has forgotten the script.
    pub(super) async fn send<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        asking: bool,
    ) -> RedisResult<T> {
        match (ask(&self.command, connection, asking).await, &self.by_text) {
            (Err(error), Some(by_text)) if matches!(verdict(&error), Verdict::UnknownScript) => {
                ask(by_text, connection, asking).await
            }
            (answer, _) => answer,
        }
    }
}

/// `ASKING` holds for the command right behind it alone.
async fn ask<T: FromRedisValue>(
    command: &Cmd,
    connection: &mut MultiplexedConnection,
    asking: bool,
) -> RedisResult<T> {
    if !asking {
        return command.query_async(connection).await;
    }
    let mut both = redis::pipe();
    both.cmd("ASKING").ignore().add_command(command.clone());
    both.query_async::<(T,)>(connection).await.map(|(answer,)| answer)
}

macro_rules! script {
    ($file:literal) => {
        LazyLock::new(|| {
            let text = concat!(include_str!("scripts/prelude.lua"), include_str!($file));
            Script { text, hash: Hashed::new(text).get_hash().to_owned() }
        })
    };
}

static PUT: LazyLock<Script> = script!("scripts/put.lua");
static TAKE: LazyLock<Script> = script!("scripts/take.lua");
static LIST: LazyLock<Script> = script!("scripts/list.lua");
static ADD: LazyLock<Script> = script!("scripts/add.lua");

impl Script {
    fn question(&self, base: &str, arguments: &[&[u8]]) -> Question {
        let ask = |how: &str, what: &str| {
            let mut command = redis::cmd(how);
            command.arg(what).arg(1).arg(base);
            for argument in arguments {
                command.arg(*argument);
            }
            command
        };
        Question { command: ask("EVALSHA", &self.hash), by_text: Some(ask("EVAL", self.text)) }
    }
}

/// Writes a record; only in the place of another if `replace`.
pub(super) fn put(
    base: &str,
    now: SystemTime,
    replace: bool,
    record: &Record,
) -> Result<Question, BackendError> {
    let text = record::encode(record)?;
    let end = record.expires_at.map(text_of).unwrap_or_default();
    let left = number(record.expires_at.map_or(FOREVER, |end| left(now, end)));
    let replace: &[u8] = if replace { b"1" } else { b"0" };
    let (has_owner, link, subject, account): (&[u8], _, _, _) = match &record.owner {
        Some(owner) => (b"1", owner.link.as_str(), owner.subject.as_str(), owner.account.as_str()),
        None => (b"0", "", "", ""),
    };
    Ok(PUT.question(
        base,
        &[
            record.key.as_bytes(),
            text_of(now).as_bytes(),
            replace,
            &text,
            end.as_bytes(),
            left.as_bytes(),
            number(SLACK).as_bytes(),
            has_owner,
            link.as_bytes(),
            subject.as_bytes(),
            account.as_bytes(),
        ],
    ))
}

/// Reads a key that is not ours, by its whole name.
pub(super) fn get_foreign(key: &str) -> Question {
    let mut command = redis::cmd("GET");
    command.arg(key);
    Question { command, by_text: None }
}

/// Removes a record and says what it was.
pub(super) fn take(base: &str, now: SystemTime, key: &str) -> Question {
    TAKE.question(base, &[key.as_bytes(), text_of(now).as_bytes()])
}

/// The next `count` records of the shortest list in which everything stands that fits.
pub(super) fn list(base: &str, filter: &Filter, after: Option<&str>, count: usize) -> Question {
    let which: &[u8] = match (&filter.link, &filter.subject, &filter.account) {
        (Some(_), Some(_), _) => b"owner",
        (_, _, Some(_)) => b"account",
        (Some(_), None, None) => b"link",
        (None, _, None) => b"all",
    };
    let from = after.map_or_else(|| b"-".to_vec(), |after| format!("({after}").into_bytes());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    LIST.question(
        base,
        &[
            which,
            &from,
            count.to_string().as_bytes(),
            text(&filter.link).as_bytes(),
            text(&filter.subject).as_bytes(),
            text(&filter.account).as_bytes(),
        ],
    )
}

/// Adds to a counter.
pub(super) fn add(base: &str, now: SystemTime, key: &str, amount: u64, end: SystemTime) -> Question {
    // The numbers of Redis have a sign.
    let amount = amount.min(i64::MAX.cast_unsigned()).to_string();
    let left = number(left(now, end));
    ADD.question(
        base,
        &[
            key.as_bytes(),
            text_of(now).as_bytes(),
            amount.as_bytes(),
            text_of(end).as_bytes(),
            left.as_bytes(),
            number(SLACK).as_bytes(),
        ],
    )
}

/// Ends a counter.
pub(super) fn reset(base: &str, key: &str) -> Question {
    let mut command = redis::cmd("DEL");
    command.arg(format!("{base}c:{key}"));
    Question { command, by_text: None }
}

/// Reads a record.
pub(super) fn get(base: &str, key: &str) -> Question {
    let mut command = redis::cmd("HGET");
    command.arg(format!("{base}r:{key}")).arg("d");
    Question { command, by_text: None }
}

fn left(now: SystemTime, end: SystemTime) -> Duration {
    end.duration_since(now).unwrap_or_default().min(FOREVER)
}

fn number(time: Duration) -> String {
    time.as_millis().to_string()
}

fn text_of(time: SystemTime) -> String {
    milliseconds(time).to_string()
}
