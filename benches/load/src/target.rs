//! A server to ask.

use std::net::{SocketAddr, ToSocketAddrs as _};

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper::http::uri::{Authority, Scheme};

use crate::error::LoadError;
use crate::tls::{Tls, Trust};

/// Where requests go, and what they ask for.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// How TLS is spoken with it, if it is.
    pub(crate) tls: Option<Tls>,
    pub(crate) host: HeaderValue,
    /// Path and query.
    pub(crate) asked: Uri,
}

impl Target {
    /// Reads a URL. Without `anywhere` it must lead to this machine; `https` needs somebody to trust.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub(crate) fn parse(url: &str, trust: Option<&Trust>, anywhere: bool) -> Result<Self, LoadError> {
        let form = "a URL is of the form http://127.0.0.1:5001/auth?service=NAME&scope=repository:NAME:pull";
        let uri: Uri =
            url.parse().map_err(|error| LoadError::usage(format!("not a URL ({error}): {form}")))?;
        let https = uri.scheme() == Some(&Scheme::HTTPS);
        if !https && uri.scheme() != Some(&Scheme::HTTP) {
            return Err(LoadError::usage(format!("only http and https are spoken here: {form}")));
        }
        let authority = uri.authority().ok_or_else(|| LoadError::usage(form))?;
        if authority.as_str().contains('@') {
            return Err(LoadError::usage("a URL holds no user here: use --user"));
        }
        let address = resolve(authority, if https { 443 } else { 80 }, anywhere)?;
        let tls = match (https, trust) {
            (false, _) => None,
            (true, Some(trust)) => Some(trust.with(bare(authority))?),
            (true, None) => {
                return Err(LoadError::usage(
                    "https needs --ca FILE with the certificate that is to be trusted",
                ));
            }
        };
        let host =
            HeaderValue::from_str(authority.as_str()).map_err(|_| LoadError::usage("not a host name"))?;
        let asked = uri.path_and_query().cloned().map_or_else(Uri::default, Uri::from);
        Ok(Self { address, tls, host, asked })
    }
}

/// The host without the brackets of an IPv6 address.
fn bare(authority: &Authority) -> &str {
    let host = authority.host();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn resolve(authority: &Authority, port: u16, anywhere: bool) -> Result<SocketAddr, LoadError> {
    let host = authority.host();
    let found = (bare(authority), authority.port_u16().unwrap_or(port)).to_socket_addrs();
    let found: Vec<SocketAddr> = found
        .map_err(|error| LoadError::usage(format!("{host} leads nowhere: {error}")))?
        .filter(|address| anywhere || address.ip().is_loopback())
        .collect();
    // Servers listen on IPv4 more often than on IPv6: `localhost` is both.
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| {
        LoadError::usage(format!(
            "{host} is not this machine; if that server is yours and may be loaded, say --anywhere"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::Target;

    fn refusal(url: &str, anywhere: bool) -> String {
        Target::parse(url, None, anywhere).unwrap_err().to_string()
    }

    #[test]
    fn only_this_machine_unless_told_otherwise() {
        let local =
            Target::parse("http://127.0.0.1:5001/auth?service=r&scope=repository:a/b:pull", None, false);
        let local = local.unwrap();
        assert_eq!(local.address.to_string(), "127.0.0.1:5001");
        assert_eq!(local.host, "127.0.0.1:5001");
        assert_eq!(local.asked.to_string(), "/auth?service=r&scope=repository:a/b:pull");
        assert_eq!(
            Target::parse("http://[::1]:5001", None, false).unwrap().address.to_string(),
            "[::1]:5001"
        );

        assert!(refusal("http://192.0.2.1/auth", false).contains("--anywhere"));
        assert!(Target::parse("http://192.0.2.1/auth", None, true).is_ok());
    }

    #[test]
    fn a_refusal_teaches_and_tells_no_password() {
        assert!(refusal("https://127.0.0.1/auth", false).contains("--ca FILE"));
        assert!(refusal("ftp://127.0.0.1/auth", false).contains("only http and https"));
        assert!(refusal("127.0.0.1:5001/auth", false).contains("http://127.0.0.1:5001/auth?service="));
        let with_user = refusal("http://alice:secret@127.0.0.1/auth", false);
        assert!(with_user.contains("--user") && !with_user.contains("secret"), "{with_user}");
    }
}
