//! What a token request says, in its query and its form.

use dockgate_api::secrecy::SecretString;

use crate::credentials::recognise;

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
    pub(super) refresh_token: Option<SecretString>,
    /// Whether the client wants something to come back with: `offline_token=true`, or `access_type=offline`.
    pub(super) offline: bool,
    pub(super) scopes: Vec<String>,
}

impl Params {
    /// Whether both halves of a login are there (RFC 6749, section 4.3.2).
    pub(super) fn names_somebody(&self) -> bool {
        self.username.as_ref().is_some_and(|name| !name.is_empty()) && self.password.is_some()
    }

    /// Whether it is the grant of a refresh token (RFC 6749, section 6).
    pub(super) fn grants_by_refresh_token(&self) -> bool {
        self.grant_type.as_deref() == Some("refresh_token")
    }

    /// Whether a credential of ours is shown as a refresh token.
    pub(super) fn refreshes(&self) -> bool {
        self.refresh_token.as_ref().is_some_and(|token| recognise(token).is_some())
    }

    /// Reads a query and a form. Credentials in a URL would end in every log on the way: they are not read there.
    pub(super) fn read(query: &str, form: &[u8]) -> Self {
        let mut params = Self::default();
        for (name, value) in form_urlencoded::parse(form) {
            match name.as_ref() {
                "username" => _ = params.username.get_or_insert_with(|| value.into_owned()),
                "password" => {
                    _ = params.password.get_or_insert_with(|| SecretString::from(value.into_owned()));
                }
                "refresh_token" => {
                    _ = params.refresh_token.get_or_insert_with(|| SecretString::from(value.into_owned()));
                }
                "grant_type" => _ = params.grant_type.get_or_insert_with(|| value.into_owned()),
                _ => params.add(&name, value.into_owned()),
            }
        }
        let of_form = std::mem::take(&mut params.scopes);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            params.add(&name, value.into_owned());
        }
        params.scopes.extend(of_form);
        params
    }

    fn add(&mut self, name: &str, value: String) {
        match name {
            "scope" => self.scopes.push(value),
            "service" => _ = self.service.get_or_insert(value),
            "account" => _ = self.account.get_or_insert(value),
            "client_id" => _ = self.client_id.get_or_insert(value),
            "offline_token" => self.offline |= value == "true" || value == "1",
            "access_type" => self.offline |= value == "offline",
            _ => {}
        }
    }
}
