//! The contract, in statements.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use dockgate_api::{BackendError, Call, Cursor, Filter, Health, Owner, Page, Record, Shelf, Store};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::parameter::{Parameter, escape, unescape};
use super::promises::Promises;
use super::server::{Again, Server};
use super::sweep;
use crate::record::{is_over, time};

/// Longer ones do not fit into an index. Keys are hashes.
const LONGEST_KEY: usize = 1024;
/// Records on one page.
const LARGEST_PAGE: usize = 1000;

/// Records and counters in two tables.
pub(super) struct PostgresStore(Arc<Server>);

impl PostgresStore {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self(server)
    }

    async fn ask(
        &self,
        cx: &Call,
        sql: &Arc<str>,
        parameters: &[Parameter<'_>],
        again: Again,
    ) -> Result<Vec<PgRow>, BackendError> {
        self.0.ask(cx.deadline(), sql, parameters, again).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        let parameters = columns(shelf, &record)?;
        self.ask(cx, &self.0.statements.put, &parameters, Again::Yes).await?;
        sweep::perhaps(&self.0, cx.now());
        Ok(())
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        let mut parameters = columns(shelf, &record)?;
        parameters.push(Parameter::time(cx.now()));
        Ok(!self.ask(cx, &self.0.statements.replace, &parameters, Again::Yes).await?.is_empty())
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let parameters = [Parameter::text(shelf.name()), Parameter::text(key), Parameter::time(cx.now())];
        let rows = self.ask(cx, &self.0.statements.get, &parameters, Again::Yes).await?;
        rows.first().map(record).transpose()
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let parameters = [Parameter::text(shelf.name()), Parameter::text(key)];
        let rows = self.ask(cx, &self.0.statements.take, &parameters, Again::No).await?;
        let taken = rows.first().map(record).transpose()?;
        Ok(taken.filter(|record| !is_over(record.expires_at, cx.now())))
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        if limit == 0 {
            return Ok(Page::new(Vec::new(), after.cloned()));
        }
        let limit = limit.min(LARGEST_PAGE);
        let first = vec![Parameter::text(shelf.name()), Parameter::time(cx.now())];
        let (mut sql, mut parameters) = self.0.statements.list(filter, first);
        if let Some(Cursor(after)) = after {
            parameters.push(Parameter::text(after));
            sql.push_str(&format!(" AND key > ${}", parameters.len()));
        }
        // One more than wanted says whether there is a next page.
        parameters.push(Parameter::Number(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)));
        sql.push_str(&format!(" ORDER BY key LIMIT ${}", parameters.len()));
        let rows = self.ask(cx, &Arc::from(sql), &parameters, Again::Yes).await?;
        let mut records = Vec::with_capacity(rows.len().min(limit));
        let mut last = None;
        for row in rows.iter().take(limit) {
            last = Some(key(row)?);
            match record(row) {
                Ok(record) => records.push(record),
                // One that somebody spoilt must not hide the others.
                Err(error) => tracing::error!(shelf = shelf.name(), %error, "a record is left out of a list"),
            }
        }
        Ok(Page::new(records, last.filter(|_| rows.len() > limit).map(Cursor)))
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        let parameters = [
            Parameter::text(shelf.name()),
            counter(key),
            Parameter::amount(amount),
            Parameter::time(expires_at),
            Parameter::time(cx.now()),
        ];
        let rows = self.ask(cx, &self.0.statements.add, &parameters, Again::No).await?;
        sweep::perhaps(&self.0, cx.now());
        let value: Option<i64> =
            rows.first().map(|row| row.try_get("amount")).transpose().map_err(damaged)?;
        value
            .and_then(|value| u64::try_from(value).ok())
            .ok_or_else(|| BackendError::Protocol("PostgreSQL gave no value of a counter".to_owned()))
    }

    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        let parameters = [Parameter::text(shelf.name()), counter(key)];
        self.ask(cx, &self.0.statements.reset, &parameters, Again::Yes).await?;
        Ok(())
    }

    async fn health(&self, cx: &Call) -> Health {
        let rows = self.ask(cx, &self.0.statements.promises, &[], Again::Yes).await;
        let promises = match rows.map(|rows| rows.first().map(Promises::of)) {
            Ok(Some(Ok(promises))) => promises,
            Ok(Some(Err(error))) => return Health::Down(damaged(error).to_string()),
            Ok(None) => return Health::Down("PostgreSQL said nothing of its settings".to_owned()),
            Err(error) => return Health::Down(error.to_string()),
        };
        match promises {
            Promises { is_read_only: true, .. } => {
                Health::Down(format!("PostgreSQL at {} can only be read: it is no primary", self.0.name))
            }
            Promises { missing, .. } if missing.is_empty() => Health::Up,
            Promises { missing, .. } => Health::Degraded(missing.join("; ")),
        }
    }
}

/// As the statements name them.
fn columns(shelf: Shelf, record: &Record) -> Result<Vec<Parameter<'_>>, BackendError> {
    if escape(&record.key).len() > LONGEST_KEY {
        return Err(BackendError::Protocol(format!("a key is longer than {LONGEST_KEY} bytes")));
    }
    let owner = record.owner.as_ref();
    Ok(vec![
        Parameter::text(shelf.name()),
        Parameter::text(&record.key),
        Parameter::maybe(owner.map(|owner| owner.link.as_str())),
        Parameter::maybe(owner.map(|owner| owner.subject.as_str())),
        Parameter::maybe(owner.map(|owner| owner.account.as_str())),
        Parameter::time(record.created_at),
        Parameter::maybe_time(record.expires_at),
        Parameter::Bytes(&record.value),
    ])
}

/// A counter's key may be anything that somebody sent; nobody reads it again.
fn counter(key: &str) -> Parameter<'_> {
    let escaped = escape(key);
    if escaped.len() <= LONGEST_KEY {
        return Parameter::Text(escaped);
    }
    let hash = HEXLOWER.encode(digest(&SHA256, key.as_bytes()).as_ref());
    Parameter::Text(Cow::Owned(format!("\\sha256:{hash}")))
}

fn key(row: &PgRow) -> Result<String, BackendError> {
    let escaped: String = row.try_get("key").map_err(damaged)?;
    unescape(&escaped).ok_or_else(spoilt)
}

fn record(row: &PgRow) -> Result<Record, BackendError> {
    let text = |column| -> Result<Option<String>, BackendError> {
        let text: Option<String> = row.try_get(column).map_err(damaged)?;
        text.map(|text| unescape(&text).ok_or_else(spoilt)).transpose()
    };
    let moment = |column| -> Result<Option<SystemTime>, BackendError> {
        let number: Option<i64> = row.try_get(column).map_err(damaged)?;
        let of = |number| u64::try_from(number).ok().and_then(time).ok_or_else(spoilt);
        number.map(of).transpose()
    };
    let created_at = moment("created_at")?.ok_or_else(spoilt)?;
    let mut record = Record::new(key(row)?, created_at, row.try_get("value").map_err(damaged)?);
    if let (Some(link), Some(subject), Some(account)) = (text("link")?, text("subject")?, text("account")?) {
        record = record.owned_by(Owner::new(link, subject, account));
    }
    record.expires_at = moment("expires_at")?;
    Ok(record)
}

fn damaged(error: sqlx::Error) -> BackendError {
    BackendError::Protocol(format!("PostgreSQL holds something that is no record: {error}"))
}

fn spoilt() -> BackendError {
    BackendError::Protocol("PostgreSQL holds a record that is damaged".to_owned())
}
