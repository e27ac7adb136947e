//! A small proxy that asks the gate, and can be told to do it wrong; and the registry behind it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::process::{Address, Response, Server, Site};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(30);

/// `alice` (badmin) may pull and push below `team/`, `bob` (the same) may pull there, everybody may pull `public/…`.
const USERS_AND_RULES: &str = "
users:
  alice: {password: \"$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC\", labels: {groups: [dev, ops]}}
  bob: {password: \"$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC\"}
  \"\": {}
acl:
- {match: {account: alice, name: \"team/**\"}, actions: [pull, push, delete]}
- {match: {account: bob, name: \"team/**\"}, actions: [pull]}
- {match: {name: \"public/*\"}, actions: [pull]}
acl_version: 2
";

/// What a proxy can get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    AsksNobody,
    WrongSecret,
    DropsChallenge,
    DoublesVersion,
    ForgetsContentType,
    ForgetsQuery,
    ForgetsMethod,
    ForgetsOtherMethods,
    BelievesPath,
    BelievesMethod,
    AsksBelowV2Only,
    LendsItsSecret,
    LetsIdentityThrough,
    TellsRegistryTheSecret,
    DropsAuthorization,
    DropsForTheGateAlone,
    /// Verifies tokens itself, but for their signature.
    SkipsSignatures,
    /// Lets through what says that it is not signed.
    BelievesUnsigned,
    /// Asks whether the signature is there.
    CountsSignatures,
}

/// Everything that a client of the registry meets.
pub(super) struct Front {
    pub(super) address: SocketAddr,
    pub(super) gate: Server,
    pub(super) site: Site,
}

struct Proxy {
    flaw: Flaw,
    gate: Address,
    /// Another registry than the one of this file.
    registry: Option<SocketAddr>,
}

struct Asked {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Front {
    /// `mode` is that of the gate.
    pub(super) fn start(mode: &str, flaw: Flaw) -> Self {
        Self::before(mode, flaw, None)
    }

    /// The same with a registry somewhere else.
    pub(super) fn before(mode: &str, flaw: Flaw, registry: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let site = Site::with(&format!(
            "server: {{addr: \"127.0.0.1:0\"}}
lockout: {{pair: {{failures: 1}}, repeat: 0s}}
token: {{issuer: a, expiration: 300, certificate: cert.pem, key: key.pem}}
forward_auth: {{preset: nginx, mode: {mode}, service: registry, secret: {SECRET}, trusted_proxies: [127.0.0.1], \
             public_url: \"http://{address}\"}}
{USERS_AND_RULES}"
        ));
        site.write("password", "badmin\n");
        let gate = Server::start(&site, "auth.yml");
        let proxy = Arc::new(Proxy { flaw, gate: gate.address().clone(), registry });
        std::thread::spawn(move || {
            // For as long as the test's process lives.
            for stream in listener.incoming() {
                let proxy = Arc::clone(&proxy);
                std::thread::spawn(move || stream.map(|stream| proxy.serve(stream)));
            }
        });
        Self { address, gate, site }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Proxy {
    fn serve(&self, mut stream: TcpStream) {
        let Some(asked) = Asked::read(&mut stream) else { return };
        let answer = self.answer(&asked);
        let _ = stream.write_all(answer.as_bytes());
    }

    fn answer(&self, asked: &Asked) -> String {
        let path = asked.target.split('?').next().unwrap();
        if matches!(path, "/auth") {
            return whole(&self.send(&asked.method, &asked.target, &asked.headers));
        }
        if self.flaw == Flaw::LendsItsSecret && path.starts_with("/forward-auth") {
            let mut headers = asked.headers.clone();
            headers.push(("X-Dockgate-Secret".to_owned(), SECRET.to_owned()));
            return whole(&self.send("GET", &asked.target, &headers));
        }
        let is_asked = match self.flaw {
            Flaw::AsksNobody => false,
            Flaw::ForgetsOtherMethods => asked.method == "GET",
            Flaw::AsksBelowV2Only => path.starts_with("/v2/"),
            Flaw::SkipsSignatures | Flaw::BelievesUnsigned | Flaw::CountsSignatures => {
                !self.believes_token(asked)
            }
            _ => true,
        };
        if is_asked {
            let answer = self.send("GET", "/forward-auth", &self.question(asked));
            if answer.status != 200 {
                return self.refusal(&answer);
            }
            return self.registry(asked, &answer);
        }
        self.registry(asked, &Response { status: 200, head: String::new(), body: String::new() })
    }

    /// Whether it would be a token for `/v2/` if the signature were not looked at.
    fn believes_token(&self, asked: &Asked) -> bool {
        let authorization = asked.headers.iter().find(|(name, _)| name == "Authorization");
        let token = authorization.and_then(|(_, value)| value.strip_prefix("Bearer ")).unwrap_or_default();
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { return false };
        let read = |part| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let (Some(header), Some(claims)) = (read(header), read(claims)) else { return false };
        let is_skipped = match self.flaw {
            Flaw::BelievesUnsigned => header["alg"] == "none" && signature.is_empty(),
            Flaw::CountsSignatures => header["alg"] == "ES256" && signature.len() == 86,
            _ => header["alg"] != "none",
        };
        let is_for_us = claims["aud"] == "registry" || claims["aud"] == json!(["registry"]);
        is_skipped
            && is_for_us
            && (asked.method.as_str(), asked.target.as_str()) == ("GET", "/v2/")
            && claims["iss"] == "a"
            && claims["jti"].is_string()
            && header["kid"].is_string()
            && claims["exp"].as_u64() > Some(0)
    }

    /// As nginx asks: with all that the client sent, and what the proxy says itself in the place of it.
    fn question(&self, asked: &Asked) -> Vec<(String, String)> {
        let named = |name: &str| {
            let mut named = asked.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            named.next().map(|(_, value)| value.clone())
        };
        let secret = if self.flaw == Flaw::WrongSecret { "wrong" } else { SECRET };
        let mut uri = asked.target.as_str();
        if self.flaw == Flaw::ForgetsQuery {
            uri = uri.split('?').next().unwrap();
        }
        let believes = |flaw, name: &str, own: &str| {
            named(name).filter(|_| self.flaw == flaw).unwrap_or_else(|| own.to_owned())
        };
        let method = if self.flaw == Flaw::ForgetsMethod { "GET" } else { &asked.method };
        let own = [
            ("X-Dockgate-Secret".to_owned(), secret.to_owned()),
            ("X-Original-URI".to_owned(), believes(Flaw::BelievesPath, "X-Original-URI", uri)),
            ("X-Original-Method".to_owned(), believes(Flaw::BelievesMethod, "X-Original-Method", method)),
            ("X-Forwarded-For".to_owned(), "203.0.113.9".to_owned()),
        ];
        let dropped =
            named("Connection").filter(|_| self.flaw == Flaw::DropsForTheGateAlone).unwrap_or_default();
        let is_left_out = |name: &str| {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            own.iter().any(|(own, _)| is(own))
                || ["Host", "Connection", "Content-Length"].into_iter().any(is)
                || dropped.split(", ").any(is)
                || (self.flaw == Flaw::ForgetsContentType && is("Content-Type"))
                || (self.flaw == Flaw::DropsAuthorization && is("Authorization"))
                || (self.flaw == Flaw::LetsIdentityThrough && name.to_lowercase().starts_with("x-auth-"))
        };
        let of_client = asked.headers.iter().filter(|(name, _)| !is_left_out(name));
        of_client.cloned().chain(own.clone()).collect()
    }

    fn send(&self, method: &str, target: &str, headers: &[(String, String)]) -> Response {
        let is_own =
            |name: &str| ["host", "connection", "content-length"].contains(&name.to_lowercase().as_str());
        let headers = headers.iter().filter(|(name, _)| !is_own(name));
        let headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.gate.request(method, target, &headers, b"")
    }

    fn refusal(&self, answer: &Response) -> String {
        let text = whole(answer);
        let line = "docker-distribution-api-version: registry/2.0\r\n";
        match self.flaw {
            Flaw::DropsChallenge => text.replace("www-authenticate:", "x-nothing:"),
            Flaw::DoublesVersion => text.replacen("\r\n", &format!("\r\n{line}"), 1),
            _ => text,
        }
    }

    fn registry(&self, asked: &Asked, gate: &Response) -> String {
        let Some(registry) = self.registry else { return registry(&asked.method, &asked.target) };
        let mut headers: Vec<(&str, &str)> = Vec::new();
        for (name, value) in &asked.headers {
            let is_identity = name.to_lowercase().starts_with("x-auth-");
            let is_own = ["host", "content-length"].contains(&name.to_lowercase().as_str());
            if !is_own && (self.flaw == Flaw::LetsIdentityThrough || !is_identity) {
                headers.push((name, value));
            }
        }
        if self.flaw != Flaw::LetsIdentityThrough {
            headers.extend(
                ["x-auth-user", "x-auth-groups"].map(|name| (name, gate.header(name).unwrap_or_default())),
            );
        }
        if self.flaw == Flaw::TellsRegistryTheSecret {
            headers.push(("X-Dockgate-Secret", SECRET));
        }
        whole(&Address::Tcp(registry).request(&asked.method, &asked.target, &headers, &asked.body))
    }
}

impl Asked {
    fn read(stream: &mut TcpStream) -> Option<Self> {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut unread = Vec::new();
        let end = loop {
            if let Some(end) = unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(read) => unread.extend_from_slice(&buffer[..read]),
            }
        };
        let head = String::from_utf8(unread[..end].to_vec()).ok()?;
        let mut lines = head.split("\r\n");
        let mut line = lines.next()?.split(' ');
        let (method, target) = (line.next()?.to_owned(), line.next()?.to_owned());
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Some(Self { method, target, headers, body: unread[end + 4..].to_vec() })
    }
}

/// An answer of somebody else, as it is.
fn whole(answer: &Response) -> String {
    format!("{}\r\n\r\n{}", answer.head, answer.body)
}

/// One that asks nobody who they are, and puts paths right.
fn registry(method: &str, target: &str) -> String {
    let path = target.split('?').next().unwrap();
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
    }
    let (status, more) = match (method, segments.as_slice()) {
        ("GET" | "HEAD", ["v2"] | ["v2", "_catalog"] | ["v2", .., "tags", "list"]) => {
            ("200 OK", String::new())
        }
        ("POST", ["v2", name @ .., "blobs", "uploads"]) => {
            ("202 Accepted", format!("Location: /v2/{}/blobs/uploads/1\r\n", name.join("/")))
        }
        ("DELETE", ["v2", .., "uploads", "1"]) => ("204 No Content", String::new()),
        _ => ("404 Not Found", String::new()),
    };
    format!(
        "HTTP/1.1 {status}\r\nDocker-Distribution-Api-Version: registry/2.0\r\n{more}Content-Length: 2\r\n\
         Content-Type: application/json\r\n\r\n{{}}"
    )
}
