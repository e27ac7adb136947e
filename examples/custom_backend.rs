//! A server with backends of its own, as somebody would write it who has never seen the inside of ours.
//!
//! The house has a register of badges: who wears one, its secret code, and the departments they belong to. With
//! `badge_auth`, the code of the badge is the password for the registry. With `desk_authz`, everybody who is known has
//! a desk in the registry, `desks/NAME/…`, that nobody else may touch. Both are configured in the same file as ours:
//!
//! ```yaml
//! authn:
//!   - badge_auth:
//!       register: "badges.txt"      # lines of OWNER HASH [DEPARTMENT…]; `dockgate hash` makes the hashes
//!       shift: "12h"                # nobody's login counts for longer than this
//! authz:
//!   - desk_authz: {below: "desks"}
//!   - acl:
//!       - match: {labels: {department: "printing"}, name: "forms/**"}
//!         actions: ["pull", "push"]
//! ```
//!
//! Try it: `cargo run --example custom_backend -- check FILE`. Everything that our own backends have is there at once:
//! mistakes with file and line, warnings, logging, deadlines, the command line. `tests/it/custom_backend.rs` holds both
//! backends to the contract with `dockgate-testkit`, and this server to what stands above.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use dockgate::Backends;
use dockgate_api::config::{GoDuration, KeyPath, Located, Location, Remark};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    AccessRequest, Actions, Answer, Authenticator, Authorizer, BackendError, Because, BuildContext,
    BuildError, Call, Configure, Credential, Decision, Granted, HashFormats, HashInUse, Identity,
    KnownIdentity, LabelValue, Labels, Login, Passwords, Reason, ReasonCode, Reloaded, async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The whole server. A key that one of our own backends has would be refused at the start.
fn main() -> ExitCode {
    dockgate::run(
        Backends::builtin().authenticator::<BadgeConfig>("badge_auth").authorizer::<DeskConfig>("desk_authz"),
    )
}

// ---- Who is this? -------------------------------------------------------------------------------------------------

/// The section below `badge_auth`. It is read by serde, so unknown keys, missing ones and wrong types are refused with
/// their place before anything here runs. `Located` keeps a value's place for mistakes that only we can see.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct BadgeConfig {
    /// The file with the badges.
    register: Located<PathBuf>,
    /// How long a login counts at most; no token outlives it. As long as the token does, if not given.
    shift: Option<Located<GoDuration>>,
}

/// The typed configuration is the factory. Making a backend needs no network: a server must start while a directory is
/// down. A file beside the configuration is something else; without it nobody could ever log in.
impl Configure<dyn Authenticator> for BadgeConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut errors = BuildError::none();
        let passwords = cx.passwords();
        // Relative to the configuration, as for every file that is named in a list.
        let path = cx.resolve(&self.register.value);
        let mut badges = HashMap::new();
        let about_register = |place: Location, message: String| Remark::new(place, at("register"), message);
        match std::fs::read_to_string(&path) {
            Err(error) => {
                let message = format!("cannot read the register {}: {error}", path.display());
                errors.add(about_register(self.register.location.clone(), message));
            }
            Ok(register) => {
                for (number, line) in (1..).zip(register.lines()).filter(|(_, line)| is_entry(line)) {
                    let read = Badge::read(line, passwords.as_ref());
                    let read = read.and_then(|(owner, badge)| match badges.insert(owner, badge) {
                        None => Ok(()),
                        Some(_) => Err("this owner has a badge already: keep one of them".to_owned()),
                    });
                    if let Err(message) = read {
                        // A mistake in a file of our own is shown in that file.
                        errors.add(about_register(
                            Location::new(path.display().to_string(), number, 1),
                            message,
                        ));
                    }
                }
            }
        }
        if let Some(shift) = self.shift.as_ref().filter(|shift| shift.0.is_zero()) {
            let message = "nobody could log in: write a duration such as `12h`";
            errors.add(Remark::new(shift.location.clone(), at("shift"), message));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        if badges.is_empty() {
            let message = "there is no badge in the register yet";
            cx.warn(Remark::new(self.register.location.clone(), at("register"), message));
        }
        Ok(Arc::new(Badges { worn: badges, passwords, shift: self.shift.map(|shift| shift.value.0) }))
    }
}

/// A key of the section.
fn at(key: &str) -> KeyPath {
    KeyPath::root().key(key)
}

