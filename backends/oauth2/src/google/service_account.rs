//! A service account of Google's, which may ask in an administrator's name (RFC 7523, section 2.1).

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BackendError, Call, HttpRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::oidc::{Fetched, Web, read};

/// What groups are read with, and nothing else.
const SCOPE: &str = "https://www.googleapis.com/auth/admin.directory.group.readonly";
/// Google takes no longer one.
const LIFETIME: Duration = Duration::from_hours(1);
/// An access token is not used up to its last moment.
const SPARE: Duration = Duration::from_secs(60);
/// What Google's key files say.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// The account, in the name of an administrator.
pub(super) struct ServiceAccount {
    mail: String,
    key_id: Option<String>,
    key: RsaKeyPair,
    token_uri: String,
    admin: String,
    /// Whoever asks holds it, so that others wait for the same token.
    token: tokio::sync::Mutex<Option<(SecretString, SystemTime)>>,
}

/// Google's key file.
#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("mail", &self.mail).finish_non_exhaustive()
    }
}

impl ServiceAccount {
    /// Reads a key file.
    ///
    /// # Errors
    /// What is wrong with it. Nothing of it is repeated.
    pub(super) fn read(
        file: &SecretString,
        admin: String,
        may_be_asked: impl Fn(&str) -> bool,
    ) -> Result<Self, &'static str> {
        let file: KeyFile = serde_json::from_str(file.expose_secret())
            .map_err(|_| "this is no key file of a service account: make a key of the type JSON at Google")?;
        if file.kind != "service_account" {
            return Err("this is a file of Google's for something else: make a key of a service account");
        }
        let token_uri = file.token_uri.unwrap_or_else(|| TOKEN_URI.to_owned());
        if !may_be_asked(&token_uri) {
            return Err("its `token_uri` is no https URL: has somebody changed the file?");
        }
        let key = der(&file.private_key).and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
        let key = key.ok_or("its `private_key` is no RSA key (PKCS #8): make another key at Google")?;
        Ok(Self {
            mail: file.client_email,
            key_id: file.private_key_id,
            key,
            token_uri,
            admin,
            token: tokio::sync::Mutex::new(None),
        })
    }

    /// An access token, made anew shortly before the last one ends.
    ///
    /// # Errors
    /// If Google gives none.
    pub(super) async fn token(&self, web: &Web, cx: &Call) -> Result<SecretString, BackendError> {
        let token = tokio::time::timeout(cx.remaining(), self.token.lock()).await;
        let mut token =
            token.map_err(|_| BackendError::Timeout("no token for Google's directory yet".to_owned()))?;
        if let Some((token, until)) = token.as_ref()
            && cx.now() < *until
        {
            return Ok(token.clone());
        }
        *token = None;
        let (made, lives) = self.ask(web, cx).await?;
        *token = cx.now().checked_add(lives.saturating_sub(SPARE)).map(|until| (made.clone(), until));
        Ok(made)
    }

    /// Has the next one be made anew.
    pub(super) async fn forget(&self) {
        *self.token.lock().await = None;
    }

    async fn ask(&self, web: &Web, cx: &Call) -> Result<(SecretString, Duration), BackendError> {
        let mut request = HttpRequest::new("POST", &self.token_uri);
        request.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        request.headers.push(("accept".to_owned(), "application/json".to_owned()));
        // Both values are made of letters that a form leaves alone.
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        request.body = format!("grant_type={grant}&assertion={}", self.assertion(cx.now())?).into_bytes();
        let what = "the token for Google's directory";
        let answer = web.client.send(&web.in_time(cx), request).await?;
        let refused = || {
            BackendError::Protocol(format!(
                "{what}: Google refuses it: give `{}` domain-wide delegation for {SCOPE}, and name an administrator with `admin`",
                self.mail
            ))
        };
        if answer.status == 400 {
            return Err(refused());
        }
        let Fetched::Document(document) = read(what, &answer)? else { return Err(refused()) };
        let made = document.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let made = made.ok_or_else(|| BackendError::Protocol(format!("{what}: the answer holds none")))?;
        let lives = document.get("expires_in").and_then(Value::as_u64).map(Duration::from_secs);
        Ok((SecretString::from(made), lives.unwrap_or(LIFETIME).min(LIFETIME)))
    }

    fn assertion(&self, now: SystemTime) -> Result<String, BackendError> {
        let issued = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let (Some(header), Some(id)) = (header.as_object_mut(), &self.key_id) {
            header.insert("kid".to_owned(), json!(id));
        }
        let claims = json!({
            "iss": self.mail,
            "sub": self.admin,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": issued,
            "exp": issued.saturating_add(LIFETIME.as_secs()),
        });
        let encode = |part: Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let made = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature);
        made.map_err(|_| BackendError::Protocol("the service account's key signs nothing".to_owned()))?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// What stands in a PEM file (RFC 7468) of one private key.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    BASE64_STANDARD.decode(body).ok()
}
