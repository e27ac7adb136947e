//! A directory that runs: what a test asks it and tells it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::answer::Answer;
use super::connection::serve;
use super::entries::{Entry, read};
use super::moods::Mood;
use super::record::{Bind, Handshake, Record, Search};
use super::state::{Open, Protection, State, lock};
use super::tls::{Authority, Identity, server_config};
use crate::door::Door;

/// A directory that runs until it is dropped; its connections end with it.
#[derive(Debug)]
pub struct RunningDirectory {
    /// Where it listens.
    pub addr: SocketAddr,
    door: Door,
    state: Arc<State>,
}

impl RunningDirectory {
    pub(super) fn start(state: Arc<State>) -> Self {
        let door = Door::free();
        let directory = Self { addr: door.addr, door, state };
        directory.listen_again();
        directory
    }

    /// `ldap://127.0.0.1:PORT`, or `ldaps`.
    pub fn url(&self) -> String {
        let ldaps = matches!(*lock(&self.state.protection), Protection::Ldaps(_));
        format!("{}://{}", if ldaps { "ldaps" } else { "ldap" }, self.addr)
    }

    // What was asked.

    /// The binds so far, in the order in which they came.
    pub fn binds(&self) -> Vec<Bind> {
        lock(&self.state.record).binds.clone()
    }

    /// The searches so far, in the order in which they came; each page is one.
    pub fn searches(&self) -> Vec<Search> {
        lock(&self.state.record).searches.clone()
    }

    /// The TLS handshakes so far that succeeded.
    pub fn handshakes(&self) -> Vec<Handshake> {
        lock(&self.state.record).handshakes.clone()
    }

    /// The messages that clients gave up (RFC 4511 section 4.11).
    pub fn abandoned(&self) -> Vec<u32> {
        lock(&self.state.record).abandoned.clone()
    }

    /// Forgets what was asked so far; connections stay counted.
    pub fn forget(&self) {
        *lock(&self.state.record) = Record::default();
    }

    /// How many connections are open now.
    pub fn connections_open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// How many connections there ever were.
    pub fn connections_made(&self) -> u64 {
        self.state.made.load(Ordering::SeqCst)
    }

    // Trouble.

    /// How everything is answered from now on; goes before the moods of binds and searches.
    pub fn mood(&self, mood: Mood) {
        lock(&self.state.moods).everything = mood;
    }

    /// How binds are answered from now on.
    pub fn mood_of_binds(&self, mood: Mood) {
        lock(&self.state.moods).binds = mood;
    }

    /// How searches are answered from now on.
    pub fn mood_of_searches(&self, mood: Mood) {
        lock(&self.state.moods).searches = mood;
    }

    /// Closes all connections. New ones are welcome.
    pub fn close_connections(&self) {
        self.state.close_connections();
    }

    /// Refuses new connections from when this returns, and keeps those that were accepted.
    pub async fn stop_listening(&self) {
        self.door.close().await;
    }

    /// As if the server were killed: refuses new connections from when this returns, and closes the present ones.
    pub async fn stop(&self) {
        self.stop_listening().await;
        self.close_connections();
    }

    /// Listens again, on the same port, which nobody else could take.
    pub fn listen_again(&self) {
        let state = self.state.clone();
        self.door.open(move |stream| {
            let closing = state.closing.subscribe();
            tokio::spawn(serve(stream, Open::count(&state), state.clone(), closing));
        });
    }

    // Changes.

    /// Adds an entry, or puts it in the place of the one of that name.
    pub fn add<N: AsRef<str>, V: AsRef<[u8]>>(&self, dn: &str, attributes: impl IntoIterator<Item = (N, V)>) {
        let attributes = attributes.into_iter();
        let attributes =
            attributes.map(|(name, value)| (name.as_ref().to_owned(), vec![value.as_ref().to_vec()]));
        lock(&self.state.entries).add(Entry::new(dn, attributes.collect()));
    }

    /// Removes an entry. What was above it stays a base.
    pub fn remove(&self, dn: &str) {
        lock(&self.state.entries).remove(dn);
    }

    /// Gives an attribute these values and no others; none removes it.
    pub fn set<V: AsRef<[u8]>>(&self, dn: &str, name: &str, values: impl IntoIterator<Item = V>) {
        let values = values.into_iter().map(|value| value.as_ref().to_vec()).collect();
        lock(&self.state.entries).change(dn).set(name, values);
    }

    /// Gives an entry this password.
    pub fn set_password(&self, dn: &str, password: &str) {
        lock(&self.state.entries).change(dn).password = Some(password.as_bytes().to_vec());
    }

    /// What a bind as the entry with the right password is answered with from now on. Disabled is
    /// `Answer::active_directory("533")`.
    pub fn on_bind(&self, dn: &str, answer: Answer) {
        lock(&self.state.entries).change(dn).right = answer;
    }

    /// Shows another certificate from the next handshake on, and demands one of that authority, if there is one.
    pub fn present(&self, identity: &Identity, clients: Option<&Authority>) {
        let config = server_config(identity, clients.map(Authority::der));
        let mut protection = lock(&self.state.protection);
        *protection = match *protection {
            Protection::Ldaps(_) => Protection::Ldaps(config),
            Protection::None | Protection::StartTls(_) => Protection::StartTls(config),
        };
    }

    /// Whether an entry of that name exists.
    pub fn has(&self, dn: &str) -> bool {
        lock(&self.state.entries).get(&read(dn)).is_some()
    }
}

impl Drop for RunningDirectory {
    fn drop(&mut self) {
        self.door.abort();
        self.state.close_connections();
    }
}
