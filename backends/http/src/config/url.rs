//! Where a hook is.

use dockgate_api::secrecy::SecretString;
use url::{Host, Url};

/// The URL of a hook.
#[derive(Debug)]
pub(super) struct HookUrl {
    pub(super) whole: String,
    /// Without the query, in which a secret may stand.
    pub(super) shown: String,
    /// The query, and what of it may be a secret by itself.
    pub(super) secrets: Vec<SecretString>,
    /// Whether what is asked goes over a network where others can read it.
    pub(super) in_clear: bool,
    pub(super) is_tls: bool,
}

impl HookUrl {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, and the cure. It may hold a password, and is not shown.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        // Line ends and tabs would be taken out, and blanks encoded, without a word.
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("a URL holds no white space: write it in one line".to_owned());
        }
        if text.contains("${") {
            return Err("of variables a URL knows only `${env:NAME}`: what is asked stands in the document"
                .to_owned());
        }
        let url = Url::parse(text)
            .map_err(|error| format!("this is no URL ({error}): write `https://HOST/PATH`"))?;
        let is_tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err("the URL of a web hook begins with `https://` (or `http://`)".to_owned()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL holds no user and no password: use `bearer_token_file` or `signing_key_file`"
                .to_owned());
        }
        if url.fragment().is_some() {
            return Err("what follows `#` is never sent: take it away".to_owned());
        }
        let on_this_machine = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let secrets = secrets(&url);
        let mut shown = url.clone();
        shown.set_query(None);
        Ok(Self {
            whole: url.into(),
            shown: shown.into(),
            secrets,
            in_clear: !is_tls && !on_this_machine,
            is_tls,
        })
    }
}

/// Shorter values are words such as `true`, which would be missed in every message.
const SHORTEST_VALUE: usize = 8;

/// A hook may repeat the query, or one of its values, as it was sent or as it is read.
fn secrets(url: &Url) -> Vec<SecretString> {
    let whole = url.query().map(str::to_owned);
    let sent = url.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let sent = sent.map(|(_, value)| value.to_owned());
    let read = url.query_pairs().map(|(_, value)| value.into_owned());
    let values = sent.chain(read).filter(|value| value.len() >= SHORTEST_VALUE);
    whole.into_iter().chain(values).map(SecretString::from).collect()
}

#[cfg(test)]
mod tests {
    use dockgate_api::secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn each_value_of_the_query_may_be_a_secret() {
        let url = HookUrl::read("https://hooks.example.com/a?pretty=true&key=canary%2Bcanary&more").unwrap();
        let secrets: Vec<&str> = url.secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["pretty=true&key=canary%2Bcanary&more", "canary%2Bcanary", "canary+canary"]);
        assert!(HookUrl::read("https://hooks.example.com/a").unwrap().secrets.is_empty());
    }

    #[test]
    fn what_is_shown_holds_no_query_and_loopback_is_no_network() {
        for (text, shown, in_clear) in [
            ("https://hooks.example.com/a?key=canary", "https://hooks.example.com/a", false),
            ("http://hooks.example.com", "http://hooks.example.com/", true),
            ("http://192.0.2.1:8080/a", "http://192.0.2.1:8080/a", true),
            ("http://127.9.9.9/a", "http://127.9.9.9/a", false),
            ("http://[::1]:8080/a", "http://[::1]:8080/a", false),
            ("http://localhost/a", "http://localhost/a", false),
            ("http://localhost.example.com/a", "http://localhost.example.com/a", true),
        ] {
            let url = HookUrl::read(text).unwrap();
            assert_eq!((url.shown.as_str(), url.in_clear), (shown, in_clear));
        }
    }

    #[test]
    fn what_is_none_is_refused_and_not_shown() {
        for (text, why) in [
            ("canary", "write `https://HOST/PATH`"),
            ("", "write `https://HOST/PATH`"),
            ("https://", "write `https://HOST/PATH`"),
            ("ftp://canary/a", "begins with `https://`"),
            ("https://canary@hooks.example.com/a", "no user and no password"),
            ("https://a:canary@hooks.example.com/a", "no user and no password"),
            ("https://hooks.example.com/#canary", "never sent"),
            ("https://hooks.example.com/can\nary", "no white space"),
            ("https://hooks.example.com/a ", "no white space"),
            ("https://hooks.example.com/\0", "no white space"),
            ("https://hooks.example.com/${account}", "only `${env:NAME}`"),
        ] {
            let refused = HookUrl::read(text).unwrap_err();
            assert!(refused.contains(why) && !refused.contains("canary"), "{refused}");
        }
    }
}
