//! What `dockgate check` says that registries make of the tokens.

use std::collections::HashMap;

use super::configuration::{Configuration, file, service};
use crate::dockgate;
use crate::matrix::guarded::Verdict;
use crate::matrix::trust::Trust;
use crate::registry::TrustFiles;

/// The versions as the command calls them, in the order of [`crate::registry::VERSIONS`].
const NAMES: [&str; 3] = ["2.8", "3.0", "3.1"];

impl Configuration<'_> {
    /// Of each form; nothing if the registry has two files, of which the command knows one at a time.
    pub(super) fn predicted(&self, trust: &Trust, files: &TrustFiles) -> Option<Vec<[Verdict; 3]>> {
        let (option, given) = match (&files.bundle, &files.jwks) {
            (Some(bundle), None) => ("--registry-bundle", bundle),
            (None, Some(jwks)) => ("--registry-jwks", jwks),
            _ => return None,
        };
        let said = dockgate::run(self.dir, &["check", &file(), option, given.to_str().unwrap()]);
        if trust.bundle.is_some_and(<[_]>::is_empty) {
            let said = said.fails_with("is empty");
            assert!(!said.stdout.contains("tokens for"), "{said}");
            return Some(vec![[Verdict::DoesNotStart; 3]; self.len()]);
        }
        let services = read(&said.stdout);
        Some(
            (0..self.len())
                .map(|at| *services.get(&service(at)).unwrap_or_else(|| panic!("{said}")))
                .collect(),
        )
    }
}

/// Verdicts by service, from lines such as `tokens for NAME:` and `  registry 2.8  takes them`.
fn read(text: &str) -> HashMap<String, [Verdict; 3]> {
    let mut services = HashMap::new();
    for section in text.split("tokens for ").skip(1) {
        let (service, rest) = section.split_once(":\n").expect("a service and its lines");
        let verdicts = NAMES.map(|name| {
            let line = rest.lines().find_map(|line| line.trim().strip_prefix(&format!("registry {name}  ")));
            match line.unwrap_or_else(|| panic!("no registry {name} in {section}")) {
                "takes them" => Verdict::Accepted,
                reason if reason.contains("does not start") => Verdict::DoesNotStart,
                reason => {
                    assert!(reason.starts_with("refuses them: "), "{reason}");
                    Verdict::Refused
                }
            }
        });
        services.insert(service.to_owned(), verdicts);
    }
    services
}
