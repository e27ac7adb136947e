//! What was asked.

use std::fmt;

use super::message::Control;

/// How many of each are kept; a test that asks more counts with [`Record::binds_made`] and the like.
const MOST: usize = 100_000;

/// A bind that was asked for. The password is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// The number of its connection; the first ever made is 1.
    pub connection: u64,
    /// As the client spelled it.
    pub name: String,
    /// Whether a password came that is not empty.
    pub with_password: bool,
    /// Whether the connection had TLS by then.
    pub tls: bool,
    /// What came with it.
    pub controls: Vec<Control>,
    /// The result code that the directory came to; moods may have put another in its place.
    pub code: u32,
}

/// How far below its base a search looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The base alone.
    Base,
    /// What is directly below it.
    One,
    /// The base and everything below.
    Subtree,
}

/// A search that was asked for; each page is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The number of its connection; the first ever made is 1.
    pub connection: u64,
    /// Who asked: the name of the last bind that succeeded, empty for nobody.
    pub who: String,
    /// As the client spelled it.
    pub base: String,
    /// How far below.
    pub scope: Scope,
    /// As text (RFC 4515).
    pub filter: String,
    /// As the client spelled them.
    pub attributes: Vec<String>,
    /// 0 for none.
    pub size_limit: usize,
    /// The page's size, if it was asked in pages.
    pub page_size: Option<usize>,
    /// What came with it.
    pub controls: Vec<Control>,
    /// Whether the connection had TLS by then.
    pub tls: bool,
}

/// What a client showed in its handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The server's name that the client asked for (RFC 6066 section 3).
    pub server_name: Option<String>,
    /// Whether it had a certificate.
    pub client_certificate: bool,
}

#[derive(Default)]
pub(super) struct Record {
    pub(super) binds: Vec<Bind>,
    pub(super) searches: Vec<Search>,
    pub(super) handshakes: Vec<Handshake>,
    pub(super) abandoned: Vec<u32>,
    pub(super) binds_made: usize,
    pub(super) searches_made: usize,
}

impl Record {
    pub(super) fn bind(&mut self, bind: Bind) {
        self.binds_made += 1;
        keep(&mut self.binds, bind);
    }

    pub(super) fn search(&mut self, search: Search) {
        self.searches_made += 1;
        keep(&mut self.searches, search);
    }

    pub(super) fn handshake(&mut self, handshake: Handshake) {
        keep(&mut self.handshakes, handshake);
    }

    pub(super) fn abandon(&mut self, id: u32) {
        keep(&mut self.abandoned, id);
    }
}

fn keep<T>(list: &mut Vec<T>, one: T) {
    if list.len() < MOST {
        list.push(one);
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} binds, {} searches", self.binds_made, self.searches_made)
    }
}
