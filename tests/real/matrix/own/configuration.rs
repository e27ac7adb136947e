//! A configuration that signs every form, each for a service of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;

use super::Asked;
use crate::accounts::ALICE;
use crate::api::{open, token};
use crate::dockgate;
use crate::harness::http::request;
use crate::matrix::form::{Form, Kid, X5c};
use crate::matrix::key::Keyring;
use crate::registry::SERVICE;

/// As its file is called, without the ending.
const NAME: &str = "all";
const SCOPE: &str = "repository:alice/app:pull,push";
const AT_ONCE: usize = 4;

pub(super) struct Configuration<'a> {
    pub(super) dir: &'a Path,
    forms: &'a [Asked],
    /// The header of each form, by an account of our own.
    headers: Vec<serde_json::Value>,
    /// The entry of `token.keys` for each form; forms of one key share it.
    keys: Vec<String>,
    /// What stands under the service of each form.
    profiles: Vec<String>,
}

impl<'a> Configuration<'a> {
    pub(super) fn write(dir: &'a Path, forms: &'a [Asked], keys: &Keyring) -> Self {
        let name = |Form { key, algorithm, x5c, .. }: Form| {
            let chain =
                if matches!(x5c, X5c::None | X5c::Leaf) { "alone".to_owned() } else { format!("{x5c:?}") };
            format!("{key:?} {algorithm:?} {chain}")
        };
        let entry = |asked: &Asked| {
            let Form { key, algorithm, x5c, .. } = asked.form;
            let name = name(asked.form);
            let [key_file, certificate] = ["key", "crt"].map(|ending| dir.join(format!("{name}.{ending}")));
            fs::write(&key_file, &keys.of(key).key_pem).unwrap();
            fs::write(&certificate, x5c.certificate_file(key, keys).unwrap()).unwrap();
            format!(
                "    - {{name: \"{name}\", certificate: \"{}\", key: \"{}\", algorithm: {}}}\n",
                certificate.display(),
                key_file.display(),
                algorithm.name(),
            )
        };
        let profile = |asked: &Asked| {
            let Form { key, kid, x5c, .. } = asked.form;
            let key_id = match kid {
                Kid::Libtrust => "libtrust".to_owned(),
                Kid::Rfc7638 => "rfc7638".to_owned(),
                text => format!("{{text: \"{}\"}}", text.of(key, &keys.of(key).public).unwrap()),
            };
            format!("{{key: \"{}\", key_id: {key_id}, x5c: {}}}\n", name(asked.form), x5c != X5c::None)
        };
        Self {
            dir,
            forms,
            headers: forms.iter().map(|asked| asked.sent.header(keys)).collect(),
            keys: forms.iter().map(entry).collect(),
            profiles: forms.iter().map(profile).collect(),
        }
    }

    /// A token of each form that registries are to see. They know one service only, so each comes from a server of its
    /// own. One that has all the services must send every form's header; its configuration is there afterwards for the
    /// commands. With them its key set, the `jwks` of a registry that is to know all the keys.
    pub(super) fn tokens(&self) -> (Vec<Option<String>>, String) {
        let positions: Vec<usize> = (0..self.forms.len()).collect();
        let services = positions.iter().map(|&at| (service(at), self.profiles[at].as_str()));
        let keys: BTreeSet<&str> = self.keys.iter().map(String::as_str).collect();
        let (_server, port) = dockgate::serve(self.dir, NAME, &section(&String::from_iter(keys), services));
        for &at in &positions {
            self.token(at, port, &service(at));
        }
        let jwks = request("GET", &format!("127.0.0.1:{port}"), "/.well-known/jwks.json", None).body;
        let token_of = &|at: usize| self.forms[at].is_shown().then(|| self.token_of_one(at));
        let tokens = thread::scope(|scope| {
            let share = positions.chunks(positions.len().div_ceil(AT_ONCE));
            let tokens_of = |share: &[usize]| share.iter().map(|&at| token_of(at)).collect::<Vec<_>>();
            let threads: Vec<_> = share.map(|share| scope.spawn(move || tokens_of(share))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        (tokens, jwks)
    }

    fn token_of_one(&self, at: usize) -> String {
        let services = [(SERVICE.to_owned(), self.profiles[at].as_str())];
        let token = section(&self.keys[at], services.into_iter());
        let (_server, port) = dockgate::serve(self.dir, &format!("server-{at}"), &token);
        self.token(at, port, SERVICE)
    }

    fn token(&self, at: usize, port: u16, service: &str) -> String {
        let token = token(&format!("127.0.0.1:{port}"), service, SCOPE, &ALICE);
        let [header, claims] = open(&token);
        assert_eq!(header, self.headers[at], "{:?}", self.forms[at]);
        assert_eq!(claims["aud"], service);
        token
    }

    pub(super) fn len(&self) -> usize {
        self.forms.len()
    }
}

/// The configuration's file, in its directory.
pub(super) fn file() -> String {
    format!("{NAME}.yml")
}

/// The service that gets tokens of the form.
pub(super) fn service(at: usize) -> String {
    format!("registry of form {at}")
}

fn section<'p>(keys: &str, services: impl Iterator<Item = (String, &'p str)>) -> String {
    let services: String =
        services.map(|(service, profile)| format!("    \"{service}\": {profile}")).collect();
    format!("  keys:\n{keys}  services:\n{services}")
}
