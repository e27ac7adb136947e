//! `cors:` — which web pages may ask for tokens.

use axum::http::Uri;
use dockgate_api::config::{KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

/// `server.cors`: pages from these origins may read our answers in a browser.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CorsConfig {
    /// `https://HOST` or `https://HOST:PORT`, as browsers send it in `Origin` (RFC 6454, section 6.2).
    pub origins: Vec<Located<String>>,
}

impl CorsConfig {
    pub(super) fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>) {
        for (index, origin) in self.origins.iter().enumerate() {
            if let Err(message) = is_origin(origin) {
                let path = path.key("origins").item(origin.index.unwrap_or(index));
                problems.push(Problem::new(origin.location.clone(), path, message));
            }
        }
    }
}

fn is_origin(text: &str) -> Result<(), String> {
    const EXAMPLE: &str = "such as `https://ui.example.com` or `http://localhost:8080`";
    if text.contains('*') {
        return Err(format!("wildcards are not possible: write each origin by itself, {EXAMPLE}"));
    }
    let uri: Uri = text.parse().map_err(|_| format!("this is no origin: write one {EXAMPLE}"))?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(format!("an origin has a scheme, `https` or `http`: write one {EXAMPLE}"));
    };
    let scheme = uri.scheme_str().unwrap_or_default();
    let written = format!("{scheme}://{authority}").to_ascii_lowercase();
    if authority.as_str().contains('@') {
        return Err(format!("an origin has no user in it: write one {EXAMPLE}"));
    }
    // Browsers leave the usual port out, and compare nothing but the text.
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let sent = written.strip_suffix(usual).unwrap_or(&written);
    if sent == text { Ok(()) } else { Err(format!("browsers send this origin as `{sent}`: write it so")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for good in
            ["https://ui.example.com", "http://localhost:8080", "https://[::1]:8443", "http://10.0.0.1"]
        {
            assert_eq!(is_origin(good), Ok(()), "{good}");
        }
        for (bad, cure) in [
            ("*", "each origin by itself"),
            ("https://*.example.com", "each origin by itself"),
            ("null", "has a scheme"),
            ("", "no origin"),
            ("ui.example.com", "has a scheme"),
            ("ftp://ui.example.com", "has a scheme"),
            ("https://ui.example.com/", "`https://ui.example.com`: write it so"),
            ("https://ui.example.com/page", "`https://ui.example.com`: write it so"),
            ("https://UI.example.com", "`https://ui.example.com`: write it so"),
            ("https://ui.example.com:443", "`https://ui.example.com`: write it so"),
            ("http://ui.example.com:80", "`http://ui.example.com`: write it so"),
            ("https://me@ui.example.com", "no user"),
        ] {
            let message = is_origin(bad).unwrap_err();
            assert!(message.contains(cure), "{bad}: {message}");
        }
    }
}
