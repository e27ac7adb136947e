//! The API: who asks, whether they may, and what they are told.

use serde_json::{Value, json};

use super::super::{Asked, Reply, lock};
use super::state::{Closed, Org, Person, State, Team, Token};
use super::{Double, errors, paging};

/// Whoever asks with a token.
struct Caller<'a> {
    person: &'a Person,
    token: &'a Token,
    /// Tokens of apps have permissions, which are not told apart here.
    scoped: bool,
}

impl Double {
    pub(super) fn api(&self, method: &str, steps: &[&str], asked: &Asked) -> Reply {
        let mut state = lock(&self.state);
        let reply = if asked.header("user-agent").is_none_or(str::is_empty) {
            errors::nameless()
        } else if let Some(limit) = state.limit {
            errors::limited(limit, self.time.seconds())
        } else if let ["applications", client, of] = steps {
            self.application(&mut state, (method, client, of), asked)
        } else if method == "GET" {
            self.read(&state, steps, asked)
        } else {
            errors::not_found()
        };
        let reply = reply
            .with("x-github-request-id", "D0:UB:1E")
            .with("x-github-media-type", "github.v3; format=json");
        if self.enterprise { reply.with("x-github-enterprise-version", "3.19.0") } else { reply }
    }

    /// What is asked with the id and secret of an app about its tokens.
    fn application(
        &self,
        state: &mut State,
        (method, client, of): (&str, &str, &str),
        asked: &Asked,
    ) -> Reply {
        if state.grants.authenticated(asked).as_deref() != Some(client) {
            return errors::bad_credentials();
        }
        let text = asked.field("access_token").unwrap_or_default();
        let Some(told) = self.authorization(state, client, &text) else { return errors::not_found() };
        match (method, of) {
            ("POST", "token") => Reply::json(200, &told),
            ("DELETE", "token") => {
                state.tokens.remove(&text);
                Reply::status(204)
            }
            ("DELETE", "grant") => {
                let person = state.tokens.get(&text).map(|token| token.person);
                state.tokens.retain(|_, token| token.client != client || Some(token.person) != person);
                state.refresh.retain(|_, token| token.client != client || Some(token.person) != person);
                Reply::status(204)
            }
            _ => errors::not_found(),
        }
    }

    fn read(&self, state: &State, steps: &[&str], asked: &Asked) -> Reply {
        if steps == ["meta"] {
            return Reply::json(200, &json!({"verifiable_password_authentication": !self.enterprise}));
        }
        let caller = match self.caller(state, asked) {
            Ok(caller) => caller,
            Err(refused) => return *refused,
        };
        let reply = match steps {
            ["user"] => Reply::json(200, &self.private_user(caller.person)),
            ["user", "emails"] => {
                caller.with(&["user:email", "user"], || Reply::json(200, &Self::emails(caller.person)))
            }
            ["user", rest @ ..] => caller.with(&["read:org", "write:org", "admin:org", "user"], || {
                self.of_caller(state, &caller, rest, asked)
            }),
            ["orgs", org, rest @ ..] => match state.org(org) {
                None => errors::not_found(),
                Some(org) => match org.closed_to(caller.person.id) {
                    Some(why) => errors::closed(self, org, why),
                    None => self.of_org(state, &caller, org, rest, asked),
                },
            },
            ["rate_limit"] => Reply::json(200, &rate_limit(self.time.seconds())),
            _ => errors::not_found(),
        };
        reply
            .with("x-oauth-scopes", &caller.token.scopes.join(", "))
            .with("x-ratelimit-limit", "5000")
            .with("x-ratelimit-remaining", "4999")
            .with("x-ratelimit-reset", &(self.time.seconds() + 3600).to_string())
    }

