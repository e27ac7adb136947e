//! What a directory is made of.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize};

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;

use super::answer::Answer;
use super::entries::{Entries, Entry, Referral, read};
use super::running::RunningDirectory;
use super::settings::{Anonymous, Settings};
use super::state::{Protection, State};
use super::tls::{Authority, Identity, server_config};

/// A directory that is not started yet. What is above an entry exists as a base without being an entry itself.
#[derive(Debug, Default)]
#[must_use]
pub struct Directory {
    entries: Entries,
    settings: Settings,
    tls: Option<(Identity, bool)>,
    clients: Option<CertificateDer<'static>>,
}

impl Directory {
    /// One without entries and without TLS. Everybody who is bound may search, nobody else.
    pub fn new() -> Self {
        Self::default()
    }

    /// With an entry. What follows it is about this entry: [`Self::values`], [`Self::password`] and so on.
    ///
    /// A name may come several times, and so may have several values.
    pub fn entry<N: AsRef<str>, V: AsRef<[u8]>>(
        mut self,
        dn: &str,
        attributes: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let attributes = attributes.into_iter();
        let attributes =
            attributes.map(|(name, value)| (name.as_ref().to_owned(), vec![value.as_ref().to_vec()]));
        self.entries.add(Entry::new(dn, attributes.collect()));
        self
    }

    /// More values of the entry's attribute.
    pub fn values<V: AsRef<[u8]>>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.entries.last().add(name, values.into_iter().map(|value| value.as_ref().to_vec()).collect());
        self
    }

    /// The entry's password; nobody can bind as an entry that has none.
    pub fn password(mut self, password: &str) -> Self {
        self.entries.last().password = Some(password.as_bytes().to_vec());
        self
    }

    /// One more name that binds as the entry may use, as with Active Directory: `alice@example.com`, `CORP\alice`.
    pub fn bind_name(mut self, name: &str) -> Self {
        self.entries.last().names.push(name.to_owned());
        self
    }

    /// What a bind as the entry with the right password is answered with: a refusal, or a success with controls.
    pub fn on_bind(mut self, answer: Answer) -> Self {
        self.entries.last().right = answer;
        self
    }

    /// What a bind as the entry with a wrong password is answered with; 49 if not said.
    pub fn on_wrong_password(mut self, answer: Answer) -> Self {
        self.entries.last().wrong = Some(answer);
        self
    }

    /// A base that exists without an entry below it.
    pub fn base(mut self, dn: &str) -> Self {
        self.entries.base(read(dn));
        self
    }

    /// Part of the tree that is elsewhere: searches there are answered with result code 10, searches of what is above
    /// with a reference.
    pub fn referral(mut self, dn: &str, urls: &[&str]) -> Self {
        let key = read(dn);
        if let Some(above) = key.parent() {
            self.entries.base(above);
        }
        let urls = urls.iter().map(|&url| url.to_owned()).collect();
        self.entries.referrals.push(Referral { key, urls });
        self
    }

    /// Everything else is elsewhere: searches of an unknown base are answered with result code 10, not 32.
    pub fn referral_of_the_rest(mut self, urls: &[&str]) -> Self {
        self.settings.elsewhere = urls.iter().map(|&url| url.to_owned()).collect();
        self
    }

    /// What somebody may do who has not shown who they are; [`Anonymous::Bind`] if not said.
    pub fn anonymous(mut self, anonymous: Anonymous) -> Self {
        self.settings.anonymous = anonymous;
        self
    }

    /// What a bind with a name and an empty password is answered with (RFC 4513 section 5.1.2). If not said it is
    /// success, as with Active Directory, and makes nobody of whoever asked; `slapd` answers 53.
    pub fn on_unauthenticated_bind(mut self, answer: Answer) -> Self {
        self.settings.unauthenticated = answer;
        self
    }

    /// What passwords that come without TLS are answered with: `slapd` says 13, Active Directory 8.
    pub fn on_password_without_tls(mut self, answer: Answer) -> Self {
        self.settings.confidential = Some(answer);
        self
    }

    /// Answers wrong passwords and unknown names as Active Directory does, and says at its root that it is one.
    pub fn active_directory(mut self) -> Self {
        self.settings.wrong = Answer::active_directory("52e");
        self.root("supportedCapabilities", ["1.2.840.113556.1.4.800"])
    }

    /// Values of an attribute of the root (RFC 4512 section 5.1): `namingContexts`, `supportedControl`.
    pub fn root<V: AsRef<[u8]>>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(|value| value.as_ref().to_vec()).collect();
        self.settings.root.push((name.to_owned(), values));
        self
    }

    /// Attributes that are shown only to those who ask for them, or for `+`. Those of a password policy, `entryUUID` and
    /// the like are anyway; `memberOf` is with `slapd` and is not with Active Directory.
    pub fn operational(mut self, names: &[&str]) -> Self {
        self.settings.operational.extend(names.iter().map(|&name| name.to_owned()));
        self
    }

    /// An entry's `memberOf` are the groups whose `member` or `uniqueMember` it is, unless it has values of its own.
    pub fn computed_member_of(mut self) -> Self {
        self.settings.computed_member_of = true;
        self
    }

    /// Does not know Active Directory's matching rule for chains: a filter with it is undefined and finds nothing.
    pub fn without_matching_rule(mut self) -> Self {
        self.settings.in_chain = false;
        self
    }

    /// Does not know pages: the control is passed over, or refused with 12 if it is critical.
    pub fn without_paging(mut self) -> Self {
        self.settings.paging = false;
        self
    }

    /// More entries than these are not sent at once: pages are not larger, and searches without pages end with 4.
    pub fn most_results(mut self, most: usize) -> Self {
        self.settings.most_results = most;
        self
    }

    /// An attribute with more values than these comes in ranges, `member;range=0-1499`, as with Active Directory.
    pub fn most_values(mut self, most: usize) -> Self {
        self.settings.most_values = most;
        self
    }

    /// TLS from the first byte.
    pub fn ldaps(mut self, identity: &Identity) -> Self {
        self.tls = Some((identity.clone(), true));
        self
    }

    /// TLS once a client asks for it.
    pub fn start_tls(mut self, identity: &Identity) -> Self {
        self.tls = Some((identity.clone(), false));
        self
    }

    /// Demands a certificate of this authority from every client, within TLS.
    pub fn demand_client_certificate(mut self, of: &Authority) -> Self {
        self.clients = Some(of.der());
        self
    }

    /// Starts it, on the runtime of whoever calls.
    ///
    /// # Panics
    /// If there is no port.
    #[expect(clippy::unused_async, reason = "says that it needs a runtime")]
    pub async fn start(self) -> RunningDirectory {
        let clients = self.clients;
        let config = |identity: &Identity| -> Arc<ServerConfig> { server_config(identity, clients.clone()) };
        let protection = match &self.tls {
            None => Protection::None,
            Some((identity, true)) => Protection::Ldaps(config(identity)),
            Some((identity, false)) => Protection::StartTls(config(identity)),
        };
        let state = Arc::new(State {
            entries: Mutex::new(self.entries),
            settings: Mutex::new(self.settings),
            moods: Mutex::default(),
            record: Mutex::default(),
            protection: Mutex::new(protection),
            open: AtomicUsize::new(0),
            made: AtomicU64::new(0),
            closing: watch::Sender::new(0),
        });
        RunningDirectory::start(state)
    }
}
