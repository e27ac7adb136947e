//! What stands in a question's document, and in its answer's.

mod kubernetes;
mod opa;
mod subject_access_review;
mod token_review;

use std::time::SystemTime;

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{AccessRequest, Granted, Identity, Login};
use dockgate_hooks::{Question, Reply, read_granted, read_identity};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use subject_access_review::reviewed;

/// What `format` may be in `http_auth`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthnWord {
    /// Our own documents.
    #[default]
    Dockgate,
    /// Our own documents in those of Open Policy Agent's data API.
    Opa,
    /// A Kubernetes `TokenReview`: the password is a token.
    TokenReview,
}

/// How `http_auth` asks.
#[derive(Clone, Debug)]
pub(crate) enum AuthnFormat {
    Dockgate,
    Opa,
    /// For these audiences.
    TokenReview(Vec<String>),
}

impl AuthnFormat {
    /// Whether a bearer token is a proof.
    pub(crate) fn takes_tokens(&self) -> bool {
        matches!(self, Self::TokenReview(_))
    }

    /// Whether an answer may be 201.
    pub(crate) fn is_made(&self) -> bool {
        matches!(self, Self::TokenReview(_))
    }

    pub(crate) fn body(&self, question: &Question, proof: &SecretString) -> SecretString {
        match self {
            Self::Dockgate => question.as_json().to_owned().into(),
            Self::Opa => opa::wrapped(question).into(),
            Self::TokenReview(audiences) => token_review::body(proof.expose_secret(), audiences).into(),
        }
    }

    pub(crate) fn read(
        &self,
        answer: &[u8],
        login: &Login,
        now: SystemTime,
    ) -> Result<Reply<Identity>, String> {
        let ours = |answer: &[u8]| read_identity(answer, login, now).map_err(|error| error.to_string());
        match self {
            Self::Dockgate => ours(answer),
            Self::Opa => opa::identity(answer, login, ours),
            Self::TokenReview(audiences) => token_review::read(answer, login, audiences).map(Reply::new),
        }
    }
}

/// What `format` may be in `http_authz`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthzFormat {
    /// Our own documents.
    #[default]
    Dockgate,
    /// Our own documents in those of Open Policy Agent's data API.
    Opa,
    /// Kubernetes `SubjectAccessReview`s, one for each action.
    SubjectAccessReview,
}

impl AuthzFormat {
    pub(crate) fn body(self, question: &Question) -> String {
        match self {
            Self::Opa => opa::wrapped(question),
            Self::Dockgate | Self::SubjectAccessReview => question.as_json().to_owned(),
        }
    }

    pub(crate) fn read(
        self,
        answer: &[u8],
        request: &AccessRequest<'_>,
        now: SystemTime,
        place: &str,
    ) -> Result<Reply<Granted>, String> {
        let ours =
            |answer: &[u8]| read_granted(answer, request, now, place).map_err(|error| error.to_string());
        match self {
            Self::Opa => opa::granted(answer, request, place, ours),
            Self::Dockgate | Self::SubjectAccessReview => ours(answer),
        }
    }
}

#[cfg(test)]
mod tests;
