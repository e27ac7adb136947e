//! The store: questions go to a thread that reads, changes to the one that writes.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use dockgate_api::{BackendError, Call, Clock, Cursor, Filter, Health, Page, Record, Shelf, Store};
use redb::ReadTransaction;
use tokio::sync::{Semaphore, oneshot};

use super::database::{Failure, Shared};
use super::list::{Wanted, page};
use super::place::Place;
use super::tables::RECORDS;
use super::writer::{Change, Done, Message, Step, Writer};
use crate::record::{decode, encode, is_over};

/// The most changes that wait to be written.
const QUEUE: usize = 1024;
/// The most readers at once.
const READERS: usize = 64;
/// The largest record, as it is stored.
const LARGEST: usize = 1024 * 1024;
/// When it makes sense to come back after the queue was full.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What is read in one transaction.
type Read<T> = dyn Fn(&ReadTransaction) -> Result<Result<T, BackendError>, redb::Error> + Send + Sync;

/// One file, opened by this process.
pub(super) struct FileStore {
    shared: Arc<Shared>,
    messages: Option<SyncSender<Message>>,
    readers: Arc<Semaphore>,
    writer: Option<JoinHandle<()>>,
}

impl FileStore {
    /// Opens the file, which must be there, and starts to write.
    pub(super) fn open(place: Place, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let (messages, inbox) = sync_channel(QUEUE);
        let (opened, opening) = sync_channel(1);
        let file = place.file().display().to_string();
        let write = move || match Shared::open(place).map(Arc::new) {
            Ok(shared) => {
                let _ = opened.send(Ok(Arc::clone(&shared)));
                drop(opened);
                Writer::new(shared, clock).run(inbox);
            }
            Err(message) => drop(opened.send(Err(message))),
        };
        let writer = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(write)
            .map_err(|error| format!("no thread for the store: {error}"))?;
        // A thread that ends without a word has found what redb did not think possible.
        let shared =
            opening.recv().unwrap_or_else(|_| Err(super::trouble::damaged("it cannot be read", &file)))?;
        let readers = Arc::new(Semaphore::new(READERS));
        Ok(Self { shared, messages: Some(messages), readers, writer: Some(writer) })
    }

    async fn change(&self, cx: &Call, shelf: Shelf, step: Step) -> Result<Done, BackendError> {
        let late = || BackendError::Timeout("the store did not write in time".to_owned());
        if cx.remaining().is_zero() {
            return Err(late());
        }
        let (reply, answer) = oneshot::channel();
        let change = Box::new(Change { shelf, now: cx.now(), deadline: cx.deadline(), step, reply });
        match self.messages.as_ref().map(|messages| messages.try_send(Message::Change(change))) {
            Some(Ok(())) => {}
            Some(Err(TrySendError::Full(_))) => {
                let detail =
                    format!("{QUEUE} changes wait to be written to {}", self.shared.file().display());
                return Err(BackendError::Overloaded { detail, retry_after: RETRY_AFTER });
            }
            Some(Err(TrySendError::Disconnected(_))) | None => return Err(ended()),
        }
        match tokio::time::timeout(cx.remaining(), answer).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(ended()),
            Err(_) => Err(late()),
        }
    }

    /// Reads on a thread that may wait for the disk.
    async fn read<T: Send + 'static>(
        &self,
        cx: &Call,
        read: impl Fn(&ReadTransaction) -> Result<Result<T, BackendError>, redb::Error> + Send + Sync + 'static,
    ) -> Result<T, BackendError> {
        let late = || BackendError::Timeout("the store was not read in time".to_owned());
        if cx.remaining().is_zero() {
            return Err(late());
        }
        let read = Arc::new(read);
        let reading = async {
            let opened = self.shared.opened();
            if let Ok(answer) = self.read_once(read.clone()).await? {
                return answer;
            }
            // Perhaps it was a writer's error, and the file is there again in a moment.
            self.reopened(opened).await;
            let failed = |failure| BackendError::Unavailable(self.shared.words(&failure));
            self.read_once(read).await?.map_err(failed)?
        };
        tokio::time::timeout(cx.remaining(), reading).await.map_err(|_| late())?
    }

    async fn read_once<T: Send + 'static>(
        &self,
        read: Arc<Read<T>>,
    ) -> Result<Result<Result<T, BackendError>, Failure>, BackendError> {
        let permit = Arc::clone(&self.readers).acquire_owned().await.map_err(|_| ended())?;
        let shared = Arc::clone(&self.shared);
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            shared.begin_read().and_then(|transaction| Ok(read(&transaction)?))
        });
        reading.await.map_err(|_| BackendError::Protocol("the store could not be read".to_owned()))
    }

    /// Has the file opened anew unless that was done since.
    async fn reopened(&self, opened: u64) {
        let (done, reopened) = oneshot::channel();
        if let Some(messages) = &self.messages
            // Where its queue is full, the writer meets the error itself.
            && messages.try_send(Message::Reopen { opened, done }).is_ok()
        {
            let _ = reopened.await;
        }
    }

    async fn count(&self, cx: &Call, shelf: Shelf, step: Step) -> Result<u64, BackendError> {
        match self.change(cx, shelf, step).await? {
            Done::Count(count) => Ok(count),
            Done::Written | Done::Replaced(_) | Done::Taken(_) => Err(mixed_up()),
        }
    }
}

