//! `tls_min_version`, `tls_curve_preferences`, `tls_cipher_suites`: docker_auth's options, by meaning.
//!
//! Names are Go's and IANA's, numbers those of the protocol. What the library does not speak, because it is too weak or
//! too new, is dropped with a warning, for as long as something remains. What stands there is not repeated: it may have
//! come from the environment.

use dockgate_api::config::{KeyPath, Located, Problem};
use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, ALL_KX_GROUPS};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{CipherSuite, SignatureAlgorithm, SupportedCipherSuite, SupportedProtocolVersion, version};

use super::ServerConfig;

/// What Go calls the curves, and IANA where it differs.
const CURVES: [(&str, u16); 10] = [
    ("P256", 0x0017),
    ("secp256r1", 0x0017),
    ("P384", 0x0018),
    ("secp384r1", 0x0018),
    ("P521", 0x0019),
    ("secp521r1", 0x0019),
    ("X25519", 0x001d),
    ("SecP256r1MLKEM768", 0x11eb),
    ("X25519MLKEM768", 0x11ec),
    ("X448", 0x001e),
];

/// Names that Go had before IANA had one.
const SUITES_OF_OLD: [(&str, &str); 2] = [
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
];

const SSL30: u16 = 0x0300;
const TLS12: u16 = 0x0303;
const TLS13: u16 = 0x0304;

static ONLY_TLS13: &[&SupportedProtocolVersion] = &[&version::TLS13];

/// What the doors with TLS speak.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    only_tls13: bool,
    /// Numbers of curves; the library's own if there are none.
    curves: Vec<u16>,
    /// Numbers of suites of TLS 1.2, the preferred one first; the library's own if there are none.
    suites: Vec<u16>,
}

impl TlsOptions {
    /// The versions of TLS.
    pub fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        if self.only_tls13 { ONLY_TLS13 } else { rustls::ALL_VERSIONS }
    }

    /// Whether TLS 1.2 is possible with a key of a kind: its suites name the kind of key.
    pub fn has_tls12_for(&self, key: SignatureAlgorithm) -> bool {
        let kind = if key == SignatureAlgorithm::RSA { "_RSA_" } else { "_ECDSA_" };
        let fits = |number: &u16| {
            suite(*number).and_then(|suite| iana_name(&suite)).is_some_and(|name| name.contains(kind))
        };
        self.only_tls13 || self.suites.is_empty() || self.suites.iter().any(fits)
    }

    /// Curves and suites. Those of TLS 1.3 are not to choose, as in Go.
    pub fn provider(&self) -> CryptoProvider {
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.cipher_suites.sort_by_key(|suite| !has_the_cheap_hash(suite.suite()));
        if !self.curves.is_empty() {
            provider.kx_groups = self.curves.iter().filter_map(|number| curve(*number)).collect();
        }
        if !self.suites.is_empty() {
            provider.cipher_suites.retain(|suite| suite.tls13().is_some());
            provider.cipher_suites.extend(self.suites.iter().filter_map(|number| suite(*number)));
        }
        provider
    }
}

/// TLS 1.3 hashes its whole handshake some twenty times over. Processors have instructions for SHA-256 and none for
/// SHA-384, which took a tenth of a new connection; AES-128 is as far out of anybody's reach as AES-256.
fn has_the_cheap_hash(suite: CipherSuite) -> bool {
    matches!(
        suite,
        CipherSuite::TLS13_AES_128_GCM_SHA256
            | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    )
}

fn curve(number: u16) -> Option<&'static dyn SupportedKxGroup> {
    ALL_KX_GROUPS.iter().copied().find(|group| u16::from(group.name()) == number)
}

fn suite(number: u16) -> Option<SupportedCipherSuite> {
    ALL_CIPHER_SUITES.iter().copied().find(|suite| u16::from(suite.suite()) == number)
}