    fn caller<'a>(&self, state: &'a State, asked: &Asked) -> Result<Caller<'a>, Box<Reply>> {
        let Some(text) = asked.bearer() else {
            return Err(Box::new(errors::basic(401, "Requires authentication")));
        };
        let token =
            state.tokens.get(text).filter(|token| token.ends.is_none_or(|ends| self.time.now() < ends));
        let found = token.and_then(|token| Some((token, state.by_id(token.person)?)));
        let Some((token, person)) = found else { return Err(Box::new(errors::bad_credentials())) };
        if person.suspended {
            return Err(Box::new(errors::suspended()));
        }
        Ok(Caller { person, token, scoped: text.starts_with("gho_") })
    }

    fn of_caller(&self, state: &State, caller: &Caller<'_>, rest: &[&str], asked: &Asked) -> Reply {
        let id = caller.person.id;
        let mine = || state.orgs.iter().filter(move |org| org.members.contains_key(&id));
        let open = || mine().filter(move |org| org.closed_to(id).is_none());
        let active = |org: &&Org| org.members.get(&id).is_some_and(|membership| !membership.pending);
        let described = |org: &Org| {
            org.members.get(&id).map(|membership| self.membership(org, caller.person, *membership))
        };
        let all: Vec<Value> = match rest {
            ["orgs"] => open().filter(active).map(|org| self.simple_org(org)).collect(),
            ["memberships", "orgs"] => {
                let wanted = asked.param("state");
                let fits = |told: &Value| wanted.is_none_or(|wanted| told["state"] == wanted);
                open().filter_map(described).filter(fits).collect()
            }
            ["memberships", "orgs", name] => {
                let org = mine().find(|org| org.login.eq_ignore_ascii_case(name));
                return match org.map(|org| (org, org.closed_to(id), described(org))) {
                    Some((org, Some(why), _)) => errors::closed(self, org, why),
                    Some((_, None, Some(told))) => Reply::json(200, &told),
                    _ => errors::not_found(),
                };
            }
            ["teams"] => {
                let of = |org: &Org| -> Vec<Value> {
                    let teams = org.teams.iter().filter(|team| team.members.contains(&id));
                    teams.map(|team| self.full_team(org, team)).collect()
                };
                open().filter(active).flat_map(of).collect()
            }
            _ => return errors::not_found(),
        };
        let hidden = mine().filter(|org| org.closed_to(id) == Some(Closed::WithoutSso));
        let hidden: Vec<String> = hidden.map(|org| org.id.to_string()).collect();
        let reply = paging::page(&self.web, asked, all);
        if hidden.is_empty() {
            return reply;
        }
        reply.with("x-github-sso", &format!("partial-results; organizations={}", hidden.join(",")))
    }

    fn of_org(&self, state: &State, caller: &Caller<'_>, org: &Org, rest: &[&str], asked: &Asked) -> Reply {
        let belongs = |id: u64| org.members.get(&id).is_some_and(|membership| !membership.pending);
        match rest {
            [] => return Reply::json(200, &self.full_org(org)),
            ["members", login] => {
                let member = state.person(login).is_some_and(|person| belongs(person.id));
                return if member { Reply::status(204) } else { errors::not_found() };
            }
            _ => {}
        }
        // Teams are for members only; to others they are not there.
        if !belongs(caller.person.id) {
            return errors::not_found();
        }
        caller.with(&["read:org", "write:org", "admin:org"], || match rest {
            ["teams"] => {
                paging::page(&self.web, asked, org.teams.iter().map(|team| self.team(org, team)).collect())
            }
            ["teams", slug] => found(org.team(slug), |team| self.full_team(org, team)),
            ["teams", slug, "memberships", login] => {
                let team = org.team(slug);
                let person = state.person(login);
                let both = team.zip(person).filter(|(team, person)| team.members.contains(&person.id));
                both.map_or_else(errors::not_found, |(team, person)| {
                    Reply::json(200, &self.team_membership(org, team, person))
                })
            }
            _ => errors::not_found(),
        })
    }
}

impl Caller<'_> {
    fn with(&self, accepted: &[&str], answer: impl FnOnce() -> Reply) -> Reply {
        let has = accepted.iter().any(|scope| self.token.scopes.iter().any(|granted| granted == scope));
        if has || !self.scoped {
            return answer();
        }
        errors::missing_scope(&accepted.join(", "), &self.token.scopes.join(", "))
    }
}

fn found(team: Option<&Team>, told: impl FnOnce(&Team) -> Value) -> Reply {
    team.map_or_else(errors::not_found, |team| Reply::json(200, &told(team)))
}

fn rate_limit(now: u64) -> Value {
    let rate = json!({"limit": 5000, "remaining": 4999, "reset": now + 3600, "used": 1});
    json!({"resources": {"core": rate, "search": rate}, "rate": rate})
}
