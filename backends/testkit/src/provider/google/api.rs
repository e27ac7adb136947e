//! The directory: people, and the groups that they are in.

use serde_json::{Value, json};

use super::super::{Asked, Reply, lock};
use super::{Double, GROUPS_SCOPE, USERS_SCOPE};

/// `groups.list`: 200 if not said, and never more.
const MOST: usize = 200;

impl Double {
    pub(super) fn api(&self, steps: &[&str], asked: &Asked) -> Reply {
        let scope = if steps.first() == Some(&"users") { USERS_SCOPE } else { GROUPS_SCOPE };
        if let Err(refused) = self.may(asked, scope) {
            return *refused;
        }
        match steps {
            ["groups"] => self.groups(asked),
            ["groups", group, "hasMember", member] => {
                let state = lock(&self.state);
                match state.groups.get(*group) {
                    None => failure(404, "notFound", "Resource Not Found: groupKey"),
                    Some(members) => Reply::json(200, &json!({"isMember": members.contains(*member)})),
                }
            }
            ["users", person] => {
                let state = lock(&self.state);
                match state.people.get(*person) {
                    None => failure(404, "notFound", "Resource Not Found: userKey"),
                    Some(suspended) => Reply::json(
                        200,
                        &json!({
                            "kind": "admin#directory#user", "id": id(person), "primaryEmail": person,
                            "suspended": suspended, "archived": false, "isAdmin": false,
                        }),
                    ),
                }
            }
            _ => failure(404, "notFound", "Not Found"),
        }
    }

    /// The groups of which somebody is directly a member; a list without groups has no field for them.
    fn groups(&self, asked: &Asked) -> Reply {
        let state = lock(&self.state);
        let Some(person) = asked.param("userKey") else {
            return failure(400, "badRequest", "Bad Request: say userKey");
        };
        if !state.people.contains_key(person) && !state.groups.contains_key(person) {
            return failure(404, "notFound", "Resource Not Found: userKey");
        }
        let number = |name: &str| asked.param(name).and_then(|text| text.parse::<usize>().ok());
        let (most, from) =
            (number("maxResults").unwrap_or(MOST).clamp(1, MOST), number("pageToken").unwrap_or(0));
        let mine = state.groups.iter().filter(|(_, members)| members.contains(person));
        let mine: Vec<Value> = mine
            .map(|(mail, members)| {
                let name = mail.split('@').next().unwrap_or_default();
                json!({
                    "kind": "admin#directory#group", "id": id(mail), "etag": "\"1\"", "email": mail, "name": name,
                    "directMembersCount": members.len().to_string(), "description": "", "adminCreated": true,
                })
            })
            .collect();
        let total = mine.len();
        let shown: Vec<Value> = mine.into_iter().skip(from).take(most).collect();
        let mut told = json!({"kind": "admin#directory#groups", "etag": "\"1\""});
        if let Value::Object(fields) = &mut told {
            if from + shown.len() < total {
                fields.insert("nextPageToken".to_owned(), (from + shown.len()).to_string().into());
            }
            if !shown.is_empty() {
                fields.insert("groups".to_owned(), shown.into());
            }
        }
        Reply::json(200, &told)
    }
}

fn id(mail: &str) -> String {
    mail.bytes().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn failure(status: u16, reason: &str, message: &str) -> Reply {
    let one = json!({"message": message, "domain": "global", "reason": reason});
    Reply::json(status, &json!({"error": {"code": status, "message": message, "errors": [one]}}))
}
