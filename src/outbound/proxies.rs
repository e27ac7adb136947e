//! The proxies that the environment names.

use reqwest::{NoProxy, Proxy, Url};

use crate::config::env::Lookup;

/// Never reached through a proxy, as Go has it: what listens there is on this machine.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// Through whom other servers are reached.
pub(super) struct Proxies {
    https: Option<Url>,
    http: Option<Url>,
    /// A list of names, addresses and networks that are reached directly.
    except: String,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; each may be written in small letters.
    ///
    /// # Errors
    /// Which of them is no proxy's URL. It may hold a password, and is not shown.
    pub(super) fn read(lookup: Lookup<'_>) -> Result<Self, String> {
        let except = value("NO_PROXY", lookup).map_or_else(String::new, |(_, value)| value);
        Ok(Self {
            https: proxy("HTTPS_PROXY", lookup)?,
            http: proxy("HTTP_PROXY", lookup)?,
            except: format!("{except},{LOOPBACK}"),
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Proxy> {
        let https = self.https.as_ref().and_then(|url| Proxy::https(url.clone()).ok());
        let http = self.http.as_ref().and_then(|url| Proxy::http(url.clone()).ok());
        https.into_iter().chain(http).map(|proxy| proxy.no_proxy(NoProxy::from_string(&self.except)))
    }
}

fn proxy(name: &'static str, lookup: Lookup<'_>) -> Result<Option<Url>, String> {
    let Some((name, value)) = value(name, lookup) else { return Ok(None) };
    let whole = if value.contains("://") { value } else { format!("http://{value}") };
    let url =
        Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map(Some).ok_or_else(|| {
        format!("the environment variable {name} is no proxy's URL: write `http://HOST:PORT`, or unset it")
    })
}

/// The name as it was found, and what it says.
fn value(name: &'static str, lookup: Lookup<'_>) -> Option<(String, String)> {
    let names = [name.to_owned(), name.to_lowercase()];
    names.into_iter().find_map(|name| {
        let value = lookup(&name)?.trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Proxies, String> {
        Proxies::read(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn large_letters_go_before_small_ones_and_nothing_is_none() {
        let read =
            of(&[("https_proxy", "http://small:1"), ("HTTPS_PROXY", "http://large:1"), ("HTTP_PROXY", " ")]);
        let read = read.unwrap();
        assert_eq!(read.https.unwrap().host_str(), Some("large"));
        assert_eq!(read.http, None);
        assert_eq!(of(&[("http_proxy", "small:8080")]).unwrap().http.unwrap().as_str(), "http://small:8080/");
        assert_eq!(of(&[("no_proxy", "a,b")]).unwrap().except, "a,b,localhost,127.0.0.0/8,::1");
    }

    #[test]
    fn what_is_no_proxy_is_named_and_not_shown() {
        for value in ["socks5://u:canary@proxy:1", "http://u:canary@", "http://u:canary@:x", "ftp://canary"] {
            let why = of(&[("https_proxy", value)]).err().unwrap();
            assert_eq!(
                why,
                "the environment variable https_proxy is no proxy's URL: write `http://HOST:PORT`, or unset it"
            );
        }
    }
}
