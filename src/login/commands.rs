//! What to type into a terminal. The password goes to standard input: on a command line everybody on the machine could
//! read it, and the shell would write it down.

use std::borrow::Cow;

/// The clients, and what stands before user and registry.
const CLIENTS: [(&str, &str); 6] = [
    ("Docker", "docker login"),
    ("Podman", "podman login"),
    ("nerdctl", "nerdctl login"),
    ("Helm", "helm registry login"),
    ("ORAS", "oras login"),
    ("Skopeo", "skopeo login"),
];

/// Where the registry is not known.
const PLACEHOLDER: &str = "registry.example.com";

/// The commands for one registry.
#[derive(Debug)]
pub(crate) struct Commands {
    /// The registry, as people write it.
    pub(crate) registry: String,
    /// Whether it is only an example.
    pub(crate) is_placeholder: bool,
    /// Clients and commands.
    pub(crate) lines: Vec<(&'static str, String)>,
}

/// The commands for an account at these registries; with a placeholder if there are none.
pub(crate) fn commands(account: &str, registries: &[&str]) -> Vec<Commands> {
    let of = |registry: &str, is_placeholder| {
        let command = |(client, command): &(&'static str, &str)| {
            let (account, registry) = (quoted(account), quoted(registry));
            (*client, format!("{command} -u {account} --password-stdin {registry}"))
        };
        let lines = CLIENTS.iter().map(command).collect();
        Commands { registry: registry.to_owned(), is_placeholder, lines }
    };
    if registries.is_empty() {
        return vec![of(PLACEHOLDER, true)];
    }
    registries.iter().map(|registry| of(registry, false)).collect()
}

/// A registry as clients write it: docker_auth's `registry_url` may be a URL.
pub(super) fn host_of(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, host)| host).trim_end_matches('/')
}

/// One word for a shell, whatever a provider calls somebody (POSIX.1-2017, Shell Command Language, section 2.2.2).
fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.@%+=:,/".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_gets_the_password_from_standard_input() {
        let all = commands("alice", &["a.example.com", "b:5000"]);
        assert_eq!(all.len(), 2);
        assert_eq!(
            all[0].lines[0],
            ("Docker", "docker login -u alice --password-stdin a.example.com".to_owned())
        );
        assert_eq!(all[1].lines[3].1, "helm registry login -u alice --password-stdin b:5000");
        assert!(all.iter().all(|of| of.lines.len() == 6 && !of.is_placeholder));
        let unknown = commands("alice", &[]);
        assert!(unknown[0].is_placeholder && unknown[0].lines[5].1.ends_with(PLACEHOLDER));
    }

    #[test]
    fn an_account_is_one_word_to_the_shell() {
        for (account, word) in [
            ("alice@example.com", "alice@example.com"),
            ("a b", "'a b'"),
            ("a;rm -rf ~", "'a;rm -rf ~'"),
            ("$(id)", "'$(id)'"),
            ("o'hara", r"'o'\''hara'"),
            ("", "''"),
            ("ü", "'ü'"),
            ("a\nb", "'a\nb'"),
        ] {
            assert_eq!(quoted(account), word);
        }
    }

    #[test]
    fn a_registry_is_its_host() {
        for (url, host) in [
            ("https://registry.example.com/", "registry.example.com"),
            ("http://localhost:5000", "localhost:5000"),
            ("registry.example.com", "registry.example.com"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
