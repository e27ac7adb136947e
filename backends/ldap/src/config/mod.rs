//! From the section to the backend.

mod account;
mod groups;
mod labels;
mod servers;
mod tls;
mod users;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::secret::{self, Secret};
use dockgate_api::config::{KeyPath, Located, Remark};
use dockgate_api::{Authenticator, BuildContext, BuildError, Configure, Dialect};
use schemars::JsonSchema;
use serde::Deserialize;

use self::account::{BindKeys, OnInvalid};
use self::groups::GroupsConfig;
use self::labels::LabelConfig;
use self::servers::{ServerKeys, TlsWord};
use self::tls::TlsKeys;
use self::users::UserKeys;
use self::values::{PoolConfig, TimeoutsConfig};
use crate::authenticator::LdapAuthenticator;
use crate::directory::{Directory, Order, Referrals, Settings};
use crate::person::Persons;
use crate::wire::Dialer;

/// The section below `ldap_auth`.
#[derive(Deserialize, JsonSchema)]
pub struct LdapAuthConfig {
    /// The server: `HOST:PORT`, or `ldaps://HOST`.
    #[schemars(with = "Option<String>")]
    addr: Option<Located<String>>,
    /// Several servers of the same directory, in place of `addr`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    addrs: Vec<Located<String>>,
    /// A domain: its servers are those of the SRV records of `_ldap._tcp.DOMAIN`. In place of `addr`.
    #[schemars(with = "Option<String>")]
    srv: Option<Located<String>>,
    /// In which order `addrs` are asked; `listed` if not given.
    #[schemars(with = "Option<Order>")]
    order: Option<Located<Order>>,
    /// How connections are protected: `always` (TLS from the first byte), `starttls` or `none`. If not given, `always` for
    /// the ports 636 and 3269, and `none` for others.
    #[schemars(with = "Option<TlsWord>")]
    tls: Option<Located<TlsWord>>,
    /// Believes every certificate, and so everybody on the way.
    #[serde(default)]
    #[schemars(with = "bool")]
    insecure_tls_skip_verify: Option<Located<bool>>,
    /// A PEM file of authorities: only they vouch for the servers. Those of the site if not given.
    #[schemars(with = "Option<String>")]
    ca_certificate: Option<Located<PathBuf>>,
    /// What a server is shown when it asks who connects: a PEM file with a certificate and its chain; with `client_key`.
    #[schemars(with = "Option<String>")]
    client_certificate: Option<Located<PathBuf>>,
    /// The PEM file of its private key.
    #[schemars(with = "Option<String>")]
    client_key: Option<Located<PathBuf>>,
    /// The name that certificates must be for; the name in `addr` if not given.
    #[schemars(with = "Option<String>")]
    server_name: Option<Located<String>>,
    /// Who searches: the name of a service account. With `initial_bind_as_user` the name that a user binds with, with
    /// `${account}` in it.
    #[schemars(with = "Option<String>")]
    bind_dn: Option<Located<String>>,
    /// The service account's password.
    #[schemars(with = "Option<String>")]
    bind_password: Option<Located<Secret>>,
    /// A file that holds it, in place of `bind_password`.
    #[schemars(with = "Option<String>")]
    bind_password_file: Option<Located<PathBuf>>,
    /// Whether users search for themselves, bound by `bind_dn` and their own password.
    #[serde(default)]
    initial_bind_as_user: bool,
    /// With `initial_bind_as_user`: what a refused bind means, since unknown and wrong look alike; `deny` if not given.
    #[schemars(with = "Option<OnInvalid>")]
    on_invalid: Option<Located<OnInvalid>>,
    /// Where users are: a distinguished name.
    #[schemars(with = "Option<String>")]
    base: Option<Located<String>>,
    /// Several of them, in place of `base`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    bases: Vec<Located<String>>,
    /// Which of them is asked for: a filter (RFC 4515) with `${account}` in it.
    #[schemars(with = "String")]
    filter: Located<String>,
    /// The attribute whose value is the account, in rules and in tokens. If not given, the one in `filter` that fits.
    #[schemars(with = "Option<String>")]
    account_attribute: Option<Located<String>>,
    /// The attribute that never changes. If not given, the first of `entryUUID`, `objectGUID`, `nsUniqueId`,
    /// `ipaUniqueID` and `GUID` that there is.
    #[schemars(with = "Option<String>")]
    subject_attribute: Option<Located<String>>,
    /// Domains that may stand before an account, as in `CORP\alice`: they are taken off, others are not known here.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    domains: Vec<Located<String>>,
    /// Labels, and the attributes that they are made of.
    #[serde(default)]
    labels: BTreeMap<String, LabelConfig>,
    /// Which groups users are in. Not looked up if not given.
    groups: Option<GroupsConfig>,
    /// Groups of which a user must be in one: by name, or by distinguished name.
    #[schemars(with = "Option<Vec<String>>")]
    required_groups: Option<Located<Vec<String>>>,
    /// What becomes of references to other servers: `ignore` (the default) or `follow`.
    #[serde(default)]
    referrals: Referrals,
    /// How long connecting, binding and searching may take.
    #[serde(default)]
    timeouts: TimeoutsConfig,
    /// How many connections there are, and for how long.
    #[serde(default)]
    pool: PoolConfig,
}

