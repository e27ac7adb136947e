//! People, organizations and teams, as the API describes them.

use serde_json::{Value, json};

use super::Double;
use super::state::{Membership, Org, Person, State, Team};

const SINCE: &str = "2020-01-01T00:00:00Z";

impl Double {
    /// What is said of somebody anywhere.
    pub(super) fn simple_user(&self, person: &Person) -> Value {
        let (login, api) = (&person.login, format!("{}/users/{}", self.api, person.login));
        json!({
            "login": login, "id": person.id, "node_id": format!("U_{}", person.id), "gravatar_id": "",
            "avatar_url": format!("{}/avatars/u/{}", self.web, person.id), "url": api,
            "html_url": format!("{}/{login}", self.web), "followers_url": format!("{api}/followers"),
            "following_url": format!("{api}/following{{/other_user}}"), "gists_url": format!("{api}/gists{{/gist_id}}"),
            "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{api}/subscriptions"), "organizations_url": format!("{api}/orgs"),
            "repos_url": format!("{api}/repos"), "events_url": format!("{api}/events{{/privacy}}"),
            "received_events_url": format!("{api}/received_events"), "type": "User", "site_admin": false,
        })
    }

    /// What somebody is told of themselves.
    pub(super) fn private_user(&self, person: &Person) -> Value {
        let more = json!({
            "name": format!("The person {}", person.login), "company": null, "blog": "", "location": null, "email": null,
            "hireable": null, "bio": null, "twitter_username": null, "public_repos": 0, "public_gists": 0,
            "followers": 0, "following": 0, "created_at": SINCE, "updated_at": SINCE, "private_gists": 0,
            "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0,
            "two_factor_authentication": true,
        });
        together(self.simple_user(person), more)
    }

    pub(super) fn simple_org(&self, org: &Org) -> Value {
        let api = format!("{}/orgs/{}", self.api, org.login);
        json!({
            "login": org.login, "id": org.id, "node_id": format!("O_{}", org.id), "url": api,
            "repos_url": format!("{api}/repos"), "events_url": format!("{api}/events"),
            "hooks_url": format!("{api}/hooks"), "issues_url": format!("{api}/issues"),
            "members_url": format!("{api}/members{{/member}}"),
            "public_members_url": format!("{api}/public_members{{/member}}"),
            "avatar_url": format!("{}/avatars/u/{}", self.web, org.id), "description": "",
        })
    }

    pub(super) fn full_org(&self, org: &Org) -> Value {
        let more = json!({
            "name": org.login, "html_url": format!("{}/{}", self.web, org.login), "has_organization_projects": true,
            "has_repository_projects": true, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
            "type": "Organization", "created_at": SINCE, "updated_at": SINCE, "archived_at": null,
        });
        together(self.simple_org(org), more)
    }

    fn simple_team(&self, org: &Org, team: &Team) -> Value {
        let api = format!("{}/organizations/{}/team/{}", self.api, org.id, team.id);
        json!({
            "id": team.id, "node_id": format!("T_{}", team.id), "url": api, "members_url": format!("{api}/members{{/member}}"),
            "name": team.slug.replace('-', " "), "description": "", "permission": "pull", "privacy": "closed",
            "notification_setting": "notifications_enabled", "slug": team.slug, "repositories_url": format!("{api}/repos"),
            "html_url": format!("{}/orgs/{}/teams/{}", self.web, org.login, team.slug), "type": "organization",
            "organization_id": org.id,
        })
    }

    /// A team with its parent, of which the parent is not told.
    pub(super) fn team(&self, org: &Org, team: &Team) -> Value {
        let parent = org.teams.iter().find(|candidate| Some(candidate.id) == team.parent);
        let parent = parent.map_or(Value::Null, |parent| self.simple_team(org, parent));
        together(self.simple_team(org, team), json!({"parent": parent}))
    }

    pub(super) fn full_team(&self, org: &Org, team: &Team) -> Value {
        let more = json!({
            "members_count": team.members.len(), "repos_count": 0, "created_at": SINCE, "updated_at": SINCE,
            "organization": self.full_org(org),
        });
        together(self.team(org, team), more)
    }

    pub(super) fn membership(&self, org: &Org, person: &Person, membership: Membership) -> Value {
        let api = format!("{}/orgs/{}", self.api, org.login);
        json!({
            "url": format!("{api}/memberships/{}", person.login), "organization_url": api,
            "state": if membership.pending { "pending" } else { "active" },
            "role": if membership.admin { "admin" } else { "member" }, "direct_membership": true,
            "organization": self.simple_org(org), "user": self.simple_user(person),
        })
    }

    pub(super) fn team_membership(&self, org: &Org, team: &Team, person: &Person) -> Value {
        let url =
            format!("{}/organizations/{}/team/{}/memberships/{}", self.api, org.id, team.id, person.login);
        json!({"url": url, "role": "member", "state": "active"})
    }

    pub(super) fn emails(person: &Person) -> Value {
        let address = format!("{}@example.com", person.login);
        json!([{"email": address, "primary": true, "verified": true, "visibility": "private"}])
    }

    /// What the app is told of a token of its own.
    pub(super) fn authorization(&self, state: &State, client: &str, text: &str) -> Option<Value> {
        let token = state.tokens.get(text).filter(|token| token.client == client)?;
        let person = state.by_id(token.person)?;
        let last = text.get(text.len().saturating_sub(8)..).unwrap_or_default();
        Some(json!({
            "id": 1, "url": format!("{}/authorizations/1", self.api), "scopes": token.scopes, "token": text,
            "token_last_eight": last, "hashed_token": "", "note": null, "note_url": null, "fingerprint": null,
            "app": {"client_id": client, "name": client, "url": self.web}, "created_at": SINCE, "updated_at": SINCE,
            "expires_at": null, "user": self.simple_user(person),
        }))
    }
}

fn together(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}
