//! What a token request says, in its query and its form.

use dockgate_api::secrecy::SecretString;

/// The parameters of a token request (distribution, `docs/content/spec/auth/{token,oauth}.md`). Where one that may
/// stand once stands twice, the first counts, as in docker_auth, and the form before the query.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) service: Option<String>,
    pub(super) account: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) grant_type: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) scopes: Vec<String>,
}

impl Params {
    /// Whether both halves of a login are there.
    pub(super) fn names_somebody(&self) -> bool {
        self.username.as_ref().is_some_and(|name| !name.is_empty()) && self.password.is_some()
    }

    /// Adds what an encoded query may say. Credentials in a URL would end in every log on the way: they are not read.
    pub(super) fn add_query(&mut self, encoded: &str) {
        for (name, value) in form_urlencoded::parse(encoded.as_bytes()) {
            self.add(&name, value.into_owned());
        }
    }

    /// Adds what an encoded form may say.
    pub(super) fn add_form(&mut self, encoded: &[u8]) {
        for (name, value) in form_urlencoded::parse(encoded) {
            match name.as_ref() {
                "username" => _ = self.username.get_or_insert_with(|| value.into_owned()),
                "password" => _ = self.password.get_or_insert_with(|| SecretString::from(value.into_owned())),
                "grant_type" => _ = self.grant_type.get_or_insert_with(|| value.into_owned()),
                _ => self.add(&name, value.into_owned()),
            }
        }
    }

    fn add(&mut self, name: &str, value: String) {
        match name {
            "scope" => self.scopes.push(value),
            "service" => _ = self.service.get_or_insert(value),
            "account" => _ = self.account.get_or_insert(value),
            "client_id" => _ = self.client_id.get_or_insert(value),
            _ => {}
        }
    }
}
