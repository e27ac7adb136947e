//! The contract between dockgate and its backends.
//!
//! dockgate asks two questions of every request: *who is this?* and *what may they do?* Each is answered by a
//! chain of backends. A backend that answers the first implements [`Authenticator`], one that answers the
//! second implements [`Authorizer`]; both are made from a section of the configuration file by a type that
//! implements [`Configure`]. That is all a backend needs, ours or a stranger's: it knows neither HTTP nor
//! YAML nor any other backend.
//!
//! # Three outcomes and an error
//!
//! An answer is [`Decision::Allow`] or [`Decision::Deny`], which end the chain, or [`Decision::NoMatch`],
//! which passes the question on. [`BackendError`] says that the question could not be answered at all; the
//! client then gets 503, never a refusal, and nothing is counted as a failed login.
//!
//! # What the chain does, so that a backend need not
//!
//! Deadlines per link, comparing granted with asked actions, logging, metrics, the link's name on an
//! identity, and what happens on an error are done once, around every backend, by the server.
//!
//! # Adding a backend
//!
//! ```
//! use std::sync::Arc;
//! use dockgate_api::{
//!     Answer, Authenticator, BuildContext, BuildError, Call, Configure, Credential, Decision, Identity, Login,
//!     Reason, async_trait, secrecy::ExposeSecret,
//! };
//!
//! /// `badge_auth: {prefix: "B-"}`
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct BadgeConfig {
//!     prefix: String,
//! }
//!
//! impl Configure<dyn Authenticator> for BadgeConfig {
//!     fn build(self, _cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
//!         Ok(Arc::new(Badge { prefix: self.prefix }))
//!     }
//! }
//!
//! struct Badge {
//!     prefix: String,
//! }
//!
//! #[async_trait]
//! impl Authenticator for Badge {
//!     async fn authenticate(&self, _cx: &Call, login: &Login) -> Answer<Identity> {
//!         let Credential::Password(badge) = &login.credential else { return Ok(Decision::NoMatch) };
//!         Ok(match badge.expose_secret().strip_prefix(&self.prefix) {
//!             Some(owner) if owner == login.account => Decision::Allow(Identity::new(&login.account)),
//!             Some(_) => Decision::Deny(Reason::bad_credentials("the badge is somebody else's")),
//!             None => Decision::NoMatch,
//!         })
//!     }
//! }
//! ```

mod actions;
mod authenticator;
mod authorizer;
mod build;
mod build_error;
mod call;
pub mod config;
mod decision;
mod dialect;
mod error;
mod files;
mod health;
mod http;
mod identity;
mod kept;
mod labels;
mod login;
mod login_flow;
mod outside;
mod passwords;
mod registry;
mod request;
mod store;
mod trace;

pub use actions::{ActionSet, Actions};
/// Lets a backend implement the asynchronous traits without naming the crate itself.
pub use async_trait::async_trait;
pub use authenticator::{Authenticator, Reloaded};
pub use authorizer::Authorizer;
pub use build::{BuildContext, Configure};
pub use build_error::BuildError;
pub use call::{Call, RequestId};
pub use decision::{Answer, Decision, Reason, ReasonCode};
pub use dialect::{Dialect, LabelValues};
pub use error::BackendError;
pub use files::{FileChanges, FileWatcher, read_file};
pub use health::Health;
pub use http::{HttpClient, HttpRequest, HttpResponse, HttpSettings, HttpSettingsError, Outbound};
pub use identity::{CredentialId, Identity, KnownIdentity, Restriction, ScopeLimit};
pub use kept::Kept;
pub use labels::{LabelValue, Labels};
pub use login::{ClientCertificate, Credential, Login};
pub use login_flow::{
    AuthorizeRequest, FlowTerms, LoginFlow, Redirect, Renewal, Revalidated, SignIn, SignInAnswer,
};
pub use outside::{Clock, Counter, Gauge, Histogram, Metrics, Random, RandomError, Series, Spawner, Task};
pub use passwords::{HashFormats, HashInUse, Passwords};
pub use registry::{KeyTaken, Registry};
pub use request::{AccessRequest, Because, Granted, Resource};
pub use secrecy;
pub use store::{Cursor, Filter, Owner, Page, Record, Shelf, Store};
pub use trace::{ConditionNote, RuleNote, RuleRole, Step, TraceSink};
