//! From a section to a backend.

mod hook;
mod tls;
mod url;
mod values;

use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::secret::Secret;
use dockgate_api::config::{GoDuration, KeyPath, Located, Remark, bounds};
use dockgate_api::{Authenticator, Authorizer, BuildContext, BuildError, Configure};
use dockgate_hooks::{Cache, CacheConfig, LimitsConfig, MaxConcurrent, MaxQueue};
use schemars::JsonSchema;
use serde::Deserialize;

use self::hook::HookKeys;
use self::tls::TlsConfig;
use self::values::BreakerConfig;
use crate::authenticator::HttpAuthenticator;
use crate::authorizer::HttpAuthorizer;
use crate::formats::{AuthnFormat, AuthnWord, AuthzFormat};

/// The section below `http_auth`.
#[derive(Deserialize, JsonSchema)]
pub struct HttpAuthConfig {
    /// Where to ask: `https://HOST/PATH`.
    #[schemars(with = "String")]
    url: Located<String>,
    /// What the documents are: `dockgate` (ours, the default), `opa` or `token_review`.
    #[serde(default)]
    #[schemars(with = "AuthnWord")]
    format: Option<Located<AuthnWord>>,
    /// For `token_review`: whom a token must be meant for; one of them will do.
    #[schemars(with = "Option<Vec<String>>")]
    audiences: Option<Located<Vec<String>>>,
    /// How long an answer may take; 5s if not given.
    #[serde(default = "values::timeout", deserialize_with = "bounds::time")]
    timeout: GoDuration,
    /// How often to try again where no connection could be made; 1 if not given.
    #[serde(default = "values::one", deserialize_with = "bounds::number::<0, 10, _, _>")]
    #[schemars(range(min = 0, max = 10))]
    retries: u32,
    /// Questions that are asked at a time; 64 if not given.
    max_concurrent: Option<MaxConcurrent>,
    /// Questions that may wait for their turn; further ones get 503 with Retry-After. 1000 if not given.
    max_queue: Option<MaxQueue>,
    /// How both sides prove who they are, where the site's own way will not do.
    tls: Option<TlsConfig>,
    /// What is sent as `Authorization: Bearer …`.
    #[schemars(with = "Option<String>")]
    bearer_token: Option<Located<Secret>>,
    /// A file that holds it, in place of `bearer_token`.
    #[schemars(with = "Option<String>")]
    bearer_token_file: Option<Located<PathBuf>>,
    /// What requests are signed with, after Standard Webhooks: `whsec_` and base64.
    #[schemars(with = "Option<String>")]
    signing_key: Option<Located<Secret>>,
    /// A file that holds it, in place of `signing_key`.
    #[schemars(with = "Option<String>")]
    signing_key_file: Option<Located<PathBuf>>,
    /// When a hook that fails is left alone.
    breaker: Option<BreakerConfig>,
    /// For how long answers are given again; not at all if not given.
    cache: Option<CacheConfig>,
}

/// The section below `http_authz`.
#[derive(Deserialize, JsonSchema)]
pub struct HttpAuthzConfig {
    /// Where to ask: `https://HOST/PATH`.
    #[schemars(with = "String")]
    url: Located<String>,
    /// What the documents are: `dockgate` (ours, the default), `opa` or `subject_access_review`.
    #[serde(default)]
    format: AuthzFormat,
    /// How long an answer may take; 5s if not given.
    #[serde(default = "values::timeout", deserialize_with = "bounds::time")]
    timeout: GoDuration,
    /// How often to try again where no connection could be made; 1 if not given.
    #[serde(default = "values::one", deserialize_with = "bounds::number::<0, 10, _, _>")]
    #[schemars(range(min = 0, max = 10))]
    retries: u32,
    /// Questions that are asked at a time; 64 if not given.
    max_concurrent: Option<MaxConcurrent>,
    /// Questions that may wait for their turn; further ones get 503 with Retry-After. 1000 if not given.
    max_queue: Option<MaxQueue>,
    /// How both sides prove who they are, where the site's own way will not do.
    tls: Option<TlsConfig>,
    /// What is sent as `Authorization: Bearer …`.
    #[schemars(with = "Option<String>")]
    bearer_token: Option<Located<Secret>>,
    /// A file that holds it, in place of `bearer_token`.
    #[schemars(with = "Option<String>")]
    bearer_token_file: Option<Located<PathBuf>>,
    /// What requests are signed with, after Standard Webhooks: `whsec_` and base64.
    #[schemars(with = "Option<String>")]
    signing_key: Option<Located<Secret>>,
    /// A file that holds it, in place of `signing_key`.
    #[schemars(with = "Option<String>")]
    signing_key_file: Option<Located<PathBuf>>,
    /// When a hook that fails is left alone.
    breaker: Option<BreakerConfig>,
    /// For how long answers are given again; not at all if not given.
    cache: Option<CacheConfig>,
}

