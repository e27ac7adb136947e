//! A double of Google's Directory API, and of the token endpoint for service accounts.
//!
//! Tokens are <https://developers.google.com/identity/protocols/oauth2/service-account>: an assertion that the account's key
//! signs, for an administrator (`sub`) on whose behalf it may ask. The API is
//! <https://developers.google.com/workspace/admin/directory/reference/rest/v1/groups/list> and its neighbours.
//!
//! Google's sign-in itself is OpenID Connect with a claim `hd`: see [`super::openid`].

mod api;
#[cfg(test)]
mod tests;
mod token;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use dockgate_api::Clock;
use serde_json::{Value, json};

use super::jose::Key;
use super::server::{Server, Site};
use super::time::Time;
use super::{Asked, Reply, lock};

/// What a service account must be allowed for groups.
pub const GROUPS_SCOPE: &str = "https://www.googleapis.com/auth/admin.directory.group.readonly";
/// What it must be allowed for people.
pub const USERS_SCOPE: &str = "https://www.googleapis.com/auth/admin.directory.user.readonly";

/// The directory of one customer of Google Workspace, for as long as it lives.
#[derive(Debug)]
pub struct Google {
    server: Server,
    site: Arc<Double>,
}

pub(super) struct Double {
    origin: String,
    account: String,
    key: Key,
    time: Time,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// On whose behalf the account may ask, and for which scopes.
    delegated: Vec<String>,
    admins: BTreeSet<String>,
    /// Whether each is suspended.
    people: BTreeMap<String, bool>,
    groups: BTreeMap<String, BTreeSet<String>>,
    tokens: HashMap<String, Token>,
}

#[derive(Debug)]
struct Token {
    scopes: Vec<String>,
    ends: SystemTime,
}

impl Google {
    /// One whose service account may ask for groups and people on behalf of `admin@` the domain.
    pub fn start(domain: &str) -> Self {
        let (server, site) = Server::start(|origin| Double {
            origin: origin.to_owned(),
            account: format!("dockgate@{}.iam.gserviceaccount.com", domain.replace('.', "-")),
            key: Key::new("google-service-account-1"),
            time: Time::default(),
            state: Mutex::default(),
        });
        let google = Self { server, site };
        google.state().admins.insert(format!("admin@{domain}"));
        google.delegate(&[GROUPS_SCOPE, USERS_SCOPE]);
        google.user(&format!("admin@{domain}"));
        google
    }

    /// The server: where it is, what it was asked, its moods.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Looks at this clock from now on; it is noon until then.
    pub fn follow(&self, clock: Arc<dyn Clock>) {
        self.site.time.follow(clock);
    }

    /// The service account's key file, as Google's console hands it out.
    pub fn key_file(&self) -> Value {
        json!({
            "type": "service_account", "project_id": "dockgate", "private_key_id": self.site.key.id,
            "private_key": self.site.key.private_pem(), "client_email": self.site.account,
            "client_id": "100000000000000000001", "auth_uri": format!("{}/o/oauth2/auth", self.site.origin),
            "token_uri": self.site.token_uri(), "universe_domain": "googleapis.com",
        })
    }

    /// For which scopes the account may ask from now on (domain-wide delegation).
    pub fn delegate(&self, scopes: &[&str]) {
        self.state().delegated = scopes.iter().map(|&scope| scope.to_owned()).collect();
    }

    /// Adds a person.
    pub fn user(&self, mail: &str) {
        self.state().people.insert(mail.to_owned(), false);
    }

    /// Suspends somebody, or ends that.
    pub fn suspend(&self, mail: &str, suspended: bool) {
        self.state().people.insert(mail.to_owned(), suspended);
    }

    /// Deletes somebody.
    pub fn delete(&self, mail: &str) {
        let mut state = self.state();
        state.people.remove(mail);
        state.groups.values_mut().for_each(|members| {
            members.remove(mail);
        });
    }

    /// Puts a person or a group into a group, which is there as soon as it is named.
    pub fn join(&self, member: &str, group: &str) {
        self.state().groups.entry(group.to_owned()).or_default().insert(member.to_owned());
    }

    /// Takes somebody out of a group.
    pub fn leave(&self, member: &str, group: &str) {
        self.state().groups.entry(group.to_owned()).or_default().remove(member);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.site.state)
    }
}

impl Site for Double {
    fn answer(&self, asked: &Asked) -> Reply {
        let steps = asked.steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match (asked.method.as_str(), steps.as_slice()) {
            ("POST", ["token"]) => self.token(asked),
            ("GET", ["admin", "directory", "v1", steps @ ..]) => self.api(steps, asked),
            _ => api::failure(404, "notFound", "Not Found"),
        }
    }
}

impl std::fmt::Debug for Double {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Google")
    }
}
