//! What a provider says of itself (OpenID Connect Discovery 1.0, section 3).

use dockgate_api::BackendError;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::flow::is_on_this_machine;

/// The part of it that is of use here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Document {
    issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    pub(crate) jwks_uri: String,
    pub(crate) userinfo_endpoint: Option<String>,
    pub(crate) end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Document {
    /// Reads the document of an issuer.
    ///
    /// # Errors
    /// If it is another's, or sends us where nothing is protected.
    pub(crate) fn read(issuer: &str, document: Map<String, Value>) -> Result<Self, BackendError> {
        let wrong = |why: String| Err(BackendError::Protocol(format!("the discovery document: {why}")));
        let Ok(document) = serde_json::from_value::<Self>(Value::Object(document)) else {
            return wrong("an endpoint is missing, or is no text".to_owned());
        };
        if document.issuer != issuer {
            let found = document.issuer.escape_debug().to_string();
            let found = found.chars().take(300).collect::<String>();
            let cure = "if that is the right one, write it so, to the last slash";
            return wrong(format!("its issuer is `{found}`, not `{issuer}`: {cure}"));
        }
        for (name, endpoint) in document.endpoints() {
            if !may_be_asked(issuer, endpoint) {
                return wrong(format!("`{name}` is no https URL"));
            }
        }
        Ok(document)
    }

    fn endpoints(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let needed = [
            ("authorization_endpoint", &self.authorization_endpoint),
            ("token_endpoint", &self.token_endpoint),
            ("jwks_uri", &self.jwks_uri),
        ];
        let optional = [
            ("userinfo_endpoint", &self.userinfo_endpoint),
            ("end_session_endpoint", &self.end_session_endpoint),
        ];
        let optional = optional.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?)));
        needed.into_iter().chain(optional).map(|(name, url)| (name, url.as_str()))
    }

    /// Whether the client's secret goes into the body of a request, since its head is not looked at.
    pub(crate) fn wants_secret_in_body(&self) -> bool {
        self.token_endpoint_auth_methods_supported.as_ref().is_some_and(|methods| {
            let has = |wanted: &str| methods.iter().any(|method| method == wanted);
            !has("client_secret_basic") && has("client_secret_post")
        })
    }

    /// Whether every callback names its issuer (RFC 9207, section 3).
    pub(crate) fn names_itself(&self) -> bool {
        self.authorization_response_iss_parameter_supported
    }
}

/// Only a provider on this machine may do without TLS, and only for itself.
fn may_be_asked(issuer: &str, endpoint: &str) -> bool {
    let Ok(url) = Url::parse(endpoint) else { return false };
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    is_plain
        && match url.scheme() {
            "https" => true,
            "http" => issuer.starts_with("http://") && is_on_this_machine(&url),
            _ => false,
        }
}
