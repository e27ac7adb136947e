//! A double of GitHub: github.com, or an Enterprise Server with its API below `/api/v3`.
//!
//! The web side is <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>, with PKCE held
//! to where a challenge was sent, and the tokens of GitHub Apps that end, if it is told so
//! (<https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens>).
//! The answers of the API have the shape of GitHub's own `OpenAPI` description: a test holds them to it.
//!
//! ```
//! use dockgate_testkit::provider::github::GitHub;
//!
//! let github = GitHub::start();
//! github.client("id", "secret", &["https://auth.example.com/github_auth"]);
//! github.user("octocat");
//! github.team("acme", "developers", None);
//! github.join_team("octocat", "acme", "developers");
//! assert!(github.server().url().starts_with("http://127.0.0.1:"));
//! ```

mod answers;
mod api;
mod errors;
mod paging;
mod state;
#[cfg(test)]
mod tests;
mod web;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dockgate_api::Clock;

use super::server::{Server, Site};
use super::time::Time;
use super::{Asked, Reply, lock, page};
use state::{Membership, Person, State, Team};

/// Too many requests, and when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The hourly limit is used up: 403, `x-ratelimit-remaining: 0`, and the time of the reset.
    Primary(Duration),
    /// "Abuse": 403 with `retry-after`.
    Secondary(Duration),
}

/// GitHub, for as long as it lives.
#[derive(Debug)]
pub struct GitHub {
    server: Server,
    site: Arc<Double>,
}

pub(super) struct Double {
    web: String,
    /// Where the API begins: the origin, or the origin with `/api/v3`.
    api: String,
    enterprise: bool,
    time: Time,
    state: Mutex<State>,
}

impl GitHub {
    /// github.com: the API is at the root.
    pub fn start() -> Self {
        Self::of(false)
    }

    /// An Enterprise Server: the API is below `/api/v3`.
    pub fn enterprise() -> Self {
        Self::of(true)
    }

    fn of(enterprise: bool) -> Self {
        let (server, site) = Server::start(|origin| Double {
            web: origin.to_owned(),
            api: format!("{origin}{}", if enterprise { "/api/v3" } else { "" }),
            enterprise,
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
        self.site.api.clone()
    }

    /// Looks at this clock from now on; it is noon until then.
    pub fn follow(&self, clock: Arc<dyn Clock>) {
        self.site.time.follow(clock);
    }

    /// Registers an OAuth app; redirect URIs count to the letter.
    pub fn client(&self, id: &str, secret: &str, redirect_uris: &[&str]) {
        self.state().grants.register(id, Some(secret), redirect_uris);
    }

    /// Tokens end after eight hours and come with a refresh token, as those of GitHub Apps; or they do not end.
    pub fn expiring_tokens(&self, expire: bool) {
        self.state().expiring = expire;
    }

    /// Somebody signs in at a URL that this provider was called with: where their browser is sent.
    pub fn sign_in(&self, url: &str, login: &str) -> Reply {
        self.server.visit(&Asked::form(url, &[(page::WHO, login)]))
    }

    // People.

    /// Adds a person with a verified address, and returns their id.
    pub fn user(&self, login: &str) -> u64 {
        let mut state = self.state();
        let id = state.id();
        state.people.push(Person { id, login: login.to_owned(), suspended: false });
        id
    }

    /// Gives an account another login: the id stays.
    pub fn rename(&self, login: &str, to: &str) {
        to.clone_into(&mut self.state().person_mut(login).login);
    }

    /// Suspends an account, or ends that.
    pub fn suspend(&self, login: &str, suspended: bool) {
        self.state().person_mut(login).suspended = suspended;
    }

    /// Deletes an account with its tokens; somebody else may take the login.
    pub fn delete(&self, login: &str) {
        self.revoke(login);
        let mut state = self.state();
        let id = state.person_mut(login).id;
        state.people.retain(|person| person.id != id);
        state.orgs.iter_mut().for_each(|org| org.leave(id));
    }

    /// Takes back all that an app may do for somebody, refresh tokens too.
    pub fn revoke(&self, login: &str) {
        let mut state = self.state();
        let id = state.person_mut(login).id;
        state.tokens.retain(|_, token| token.person != id);
        state.refresh.retain(|_, token| token.person != id);
    }

    // Organizations and teams; each is there as soon as it is named.

    /// Makes somebody a member.
    pub fn join(&self, login: &str, org: &str) {
        self.membership(login, org, Membership { pending: false, admin: false, sso: false });
    }

    /// Invites somebody, who has not answered yet.
    pub fn invite(&self, login: &str, org: &str) {
        self.membership(login, org, Membership { pending: true, admin: false, sso: false });
    }

    fn membership(&self, login: &str, org: &str, membership: Membership) {
        let mut state = self.state();
        let id = state.person_mut(login).id;
        state.org_mut(org).members.insert(id, membership);
    }

    /// Removes somebody from an organization and its teams.
    pub fn leave(&self, login: &str, org: &str) {
        let mut state = self.state();
        let id = state.person_mut(login).id;
        state.org_mut(org).leave(id);
    }

    /// The organization demands SAML single sign-on: a token sees it after [`Self::authorize_sso`] only.
    pub fn demand_sso(&self, org: &str) {
        self.state().org_mut(org).sso = true;
    }

    /// Somebody has signed in there for the app.
    pub fn authorize_sso(&self, login: &str, org: &str) {
        let mut state = self.state();
        let id = state.person_mut(login).id;
        if let Some(membership) = state.org_mut(org).members.get_mut(&id) {
            membership.sso = true;
        }
    }

    /// The organization lets no OAuth app in that it has not approved.
    pub fn restrict_apps(&self, org: &str) {
        self.state().org_mut(org).restricted = true;
    }

    /// Makes a team, below another one if that is said.
    pub fn team(&self, org: &str, slug: &str, parent: Option<&str>) {
        let mut state = self.state();
        let id = state.id();
        let org = state.org_mut(org);
        let parent = parent.map(|parent| org.team_mut(parent).id);
        org.teams.push(Team { id, slug: slug.to_owned(), parent, members: Vec::new() });
    }

    /// Puts somebody into a team, and into its organization.
    pub fn join_team(&self, login: &str, org: &str, slug: &str) {
        self.join(login, org);
        let mut state = self.state();
        let id = state.person_mut(login).id;
        state.org_mut(org).team_mut(slug).members.push(id);
    }

    /// Takes somebody out of a team; they stay in the organization.
    pub fn leave_team(&self, login: &str, org: &str, slug: &str) {
        let mut state = self.state();
        let id = state.person_mut(login).id;
        state.org_mut(org).team_mut(slug).members.retain(|member| *member != id);
    }

    /// The API is asked too often from now on, or no longer.
    pub fn limit(&self, limit: Option<Limit>) {
        self.state().limit = limit;
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
            ("GET", ["login", "oauth", "authorize"]) => self.shown(asked),
            ("POST", ["login", "oauth", "authorize"]) => self.chosen(asked),
            ("POST", ["login", "oauth", "access_token"]) => self.access_token(asked),
            (method, ["api", "v3", steps @ ..]) if self.enterprise => self.api(method, steps, asked),
            (method, steps) if !self.enterprise => self.api(method, steps, asked),
            _ => page::complaint(404, "Not Found"),
        }
    }
}

impl std::fmt::Debug for Double {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GitHub")
    }
}