fn ended() -> BackendError {
    BackendError::Unavailable("the store has ended: start dockgate anew".to_owned())
}

fn mixed_up() -> BackendError {
    BackendError::Protocol("the store answered another question".to_owned())
}

fn encoded(record: &Record) -> Result<Vec<u8>, BackendError> {
    let bytes = encode(record)?;
    if bytes.len() + record.key.len() > LARGEST {
        let message = format!("a record of {} bytes, and the store takes up to {LARGEST}", bytes.len());
        return Err(BackendError::Protocol(message));
    }
    Ok(bytes)
}

#[async_trait]
impl Store for FileStore {
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError> {
        let bytes = encoded(&record)?;
        self.change(cx, shelf, Step::Put(record, bytes)).await.map(drop)
    }

    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError> {
        let bytes = encoded(&record)?;
        match self.change(cx, shelf, Step::Replace(record, bytes)).await? {
            Done::Replaced(replaced) => Ok(replaced),
            Done::Written | Done::Taken(_) | Done::Count(_) => Err(mixed_up()),
        }
    }

    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        let (now, key) = (cx.now(), key.to_owned());
        self.read(cx, move |reading| {
            let bytes = reading.open_table(RECORDS)?.get((shelf.name(), key.as_str()))?;
            let record = bytes.map(|bytes| decode(&key, bytes.value())).transpose();
            Ok(record.map(|record| record.filter(|record| !is_over(record.expires_at, now))))
        })
        .await
    }

    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError> {
        match self.change(cx, shelf, Step::Take(key.to_owned())).await? {
            Done::Taken(record) => Ok(record),
            Done::Written | Done::Replaced(_) | Done::Count(_) => Err(mixed_up()),
        }
    }

    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError> {
        let wanted = Wanted { shelf, filter: filter.clone(), after: after.cloned(), limit, now: cx.now() };
        self.read(cx, move |reading| page(reading, &wanted)).await
    }

    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError> {
        self.count(cx, shelf, Step::Add { key: key.to_owned(), amount, end: expires_at }).await
    }

    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError> {
        self.change(cx, shelf, Step::Reset(key.to_owned())).await.map(drop)
    }

    async fn health(&self, _cx: &Call) -> Health {
        if self.writer.as_ref().is_none_or(JoinHandle::is_finished) {
            return Health::Down(ended().to_string());
        }
        self.shared.trouble().map_or(Health::Up, Health::Down)
    }
}

impl Drop for FileStore {
    /// Waits for what is being written, so that the file is closed, and another may open it, when this returns.
    fn drop(&mut self) {
        drop(self.messages.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
