//! A double of a GitLab that somebody runs themselves.
//!
//! Sign-in is <https://docs.gitlab.com/api/oauth2>: codes with PKCE, access tokens of two hours, refresh tokens that are
//! good once and take the older tokens with them. The API is <https://docs.gitlab.com/api/users>,
//! <https://docs.gitlab.com/api/groups> and <https://docs.gitlab.com/api/members>; pages are
//! <https://docs.gitlab.com/api/rest>.
//!
//! ```
//! use dockgate_testkit::provider::gitlab::{GitLab, Level};
//!
//! let gitlab = GitLab::start();
//! gitlab.client("id", "secret", &["https://auth.example.com/gitlab_auth"]);
//! gitlab.user("tanuki");
//! gitlab.join("tanuki", "acme/dev", Level::Developer);
//! assert!(gitlab.server().url().starts_with("http://127.0.0.1:"));
//! ```

mod api;
mod state;
#[cfg(test)]
mod tests;
mod web;

use std::sync::{Arc, Mutex, MutexGuard};

use dockgate_api::Clock;

use super::server::{Server, Site};
use super::time::Time;
use super::{Asked, Reply, lock, page};
use state::{Person, State};

/// What somebody may do in a group (<https://docs.gitlab.com/api/access_levels>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 10.
    Guest = 10,
    /// 20.
    Reporter = 20,
    /// 30.
    Developer = 30,
    /// 40.
    Maintainer = 40,
    /// 50.
    Owner = 50,
}

/// GitLab, for as long as it lives.
#[derive(Debug)]
pub struct GitLab {
    server: Server,
    site: Arc<Double>,
}

pub(super) struct Double {
    origin: String,
    time: Time,
    state: Mutex<State>,
}

impl GitLab {
    /// One without anybody.
    pub fn start() -> Self {
        let (server, site) = Server::start(|origin| Double {
            origin: origin.to_owned(),
            time: Time::default(),
            state: Mutex::default(),
        });
        Self { server, site }
    }

    /// The server: where it is, what it was asked, its moods.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Where the API begins.
    pub fn api_url(&self) -> String {
        format!("{}/api/v4", self.site.origin)
    }

    /// Looks at this clock from now on; it is noon until then.
    pub fn follow(&self, clock: Arc<dyn Clock>) {
        self.site.time.follow(clock);
    }

    /// Registers an application; redirect URIs count to the letter.
    pub fn client(&self, id: &str, secret: &str, redirect_uris: &[&str]) {
        self.state().grants.register(id, Some(secret), redirect_uris);
    }

    /// Somebody signs in at a URL that this provider was called with: where their browser is sent.
    pub fn sign_in(&self, url: &str, username: &str) -> Reply {
        self.server.visit(&Asked::form(url, &[(page::WHO, username)]))
    }

    /// Adds a person, and returns their id.
    pub fn user(&self, username: &str) -> u64 {
        let mut state = self.state();
        let id = state.id();
        state.people.push(Person { id, username: username.to_owned(), blocked: false });
        id
    }

    /// Gives an account another name: the id stays.
    pub fn rename(&self, username: &str, to: &str) {
        to.clone_into(&mut self.state().person_mut(username).username);
    }

    /// Blocks an account, or ends that.
    pub fn block(&self, username: &str, blocked: bool) {
        self.state().person_mut(username).blocked = blocked;
    }

    /// Takes back all tokens of somebody.
    pub fn revoke(&self, username: &str) {
        let mut state = self.state();
        let id = state.person_mut(username).id;
        state
            .tokens
            .iter_mut()
            .filter(|(_, token)| token.person == id)
            .for_each(|(_, token)| token.revoked = true);
        state.refresh.retain(|_, (_, token)| token.person != id);
    }

    /// Makes somebody a member of a group, and with that of the groups below it. A group is there as soon as it is named,
    /// and so are those above it.
    pub fn join(&self, username: &str, group: &str, level: Level) {
        let mut state = self.state();
        let id = state.person_mut(username).id;
        state.group_mut(group).members.insert(id, level);
    }

    /// Takes somebody out of a group. What they have through a group above it stays.
    pub fn leave(&self, username: &str, group: &str) {
        let mut state = self.state();
        let id = state.person_mut(username).id;
        state.group_mut(group).members.remove(&id);
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
            ("GET", ["oauth", "authorize"]) => self.shown(asked),
            ("POST", ["oauth", "authorize"]) => self.chosen(asked),
            ("POST", ["oauth", "token"]) => self.token(asked),
            ("POST", ["oauth", "revoke"]) => self.revoked(asked),
            ("GET", ["api", "v4", steps @ ..]) => self.api(steps, asked),
            _ => Reply::json(404, &serde_json::json!({"error": "404 Not Found"})),
        }
    }
}

impl std::fmt::Debug for Double {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GitLab")
    }
}