/// As Go reads a number: `771`, `0x0303`, `0o1403`, `01403`.
fn number(text: &str) -> Option<u16> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0o") => (8, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with('+') { None } else { u16::from_str_radix(digits, radix).ok() }
}

fn curve_number(text: &str) -> Option<u16> {
    let named = CURVES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    named.map(|(_, number)| *number).or_else(|| number(text))
}

fn suite_number(text: &str) -> Option<u16> {
    let renamed = SUITES_OF_OLD.iter().find(|(old, _)| *old == text);
    let name = renamed.map_or(text, |(_, new)| new);
    let named = ALL_CIPHER_SUITES.iter().find(|suite| iana_name(suite).as_deref() == Some(name));
    named.map(|suite| u16::from(suite.suite())).or_else(|| number(text))
}

/// The library marks the suites of TLS 1.3 with a 13 that IANA does not have.
fn iana_name(suite: &SupportedCipherSuite) -> Option<String> {
    suite.suite().as_str().map(|name| name.replace("TLS13_", "TLS_"))
}

/// Reads the options and says what of them will not be.
pub(super) struct Reader<'a> {
    pub(super) server: &'a ServerConfig,
    pub(super) path: &'a KeyPath,
    pub(super) problems: &'a mut Vec<Problem>,
    pub(super) warnings: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn read(mut self) -> TlsOptions {
        let server = self.server;
        let only_tls13 = server.tls_min_version.as_ref().is_some_and(|given| self.only_tls13(given));
        let curves = self.chosen("tls_curve_preferences", &server.tls_curve_preferences, |text| {
            curve_number(text).filter(|number| curve(*number).is_some()).ok_or_else(|| {
                "this is no curve that is spoken here (X25519MLKEM768, X25519, P256, P384 are): it is left out".to_owned()
            })
        });
        let suites = self.suites(only_tls13);
        let options = TlsOptions { only_tls13, curves, suites };
        self.say_what_is_for_nobody(&options);
        options
    }

    fn only_tls13(&mut self, given: &Located<String>) -> bool {
        let text = given.value.as_str();
        let version = match text {
            "SSL30" => Some(SSL30),
            "TLS10" => Some(SSL30 + 1),
            "TLS11" => Some(SSL30 + 2),
            "TLS12" => Some(TLS12),
            "TLS13" => Some(TLS13),
            other => number(other),
        };
        let path = self.path.key("tls_min_version");
        match version {
            Some(TLS13) => return true,
            // To Go, 0 is its default.
            Some(0 | TLS12) => {}
            Some(SSL30..TLS12) => {
                let message = "this is raised to TLS12: nothing older is spoken here";
                self.warnings.push(Problem::new(given.location.clone(), path, message));
            }
            _ => {
                let message = "this is no version of TLS: write `TLS12` or `TLS13`";
                self.problems.push(Problem::new(given.location.clone(), path, message));
            }
        }
        false
    }

    fn suites(&mut self, only_tls13: bool) -> Vec<u16> {
        let given = &self.server.tls_cipher_suites;
        if let (true, Some(first)) = (only_tls13, given.first()) {
            let message = "the suites of TLS 1.3 are not to choose: take this key away, or write `tls_min_version: TLS12`";
            let path = self.path.key("tls_cipher_suites");
            self.problems.push(Problem::new(first.location.clone(), path, message));
            return Vec::new();
        }
        self.chosen("tls_cipher_suites", given, |text| {
            let spoken = suite_number(text).and_then(|number| suite(number).map(|suite| (number, suite)));
            match spoken {
                Some((number, suite)) if suite.tls13().is_none() => Ok(number),
                Some(_) => Err("this is a suite of TLS 1.3, which are all spoken: it is left out".to_owned()),
                None => {
                    Err("this is no suite that is spoken here (too weak, or unknown): it is left out"
                        .to_owned())
                }
            }
        })
    }

    /// The numbers of a list, without what cannot be. Nothing of a list that says something is a mistake.
    fn chosen(
        &mut self,
        key: &str,
        given: &[Located<String>],
        read: impl Fn(&str) -> Result<u16, String>,
    ) -> Vec<u16> {
        let mut numbers = Vec::new();
        let mut left_out = Vec::new();
        for (index, text) in given.iter().enumerate() {
            match read(text) {
                Ok(number) if numbers.contains(&number) => {}
                Ok(number) => numbers.push(number),
                Err(message) => {
                    let path = self.path.key(key).item(text.index.unwrap_or(index));
                    left_out.push(Problem::new(text.location.clone(), path, message));
                }
            }
        }
        let nothing_remains = numbers.is_empty() && !given.is_empty();
        if let (true, Some(first)) = (nothing_remains, left_out.first()) {
            let mut problem = first.clone();
            problem.message =
                format!("{}, and nothing remains: write one that is, or take `{key}` away", problem.message);
            self.problems.push(problem);
        } else {
            self.warnings.append(&mut left_out);
        }
        numbers
    }

    /// A curve that TLS 1.2 does not have leaves its clients without any.
    fn say_what_is_for_nobody(&mut self, options: &TlsOptions) {
        let server = self.server;
        let first = server.tls_curve_preferences.first();
        let old = |number: &u16| {
            curve(*number).is_some_and(|group| group.usable_for_version(rustls::ProtocolVersion::TLSv1_2))
        };
        if let Some(first) = first
            && !options.only_tls13
            && !options.curves.is_empty()
            && !options.curves.iter().any(old)
        {
            let message = "none of these is for TLS 1.2: its clients cannot connect. Add `X25519` or `P256`, or write \
                           `tls_min_version: TLS13`";
            let path = self.path.key("tls_curve_preferences");
            self.warnings.push(Problem::new(first.location.clone(), path, message));
        }
        if server.public_doors().iter().any(|door| door.tls.is_some()) {
            return;
        }
        let keys = [
            ("tls_min_version", server.tls_min_version.as_ref().filter(|_| options.only_tls13)),
            ("tls_curve_preferences", first),
            ("tls_cipher_suites", server.tls_cipher_suites.first()),
        ];
        for (key, given) in keys {
            if let Some(given) = given {
                let message = "does nothing: no door has a certificate";
                self.warnings.push(Problem::new(given.location.clone(), self.path.key(key), message));
            }
        }
        if let Some(hsts) = server.hsts.as_ref().filter(|hsts| hsts.value) {
            let message = "does nothing: no door has a certificate, and over plain HTTP browsers ignore it. Let the proxy that \
                           speaks TLS send it";
            self.warnings.push(Problem::new(hsts.location.clone(), self.path.key("hsts"), message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_go_reads_them() {
        for (text, value) in [
            ("771", 771),
            ("0x0303", 771),
            ("0X0303", 771),
            ("0o1403", 771),
            ("01403", 771),
            ("0b11", 3),
            ("0", 0),
        ] {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in ["", "0x", "TLS12", "-1", "+1", "0x+1", "65536", "1.2", " 1"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn names_and_numbers_of_what_is_spoken() {
        for (text, value) in
            [("P256", 23), ("p256", 23), ("23", 23), ("x25519mlkem768", 0x11ec), ("0x11ec", 0x11ec)]
        {
            assert_eq!(curve_number(text), Some(value), "{text}");
            assert!(curve(value).is_some(), "{text}");
        }
        assert!(
            curve_number("P521").is_some_and(|number| curve(number).is_none()),
            "the library has it by now"
        );
        for (text, value) in [
            ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b),
            ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", 0xcca8),
            ("TLS_AES_128_GCM_SHA256", 0x1301),
            ("0xc02b", 0xc02b),
        ] {
            assert_eq!(suite_number(text), Some(value), "{text}");
            assert!(suite(value).is_some(), "{text}");
        }
        assert_eq!(suite_number("TLS_RSA_WITH_RC4_128_SHA"), None);
    }
}
