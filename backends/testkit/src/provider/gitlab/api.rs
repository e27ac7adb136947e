//! The API: who asks, and what they are told.

use serde_json::{Value, json};

use super::super::{Asked, Reply, lock};
use super::state::{Group, Person, State};
use super::{Double, Level};

const USUAL: usize = 20;
const MOST: usize = 100;

impl Double {
    pub(super) fn api(&self, steps: &[&str], asked: &Asked) -> Reply {
        let state = lock(&self.state);
        let (person, scope) = match self.caller(&state, asked) {
            Ok(caller) => caller,
            Err(refused) => return *refused,
        };
        let may = |accepted: &[&str]| scope.split(' ').any(|granted| accepted.contains(&granted));
        if steps == ["user"] {
            if !may(&["api", "read_api", "read_user"]) {
                return insufficient("api read_api read_user");
            }
            return Reply::json(200, &self.person(person));
        }
        if !may(&["api", "read_api"]) {
            return insufficient("api read_api");
        }
        match steps {
            ["groups"] => self.groups(&state, person, asked),
            ["groups", key, rest @ ..] => {
                let seen = state.group(key).filter(|group| state.level(group, person.id).is_some());
                seen.map_or_else(no_group, |group| self.of_group(&state, group, rest))
            }
            _ => Reply::json(404, &json!({"error": "404 Not Found"})),
        }
    }

    fn caller<'a>(&self, state: &'a State, asked: &Asked) -> Result<(&'a Person, &'a str), Box<Reply>> {
        let unknown = || Box::new(Reply::json(401, &json!({"message": "401 Unauthorized"})));
        let token = asked.bearer().and_then(|text| state.tokens.get(text)).ok_or_else(unknown)?;
        let invalid = |why: &str| {
            let told = json!({"error": "invalid_token", "error_description": why});
            Err(Box::new(
                Reply::json(401, &told).with("www-authenticate", "Bearer realm=\"Protected by OAuth 2.0\""),
            ))
        };
        if token.revoked {
            return invalid("Token was revoked. You have to re-authorize from the user.");
        }
        if token.ends <= self.time.now() {
            return invalid("Token is expired. You can either do re-authorization or token refresh.");
        }
        let person = state.person(token.person).ok_or_else(unknown)?;
        if person.blocked {
            let why = json!({"message": "403 Forbidden - Your account has been blocked."});
            return Err(Box::new(Reply::json(403, &why)));
        }
        Ok((person, &token.scope))
    }

    fn person(&self, person: &Person) -> Value {
        let address = format!("{}@example.com", person.username);
        json!({
            "id": person.id, "username": person.username, "name": format!("The person {}", person.username),
            "state": "active", "locked": false, "avatar_url": null, "email": address, "public_email": null,
            "web_url": format!("{}/{}", self.origin, person.username), "created_at": "2020-01-01T00:00:00.000Z",
            "confirmed_at": "2020-01-01T00:00:00.000Z", "two_factor_enabled": true, "external": false, "bot": false,
        })
    }

    fn group(&self, state: &State, group: &Group) -> Value {
        let path = group.full_path.rsplit('/').next().unwrap_or_default();
        json!({
            "id": group.id, "name": path, "path": path, "full_path": group.full_path,
            "full_name": group.full_path.replace('/', " / "), "description": "", "visibility": "private",
            "parent_id": state.above(group).map(|above| above.id),
            "web_url": format!("{}/groups/{}", self.origin, group.full_path), "created_at": "2020-01-01T00:00:00.000Z",
        })
    }

    /// Those in which somebody has at least a level, of their own or from above.
    fn groups(&self, state: &State, person: &Person, asked: &Asked) -> Reply {
        let least =
            asked.param("min_access_level").and_then(|text| text.parse::<u8>().ok()).unwrap_or_default();
        let top = asked.param("top_level_only") == Some("true");
        let fits = |group: &&Group| {
            let enough = state.level(group, person.id).is_some_and(|level| level as u8 >= least);
            enough && !(top && group.full_path.contains('/'))
        };
        let groups = state.groups.iter().filter(fits).map(|group| self.group(state, group)).collect();
        page(&self.origin, asked, groups)
    }

    fn of_group(&self, state: &State, group: &Group, rest: &[&str]) -> Reply {
        let member = |id: &str, level: &dyn Fn(&Person) -> Option<Level>| {
            let person = state.people.iter().find(|person| person.id.to_string() == id);
            let found = person.and_then(|person| Some((person, level(person)?)));
            found.map_or_else(no_member, |(person, level)| Reply::json(200, &self.member(person, level)))
        };
        match rest {
            [] => Reply::json(200, &self.group(state, group)),
            ["members", "all", id] => member(id, &|person| state.level(group, person.id)),
            ["members", id] => member(id, &|person| group.members.get(&person.id).copied()),
            _ => Reply::json(404, &json!({"error": "404 Not Found"})),
        }
    }

    fn member(&self, person: &Person, level: Level) -> Value {
        json!({
            "id": person.id, "username": person.username, "name": format!("The person {}", person.username),
            "state": if person.blocked { "blocked" } else { "active" }, "avatar_url": null,
            "web_url": format!("{}/{}", self.origin, person.username), "access_level": level as u8, "expires_at": null,
            "membership_state": "active",
        })
    }
}

fn no_group() -> Reply {
    Reply::json(404, &json!({"message": "404 Group Not Found"}))
}

fn no_member() -> Reply {
    Reply::json(404, &json!({"message": "404 Not found"}))
}

fn insufficient(accepted: &str) -> Reply {
    let why = "The request requires higher privileges than provided by the access token.";
    Reply::json(403, &json!({"error": "insufficient_scope", "error_description": why, "scope": accepted}))
}

/// A page by its number, with links and with numbers in headers of GitLab's own.
fn page(origin: &str, asked: &Asked, all: Vec<Value>) -> Reply {
    let number = |name: &str| asked.param(name).and_then(|text| text.parse::<usize>().ok());
    let per_page = number("per_page").unwrap_or(USUAL).clamp(1, MOST);
    let page = number("page").unwrap_or(1).max(1);
    let (total, pages) = (all.len(), all.len().div_ceil(per_page).max(1));
    let shown = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    let link = |page: usize, rel: &str| {
        format!("<{origin}{}>; rel=\"{rel}\"", asked.target_with("page", &page.to_string()))
    };
    let next = (page < pages).then_some(page + 1);
    let mut links: Vec<String> = next.iter().map(|next| link(*next, "next")).collect();
    links.extend([link(1, "first"), link(pages, "last")]);
    Reply::json(200, &Value::Array(shown))
        .with("link", &links.join(", "))
        .with("x-next-page", &next.map_or_else(String::new, |next| next.to_string()))
        .with("x-page", &page.to_string())
        .with("x-per-page", &per_page.to_string())
        .with("x-total", &total.to_string())
        .with("x-total-pages", &pages.to_string())
}
