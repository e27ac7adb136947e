//! Who is there, and what was given out for them.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::super::grants::Grants;
use super::super::jose::Key;
use super::Attack;

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) subject: String,
    pub(super) client: String,
    pub(super) scope: String,
    /// The code that it goes back to: all of one code end together.
    pub(super) code: String,
    pub(super) ends: SystemTime,
}

pub(super) struct State {
    pub(super) grants: Grants,
    pub(super) people: BTreeMap<String, Map<String, Value>>,
    pub(super) access: HashMap<String, Token>,
    pub(super) refresh: HashMap<String, Token>,
    /// Refresh tokens that were used, with the code that they go back to.
    pub(super) spent: HashMap<String, String>,
    pub(super) userinfo_only: Vec<String>,
    pub(super) after_sign_out: Vec<String>,
    pub(super) refreshing: bool,
    pub(super) rotating: bool,
    pub(super) key: Key,
    pub(super) keys_made: usize,
    pub(super) attack: Option<Attack>,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            grants: Grants::default(),
            people: BTreeMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            spent: HashMap::new(),
            userinfo_only: Vec::new(),
            after_sign_out: Vec::new(),
            refreshing: true,
            rotating: true,
            key: Key::new("key-1"),
            keys_made: 1,
            attack: None,
        }
    }

    /// Something was used twice: whoever did it, nothing that came of it is good any more.
    pub(super) fn end_all_of(&mut self, code: &str) {
        self.access.retain(|_, token| token.code != code);
        self.refresh.retain(|_, token| token.code != code);
    }
}