fn is_entry(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

/// What the register says of one person.
struct Badge {
    /// A secret, so that no log and no `Debug` can show it.
    code_hash: SecretString,
    departments: Vec<String>,
    /// While it is held, the hash counts among those that unknown accounts imitate in time.
    _in_use: HashInUse,
}

impl Badge {
    /// The message never holds the line: there is a hash in it.
    fn read(line: &str, passwords: &dyn Passwords) -> Result<(String, Self), String> {
        let mut words = line.split_whitespace();
        let (Some(owner), Some(code_hash)) = (words.next(), words.next()) else {
            return Err("expected OWNER HASH [DEPARTMENT…]".to_owned());
        };
        let in_use = passwords.accept(code_hash, HashFormats::Modern)?;
        let departments = words.map(str::to_owned).collect();
        Ok((owner.to_owned(), Self { code_hash: code_hash.into(), departments, _in_use: in_use }))
    }
}

struct Badges {
    worn: HashMap<String, Badge>,
    /// The server's own hashing: bounded, shared by all backends, and quick for a password that was right before.
    passwords: Arc<dyn Passwords>,
    shift: Option<Duration>,
}

#[async_trait]
impl Authenticator for Badges {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        // Anybody without a badge may be known to a later link; so may a client with another kind of proof.
        let Credential::Password(code) = &login.credential else { return Ok(Decision::NoMatch) };
        let Some(badge) = self.worn.get(&login.account) else { return Ok(Decision::NoMatch) };
        // From here on the account is ours: a wrong code ends the chain, and an error is not a refusal (`?`).
        if code.expose_secret().is_empty()
            || !self.passwords.verify(cx, badge.code_hash.expose_secret(), HashFormats::Modern, code).await?
        {
            return Ok(Decision::Deny(Reason::bad_credentials("that is not the badge's code")));
        }
        Ok(Decision::Allow(self.identity(cx, &login.account, badge)))
    }

    /// So that what is issued for a badge ends when the badge does.
    fn can_reload(&self) -> bool {
        true
    }

    async fn reload(&self, cx: &Call, known: &KnownIdentity) -> Result<Reloaded, BackendError> {
        let Some(badge) = self.worn.get(&known.subject) else {
            return Ok(Reloaded::Gone(Reason::new(ReasonCode::Disabled, "the badge was given back")));
        };
        let identity = self.identity(cx, &known.subject, badge);
        Ok(if identity.epoch == known.epoch {
            Reloaded::Current(identity)
        } else {
            Reloaded::Gone(Reason::bad_credentials("the badge has a new code"))
        })
    }
}

impl Badges {
    fn identity(&self, cx: &Call, owner: &str, badge: &Badge) -> Identity {
        let mut labels = Labels::new();
        for department in &badge.departments {
            // The register is not the rules: what stands there must not act as a pattern in them.
            labels.add("department", LabelValue::Literal(department.clone()));
        }
        Identity::new(owner)
            .with_labels(labels)
            // The time is the call's; a clock of one's own could not be turned by a test.
            .with_expires_at(self.shift.map(|shift| cx.now() + shift))
            .with_epoch(self.passwords.epoch(badge.code_hash.expose_secret()))
    }
}

// ---- What may they do? --------------------------------------------------------------------------------------------

/// The section below `desk_authz`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DeskConfig {
    /// The first part of the names of desks.
    below: Located<String>,
}

impl Configure<dyn Authorizer> for DeskConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authorizer>, BuildError> {
        if self.below.is_empty() || self.below.contains('/') {
            let mut error = BuildError::none();
            let message = "one part of a name is needed, such as `desks`";
            error.add(Remark::new(self.below.location.clone(), at("below"), message));
            return Err(error);
        }
        Ok(Arc::new(Desks { because: Because::at(cx.link()), below: self.below.value }))
    }
}

struct Desks {
    below: String,
    because: Because,
}

#[async_trait]
impl Authorizer for Desks {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        let mut parts = request.resource.name.splitn(3, '/');
        let is_desk = request.resource.kind == "repository" && parts.next() == Some(&self.below);
        let (Some(owner), Some(_)) = (parts.next().filter(|_| is_desk), parts.next()) else {
            cx.note(|| "not about a desk".to_owned());
            return Ok(Decision::NoMatch);
        };
        // Nobody in particular is called "", and `desks//x` is nobody's desk.
        if owner.is_empty() || owner != request.identity.account {
            return Ok(Decision::Deny(Reason::new(ReasonCode::Forbidden, "somebody else's desk")));
        }
        // More than was asked is cut down by the chain.
        Ok(Decision::Allow(Granted::new(Actions::All, self.because.clone())))
    }
}