impl Configure<dyn Authenticator> for LdapAuthConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut errors = BuildError::none();
        if cx.dialect() == Dialect::DockerAuth {
            note_what_differs(&self.filter, &self.labels, cx);
        }
        let servers = ServerKeys {
            addr: self.addr,
            addrs: self.addrs,
            srv: self.srv,
            order: self.order,
            tls: self.tls,
        };
        let servers = servers.build(cx, &mut errors);
        let tls = TlsKeys {
            insecure: self.insecure_tls_skip_verify,
            ca_certificate: self.ca_certificate,
            client_certificate: self.client_certificate,
            client_key: self.client_key,
            server_name: self.server_name,
        };
        let is_protected = servers.as_ref().is_none_or(servers::Found::is_protected);
        let (tls, server_name) = tls.build(is_protected, cx, &mut errors);
        let users = UserKeys {
            base: self.base,
            bases: self.bases,
            filter: self.filter,
            account_attribute: self.account_attribute,
            subject_attribute: self.subject_attribute,
            domains: self.domains,
        };
        let users = users.build(cx, &mut errors);
        let has_password = self.bind_password.is_some() || self.bind_password_file.is_some();
        let bind = BindKeys {
            bind_dn: self.bind_dn,
            password: secret::find(
                "bind_password",
                (self.bind_password, self.bind_password_file),
                cx,
                &mut errors,
            ),
            has_password,
            as_user: self.initial_bind_as_user,
            on_invalid: self.on_invalid,
        };
        let bind = bind.build(cx, &mut errors);
        let labels = labels::build(self.labels, &mut errors);
        let base = users.as_ref().and_then(|users| users.bases.first()).cloned().unwrap_or_default();
        let groups = GroupsConfig::build(self.groups, self.required_groups, &base, cx, &mut errors);
        let (Some(servers), Some(users), Some((service, way)), Some(labels), true) =
            (servers, users, bind, labels, errors.is_empty())
        else {
            return Err(errors);
        };
        let directory = Directory::start(
            Settings {
                servers: servers.servers,
                order: servers.order,
                dialer: Dialer { tls, server_name },
                service,
                referrals: self.referrals,
                timeouts: self.timeouts.timeouts(),
                pool: self.pool.bounds(),
            },
            cx,
        );
        let persons = Persons::new(&users, labels, groups);
        Ok(Arc::new(LdapAuthenticator { directory, way, users, persons }))
    }
}

/// Lines of docker_auth's that mean something else here.
fn note_what_differs(filter: &Located<String>, labels: &BTreeMap<String, LabelConfig>, cx: &BuildContext) {
    let message = "the account is the entry's own spelling here, so that rules and tokens see one for `Alice` and `alice`; \
                   docker_auth takes what the client wrote";
    cx.note(at(filter, "filter", message));
    if let Some((name, label)) = labels.iter().next() {
        let message = "values from a directory stand for themselves in rules here; in docker_auth they act as patterns, which \
                       `authn:` has with `values: pattern`";
        cx.note(Remark::new(label.attribute.location.clone(), key("labels").key(name), message));
    }
}

fn key(name: &str) -> KeyPath {
    KeyPath::root().key(name)
}

/// What is wrong with a value.
fn at<T>(value: &Located<T>, name: &str, message: impl Into<String>) -> Remark {
    Remark::new(value.location.clone(), key(name), message.into())
}

/// docker_auth's files are often written by templates: an empty text and an absent key are the same.
fn given(value: Option<Located<String>>) -> Option<Located<String>> {
    value.filter(|text| !text.value.is_empty())
}
