//! The document that a program or web hook is handed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use dockgate_api::config::Moment;
use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{AccessRequest, LabelValue, Labels, Login};
use serde::Serialize;

/// The version of the documents. It changes when a reader of the old ones would misunderstand the new ones; a key more
/// is no new version.
pub const VERSION: u32 = 1;

/// One question, as the document that asks it.
#[derive(Clone, Debug)]
pub struct Question(SecretString);

#[derive(Serialize)]
struct LoginDocument<'a> {
    version: u32,
    question: &'static str,
    account: &'a str,
    password: &'a str,
    client_ip: Option<IpAddr>,
    service: &'a str,
}

#[derive(Serialize)]
struct AccessDocument<'a> {
    version: u32,
    question: &'static str,
    identity: IdentityDocument<'a>,
    service: &'a str,
    client_ip: Option<IpAddr>,
    resource: ResourceDocument<'a>,
    actions: Vec<&'a str>,
}

#[derive(Serialize)]
struct IdentityDocument<'a> {
    link: &'a str,
    subject: &'a str,
    account: &'a str,
    labels: BTreeMap<&'a str, Vec<&'a str>>,
    expires_at: Option<Moment>,
    credential: Option<&'a str>,
}

#[derive(Serialize)]
struct ResourceDocument<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    class: Option<&'a str>,
    name: &'a str,
}

impl Question {
    /// Who is this? The password is part of the document; an absent one is "".
    pub fn who(login: &Login, password: &SecretString) -> Self {
        Self::of(&LoginDocument {
            version: VERSION,
            question: "authenticate",
            account: &login.account,
            password: password.expose_secret(),
            client_ip: login.client_ip,
            service: &login.service,
        })
    }

    /// What may they do?
    pub fn what(request: &AccessRequest<'_>) -> Self {
        let identity = request.identity;
        Self::of(&AccessDocument {
            version: VERSION,
            question: "authorize",
            identity: IdentityDocument {
                link: &identity.link,
                subject: &identity.subject,
                account: &identity.account,
                labels: texts(&identity.labels),
                expires_at: identity.expires_at.map(Moment),
                credential: identity.credential.as_ref().map(|credential| credential.0.as_str()),
            },
            service: request.service,
            client_ip: request.client_ip,
            resource: ResourceDocument {
                kind: &request.resource.kind,
                class: request.resource.class.as_deref(),
                name: &request.resource.name,
            },
            actions: request.actions.iter().collect(),
        })
    }

    fn of(document: &impl Serialize) -> Self {
        // Texts, numbers and lists of them: nothing in the documents can fail to be written.
        Self(serde_json::to_string(document).unwrap_or_default().into())
    }

    /// The document, in one line.
    pub fn as_json(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The values of labels, whatever they may do in rules.
fn texts(labels: &Labels) -> BTreeMap<&str, Vec<&str>> {
    labels.iter().map(|(name, values)| (name, values.iter().map(LabelValue::as_str).collect())).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use dockgate_api::{Credential, Identity, Resource};

    use super::*;

    #[test]
    fn says_who_asks_for_what_and_from_where() {
        let login = Login::new("al\"ice", Credential::None)
            .from_ip(Some("192.0.2.1".parse().unwrap()))
            .for_service("registry.example.com");
        let question = Question::who(&login, &SecretString::from("pass\nword"));
        assert_eq!(
            question.as_json(),
            r#"{"version":1,"question":"authenticate","account":"al\"ice","password":"pass\nword","client_ip":"192.0.2.1","service":"registry.example.com"}"#
        );
        assert!(!format!("{question:?}").contains("pass"), "{question:?}");

        let mut labels = Labels::new();
        labels.add("groups", LabelValue::Literal("dev".into()));
        labels.add("groups", LabelValue::Pattern("ops/*".into()));
        let identity = Identity::new("alice")
            .with_labels(labels)
            .with_expires_at(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_268_800)));
        let resource = Resource::repository("team/app").with_class("plugin");
        let actions = ["push", "pull"].into_iter().collect();
        let request = AccessRequest::new(&identity, "registry.example.com", &resource, &actions);
        assert_eq!(
            Question::what(&request).as_json(),
            r#"{"version":1,"question":"authorize","identity":{"link":"","subject":"alice","account":"alice","labels":{"groups":["dev","ops/*"]},"expires_at":"2026-01-01T12:00:00Z","credential":null},"service":"registry.example.com","client_ip":null,"resource":{"type":"repository","class":"plugin","name":"team/app"},"actions":["pull","push"]}"#
        );
    }
}
