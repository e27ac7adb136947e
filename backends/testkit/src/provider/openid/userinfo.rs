//! Userinfo (OpenID Connect Core 1.0, section 5.3).

use serde_json::Value;

use super::super::{Asked, Reply, lock};
use super::{Attack, Double};

impl Double {
    pub(super) fn userinfo(&self, asked: &Asked) -> Reply {
        let state = lock(&self.state);
        let token = asked.bearer().and_then(|text| state.access.get(text));
        let found = token
            .filter(|token| self.time.now() < token.ends)
            .and_then(|token| Some((&token.subject, state.people.get(&token.subject)?)));
        let Some((subject, claims)) = found else {
            return Reply::status(401).with("www-authenticate", "Bearer error=\"invalid_token\"");
        };
        let subject = match &state.attack {
            Some(Attack::UserinfoSubject(other)) => other.clone(),
            _ => subject.clone(),
        };
        let mut claims = claims.clone();
        claims.insert("sub".to_owned(), subject.into());
        Reply::json(200, &Value::Object(claims))
    }
}
