//! The server, as programs without a browser see it: RFC 8414 says where, RFC 8628 and RFC 6749 say what.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{
    BackendError, Call, HttpClient, HttpRequest, HttpResponse, HttpSettings, Outbound as _, RequestId,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use super::web_url::WebUrl;
use crate::outbound::Site;
use crate::outside::Outside;
use crate::scope::is_unprintable;

/// What the program calls itself.
pub(crate) const CLIENT_ID: &str = "dockgate";
/// Every answer is a few hundred bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What the server says of itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Endpoints {
    pub(crate) issuer: String,
    pub(crate) device_authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    #[serde(default)]
    pub(crate) revocation_endpoint: Option<String>,
    /// The registries that its credentials are for (an extension).
    #[serde(default)]
    pub(crate) registries: Vec<String>,
}

/// Both codes (RFC 8628, section 3.2).
#[derive(Deserialize)]
pub(crate) struct CodeAnswer {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    pub(crate) verification_uri: String,
    pub(crate) expires_in: u64,
    #[serde(default)]
    pub(crate) interval: Option<u64>,
}

/// A credential (our own fields: it is no OAuth access token).
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    pub(crate) account: String,
    #[serde(rename = "password")]
    pub(crate) secret: String,
    #[serde(default)]
    pub(crate) expires_in: Option<u64>,
    #[serde(default)]
    pub(crate) registries: Vec<String>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

/// Why there is no credential (yet).
#[derive(Debug)]
pub(crate) enum NotGiven {
    /// Nobody has confirmed yet.
    Pending,
    /// The same, and it was asked too often.
    SlowDown,
    /// There will be none.
    Over(String),
    /// The server did not answer.
    Unanswered(String),
}

/// Why a credential is not renewed.
#[derive(Debug)]
pub(crate) enum NotRenewed {
    /// The server knows it no more.
    Refused,
    /// The server did not answer.
    Unanswered,
}

/// Asks servers, each time with a deadline.
pub(crate) struct Remote<'a> {
    client: Arc<dyn HttpClient>,
    runtime: Runtime,
    outside: &'a Outside,
}

impl<'a> Remote<'a> {
    /// With authorities of a PEM file beside the system's, and the proxies that the environment names.
    ///
    /// # Errors
    /// Which of them cannot be used.
    pub(crate) fn new(ca: Option<&Path>, outside: &'a Outside) -> Result<Self, String> {
        let authorities = match ca {
            Some(file) => authorities(file).map_err(|why| format!("{}: {why}", file.display()))?,
            None => Vec::new(),
        };
        let client =
            Site::new(authorities, outside).client(HttpSettings::new()).map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
        Ok(Self { client, runtime, outside })
    }

    /// Finds out what the server can. The URL is any of its own, or a registry's that sends its clients there. Answers too
    /// whether it was a registry's.
    ///
    /// # Errors
    /// Why it is not known.
    pub(crate) fn discover(&self, url: &WebUrl, within: Duration) -> Result<(Endpoints, bool), String> {
        let end = Instant::now() + within;
        if let Some(found) = self.described(url, end)? {
            return Ok((found, false));
        }
        let none = || {
            format!(
                "{} offers no device login: is it the server where you sign in, and is `login:` in its configuration?",
                url.origin()
            )
        };
        let challenge = self.send(get(format!("{}/v2/", url.origin())), end)?;
        let mut realms = challenge.headers.iter().filter(|(name, _)| name == "www-authenticate");
        let realm = realms.find_map(|(_, value)| realm_of(value)).ok_or_else(none)?;
        let realm = WebUrl::parse(&realm)
            .map_err(|why| format!("the registry sends its clients elsewhere: {why}"))?;
        self.described(&realm, end)?.map(|found| (found, true)).ok_or_else(none)
    }

    fn described(&self, url: &WebUrl, end: Instant) -> Result<Option<Endpoints>, String> {
        for place in url.places() {
            let answer = self.send(get(place), end)?;
            let found = (answer.status == 200).then(|| read::<Endpoints>(&answer)).flatten();
            let Some(found) = found.filter(|found| !found.issuer.contains(is_unprintable)) else { continue };
            for endpoint in [Some(&found.device_authorization_endpoint), Some(&found.token_endpoint)]
                .into_iter()
                .chain([found.revocation_endpoint.as_ref()])
                .flatten()
            {
                if WebUrl::parse(endpoint).is_ok_and(|endpoint| endpoint.origin() == url.origin()) {
                    continue;
                }
                return Err(format!(
                    "{} calls itself {}: ask it by that name, or correct its `login.public_url`",
                    url.origin(),
                    found.issuer
                ));
            }
            return Ok(Some(found));
        }
        Ok(None)
    }

    /// Asks for both codes.
    ///
    /// # Errors
    /// Why there are none.
    pub(crate) fn codes(
        &self,
        endpoints: &Endpoints,
        name: &str,
        scope: &str,
        within: Duration,
    ) -> Result<CodeAnswer, String> {
        let mut form = vec![("client_id", CLIENT_ID), ("client_name", name)];
        if !scope.is_empty() {
            form.push(("scope", scope));
        }
        let answer =
            self.send(post(&endpoints.device_authorization_endpoint, &form), Instant::now() + within)?;
        match answer.status {
            200 => read(&answer).ok_or_else(|| not_understood(&endpoints.issuer)),
            _ => Err(format!("{} gives no code: {}", endpoints.issuer, why(&answer))),
        }
    }