impl Configure<dyn Authenticator> for HttpAuthConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut errors = BuildError::none();
        let format = format(self.format, self.audiences, &self.url, &mut errors);
        let keys = HookKeys {
            url: self.url,
            timeout: self.timeout.0,
            retries: self.retries,
            limits: LimitsConfig { max_concurrent: self.max_concurrent, max_queue: self.max_queue },
            tls: self.tls,
            bearer: (self.bearer_token, self.bearer_token_file),
            signing: (self.signing_key, self.signing_key_file),
            breaker: self.breaker.unwrap_or_default(),
        };
        let hook = keys.build("http_auth", cx, &mut errors);
        let (Some(hook), Some(format), true) = (hook, format, errors.is_empty()) else { return Err(errors) };
        let cache = self.cache.map_or_else(|| Ok(Cache::off()), |cache| cache.build(cx))?;
        Ok(Arc::new(HttpAuthenticator { hook: Arc::new(hook), format, cache }))
    }
}

impl Configure<dyn Authorizer> for HttpAuthzConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authorizer>, BuildError> {
        let mut errors = BuildError::none();
        let keys = HookKeys {
            url: self.url,
            timeout: self.timeout.0,
            retries: self.retries,
            limits: LimitsConfig { max_concurrent: self.max_concurrent, max_queue: self.max_queue },
            tls: self.tls,
            bearer: (self.bearer_token, self.bearer_token_file),
            signing: (self.signing_key, self.signing_key_file),
            breaker: self.breaker.unwrap_or_default(),
        };
        let hook = keys.build("http_authz", cx, &mut errors);
        let (Some(hook), true) = (hook, errors.is_empty()) else { return Err(errors) };
        let cache = self.cache.map_or_else(|| Ok(Cache::off()), |cache| cache.build(cx))?;
        let place = hook.shown.as_str().into();
        Ok(Arc::new(HttpAuthorizer { hook: Arc::new(hook), format: self.format, cache, place }))
    }
}

/// A token of which nobody asks whom it is for was perhaps made for somebody else, who could use it here.
fn format(
    word: Option<Located<AuthnWord>>,
    audiences: Option<Located<Vec<String>>>,
    url: &Located<String>,
    errors: &mut BuildError,
) -> Option<AuthnFormat> {
    let place = word.as_ref().map_or(&url.location, |word| &word.location);
    let format = match (word.as_ref().map(|word| word.value).unwrap_or_default(), &audiences) {
        (AuthnWord::TokenReview, Some(audiences)) => {
            if audiences.is_empty() || audiences.iter().any(String::is_empty) {
                let message = "write the names that tokens are made for, such as `[dockgate]`";
                errors.add(Remark::new(audiences.location.clone(), key("audiences"), message));
            }
            return Some(AuthnFormat::TokenReview(audiences.value.clone()));
        }
        (AuthnWord::TokenReview, None) => {
            let message = "`token_review` needs `audiences`: write `audiences: [dockgate]`, and have tokens made for it";
            errors.add(Remark::new(place.clone(), key("format"), message));
            return None;
        }
        (AuthnWord::Dockgate, _) => AuthnFormat::Dockgate,
        (AuthnWord::Opa, _) => AuthnFormat::Opa,
    };
    if let Some(audiences) = audiences {
        let message = "`audiences` are for `format: token_review`: take them away, or write that";
        errors.add(Remark::new(audiences.location.clone(), key("audiences"), message));
    }
    Some(format)
}

fn key(name: &str) -> KeyPath {
    KeyPath::root().key(name)
}