    /// Asks whether somebody has confirmed.
    ///
    /// # Errors
    /// Why there is no credential (yet).
    pub(crate) fn poll(
        &self,
        endpoints: &Endpoints,
        device_code: &str,
        within: Duration,
    ) -> Result<TokenAnswer, NotGiven> {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", device_code),
            ("client_id", CLIENT_ID),
        ];
        let answer = self.send(post(&endpoints.token_endpoint, &form), Instant::now() + within);
        let answer = answer.map_err(NotGiven::Unanswered)?;
        if answer.status == 200 {
            return read(&answer).ok_or_else(|| NotGiven::Over(not_understood(&endpoints.issuer)));
        }
        let refused: Option<Refused> = read(&answer);
        Err(match refused.as_ref().map(|refused| refused.error.as_str()) {
            Some("authorization_pending") => NotGiven::Pending,
            Some("slow_down") => NotGiven::SlowDown,
            Some("expired_token") => NotGiven::Over("nobody has confirmed in time".to_owned()),
            Some("access_denied") => NotGiven::Over(format!("it was refused: {}", why(&answer))),
            _ if answer.status == 429 || answer.status >= 500 => NotGiven::Unanswered(why(&answer)),
            _ => NotGiven::Over(why(&answer)),
        })
    }

    /// Shows a credential and gets the next one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn renew(
        &self,
        token_endpoint: &str,
        secret: &str,
        within: Duration,
    ) -> Result<TokenAnswer, NotRenewed> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", secret), ("client_id", CLIENT_ID)];
        let answer = self.send(post(token_endpoint, &form), Instant::now() + within);
        let answer = answer.map_err(|_| NotRenewed::Unanswered)?;
        let refused = |answer: &HttpResponse| {
            read::<Refused>(answer).is_some_and(|refused| refused.error == "invalid_grant")
        };
        match answer.status {
            200 => read(&answer).ok_or(NotRenewed::Unanswered),
            400 | 401 if refused(&answer) => Err(NotRenewed::Refused),
            _ => Err(NotRenewed::Unanswered),
        }
    }

    /// Gives a credential back (RFC 7009).
    ///
    /// # Errors
    /// If the server did not take it.
    pub(crate) fn revoke(&self, endpoint: &str, secret: &str, within: Duration) -> Result<(), String> {
        let form = [("token", secret), ("client_id", CLIENT_ID)];
        let answer = self.send(post(endpoint, &form), Instant::now() + within)?;
        if answer.status == 200 { Ok(()) } else { Err(why(&answer)) }
    }

    fn send(&self, request: HttpRequest, end: Instant) -> Result<HttpResponse, String> {
        WebUrl::parse(&request.url)?;
        let cx = Call::new(self.outside.clock.now(), end, RequestId::from_bits(0));
        let answer = self.runtime.block_on(self.client.send(&cx, request));
        answer.map_err(|error| match error {
            // The text is for a server's configuration.
            BackendError::Unavailable(text) | BackendError::Protocol(text) | BackendError::Timeout(text) => {
                text.replace("`outbound.ca_bundle`", "`--ca FILE`")
            }
            error => error.to_string(),
        })
    }
}

fn authorities(file: &Path) -> Result<Vec<rustls_pki_types::CertificateDer<'static>>, String> {
    let pem = dockgate_api::read_file(file, 1024 * 1024).map_err(|error| error.to_string())?;
    dockgate_tls::authorities(&pem)
}

fn get(url: String) -> HttpRequest {
    let mut request = HttpRequest::new("GET", url);
    request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    request.max_response = LONGEST_ANSWER;
    request
}

fn post(url: &str, form: &[(&str, &str)]) -> HttpRequest {
    let mut request = HttpRequest::new("POST", url);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    request.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    request.body = body.into_bytes();
    request.max_response = LONGEST_ANSWER;
    request
}

fn read<T: DeserializeOwned>(answer: &HttpResponse) -> Option<T> {
    serde_json::from_slice(&answer.body).ok()
}

/// What the server says, for a terminal.
fn why(answer: &HttpResponse) -> String {
    let told = read::<Refused>(answer).map(|refused| refused.error_description.unwrap_or(refused.error));
    told.map_or_else(
        || format!("it answers {}", answer.status),
        |told| crate::access::explanation::shown(&told),
    )
}

fn not_understood(server: &str) -> String {
    format!("{server} answers what cannot be understood: is it another version?")
}

/// The realm of a challenge such as `Bearer realm="https://auth.example.com/auth",service="…"` (RFC 9110, section 11.6.1).
fn realm_of(challenge: &str) -> Option<String> {
    let (scheme, rest) = challenge.trim().split_once(' ')?;
    let at = rest.to_ascii_lowercase().find("realm=\"").filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
    rest.get(at + "realm=\"".len()..)?.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_names_the_server() {
        for (challenge, realm) in [
            (r#"Bearer realm="https://a.example/auth",service="r""#, Some("https://a.example/auth")),
            (r#"bearer service="r",Realm="https://a.example/auth""#, Some("https://a.example/auth")),
            (r#"Basic realm="https://a.example/auth""#, None),
            ("Bearer", None),
            ("", None),
        ] {
            assert_eq!(realm_of(challenge).as_deref(), realm, "{challenge}");
        }
    }
}
