//! No secret ever leaves: every flow of the real binary at trace level, and then a search through all that it said.

mod gate;
mod lines;
mod sign_in;
mod stored;

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;

use crate::process::{Address, Response, Server, Site, basic, dockgate, encode, run, run_with_input};

const RIGHT: &str = "canary right:password/1";
const WRONG: &str = "canary wrong:password/2";
const IN_QUERY: &str = "canary-in-query-3";
const REFRESH: &str = "canary-refresh-token-4";
const BEARER: &str = "canary-bearer-token-5";
const MALFORMED: &str = "canary-malformed-basic-6";
const IN_BODY: &str = "canary-in-some-body-7";
const ENVIRONMENT: &str = "canary-environment-8";
const STDIN: &str = "canary-standard-input-9";

/// A server's site, and every text that must not be in what it says.
struct Guarded {
    site: Site,
    hash: String,
    format: &'static str,
}

impl Guarded {
    fn new(format: &'static str) -> Self {
        let made = run_with_input(dockgate().args(["hash", "--cost", "4"]), RIGHT.as_bytes());
        let hash = made.stdout.trim().to_owned();
        assert_eq!(hash.len(), 60, "{made:?}");
        let guarded = Self { site: Site::new(), hash, format };
        guarded.site.write("auth.yml", guarded.config());
        guarded
    }

    fn config(&self) -> String {
        format!(
            r#"server: {{addr: "127.0.0.1:0"}}
token: {{issuer: "canaries", expiration: 300, certificate: cert.pem, key: key.pem}}
log: {{level: trace, format: {}}}
authn:
  - users:
      alice: {{password: "{}", labels: {{team: ["web"]}}}}
      bob: {{password: "{}"}}
      "": {{}}
authz:
  - acl:
      - match: {{account: alice, name: "web/**"}}
        actions: [pull]
        comment: "web's own\nFORGED by the administrator"
      - match: {{account: bob}}
        actions: []
audit: {{to: audit.log}}
"#,
            self.format, self.hash, self.hash
        )
    }

    fn start(&self) -> Server {
        Server::start(&self.site, "auth.yml")
    }

    /// Every canary in every shape that it could be written in.
    fn canaries(&self) -> Vec<String> {
        let plain = [RIGHT, WRONG, IN_QUERY, REFRESH, BEARER, MALFORMED, IN_BODY, ENVIRONMENT, STDIN];
        let mut canaries: Vec<String> =
            plain.iter().flat_map(|secret| [(*secret).to_owned(), encode(secret)]).collect();
        for secret in [RIGHT, WRONG, MALFORMED] {
            for account in ["alice", "bob", "mallory", ""] {
                let encoded = STANDARD.encode(format!("{account}:{secret}"));
                canaries.push(encoded.trim_end_matches('=').to_owned());
            }
            canaries.push(STANDARD.encode(secret).trim_end_matches('=').to_owned());
        }
        // Salt and digest alone would do for guessing.
        canaries.extend([self.hash.clone(), self.hash[29..].to_owned()]);
        let key = &self.site.pair.key_pem;
        canaries.extend(
            key.lines()
                .filter(|line| !line.starts_with("--"))
                .map(|line| line[..line.len().min(24)].to_owned()),
        );
        canaries
    }

    fn assert_silent(&self, said: &str, more: &[String]) {
        let canaries = [self.canaries(), more.to_vec()].concat();
        assert!(canaries.len() > 30 && canaries.iter().all(|canary| canary.len() >= 8), "{canaries:?}");
        for canary in canaries {
            let Some(place) = said.find(&canary) else { continue };
            let around = String::from_utf8_lossy(&said.as_bytes()[place.saturating_sub(300)..]).into_owned();
            panic!("{canary:?} occurs ({}):\n{}", self.format, around.chars().take(700).collect::<String>());
        }
    }
}

/// Every way in which somebody may try to log in, each with a secret in it.
fn attempts(address: &Address) -> Vec<Response> {
    let header = |value: String| {
        address.get("/auth?service=r&scope=repository:web/a:pull", Some(("Authorization", &value)))
    };
    let form = |fields: &[(&str, &str)]| address.post_form("/auth", fields);
    let (right, wrong) = (basic("alice", RIGHT), basic("alice", WRONG));
    let raw_form = "application/x-www-form-urlencoded";
    let long = format!("{IN_BODY}{}", "x".repeat(9_000));
    let huge = format!("username=alice&password={IN_BODY}{}", "x".repeat(100_000));
    let grant = |kind| {
        [
            ("grant_type", kind),
            ("service", "r"),
            ("username", "alice"),
            ("password", RIGHT),
            ("refresh_token", REFRESH),
        ]
    };
    vec![
        header(right.clone()),
        header(right.clone()),
        header(wrong.clone()),
        header(basic("mallory", RIGHT)),
        header(basic("", WRONG)),
        header(basic("alice\nFORGED", WRONG)),
        header(basic("alice", &long)),
        header(format!("Basic {MALFORMED}!")),
        header(format!("Basic {}", STANDARD.encode(MALFORMED))),
        header(format!("Basic {}", STANDARD.encode(format!("alice:{MALFORMED}\u{7f}")))),
        header(format!("Bearer {BEARER}")),
        header(format!("Digest username=\"alice\", response=\"{BEARER}\"")),
        header(BEARER.to_owned()),
        address.get(&format!("/auth?service=r&account=alice&password={IN_QUERY}&username=alice"), None),
        address.get(&format!("/auth?service=r&refresh_token={REFRESH}&access_token={IN_QUERY}"), None),
        address.get(&format!("/auth?account=bob&password={IN_QUERY}"), Some(("Authorization", &right))),
        address.get("/auth?scope=a&scope=b:c&service=r", Some(("Authorization", &right))),
        form(&grant("password")),
        form(&grant("refresh_token")),
        form(&grant("client_credentials")),
        form(&[("username", "alice"), ("password", WRONG)]),
        form(&[("username", "alice"), ("password", IN_BODY)]),
        form(&[("grant_type", "password"), ("password", IN_BODY)]),
        form(&[("grant_type", "refresh_token"), ("refresh_token", REFRESH), ("client_id", "a\u{1b}[31m")]),
        address.request(
            "POST",
            "/auth",
            &[("Authorization", &right), ("Content-Type", raw_form)],
            b"username=bob&password=x",
        ),
        address.request("POST", "/auth", &[("Content-Type", raw_form)], huge.as_bytes()),
        address.request("POST", "/auth", &[("Content-Type", "application/json")], IN_BODY.as_bytes()),
        address.request("PUT", "/auth", &[("Authorization", &right)], IN_BODY.as_bytes()),
        address.request("DELETE", "/nowhere", &[("Authorization", &wrong), ("Cookie", BEARER)], b""),
        address.get("/healthz", Some(("Authorization", &right))),
        address.get("/.well-known/jwks.json", Some(("Authorization", &right))),
    ]
}

/// Bytes that are no HTTP, heads that are too large, and a connection that ends in the middle of a password.
fn broken_requests(address: &Address) -> String {
    let Address::Tcp(address) = address else { panic!("no TCP") };
    let right = basic("alice", RIGHT);
    let requests = [
        format!("{IN_BODY}\0{IN_BODY}\r\n\r\n"),
        format!("GET /auth HTTP/9.9\r\nAuthorization: {right}\r\n\r\n"),
        format!("GET /auth HTTP/1.1\r\nAuthorization: {right}\r\nX: {}\r\n\r\n", "x".repeat(200_000)),
        format!("GET /auth HTTP/1.1\r\nAuthorization {right}\r\n\r\n"),
        format!("GET /auth HTTP/1.0\r\nAuthorization: {right}\r\nAuthorization: {right}\r\n\r\n"),
        format!("POST /auth HTTP/1.0\r\nContent-Length: 500\r\n\r\nusername=alice&password={IN_BODY}"),
    ];
    let mut answers = String::new();
    for request in requests {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        // The server may have hung up before it was told everything.
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answers += &String::from_utf8_lossy(&answer);
    }
    answers
}

#[test]
fn no_secret_is_said_while_serving() {
    for format in ["json", "text"] {
        let guarded = Guarded::new(format);
        let server = guarded.start();
        let answers = attempts(server.address());
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        for status in [200, 400, 401, 404, 405, 413] {
            assert!(statuses.contains(&status), "no attempt ended with {status}: {statuses:?}");
        }
        assert!(!statuses.iter().any(|status| *status >= 500), "{statuses:?}");
        let broken = broken_requests(server.address());
        assert!(broken.contains("HTTP/1."), "{broken}");

        let is_token = |answer: &&Response| answer.status == 200 && answer.body.contains("\"token\"");
        let tokens: Vec<String> = answers.iter().filter(is_token).map(Response::token).collect();
        assert!(tokens.len() >= 4, "{statuses:?}");
        // Its signature alone makes a token: the rest can be guessed.
        let signatures: Vec<String> =
            tokens.iter().map(|token| token.rsplit('.').next().unwrap().to_owned()).collect();
        let ended = server.stop(Signal::TERM);
        assert!(ended.stderr.contains("decided") && ended.stderr.contains("TRACE"), "{}", ended.stderr);
        guarded.assert_silent(&ended.output(), &[tokens.clone(), signatures.clone()].concat());
        let audit = std::fs::read_to_string(guarded.site.file("audit.log")).unwrap();
        assert!(audit.lines().count() > 20 && audit.contains("jti"), "{audit}");
        guarded.assert_silent(&audit, &[tokens, signatures].concat());
        let parts: Vec<&str> =
            answers.iter().flat_map(|answer| [answer.head.as_str(), answer.body.as_str()]).collect();
        guarded.assert_silent(&(parts.join("\n") + &broken), &[]);
    }
}

#[test]
fn no_secret_is_said_by_the_other_commands() {
    let guarded = Guarded::new("text");
    let site = &guarded.site;
    let mut said = String::new();
    for password in [STDIN, &format!("{STDIN}{}", "x".repeat(80)), &format!("{STDIN}\0")] {
        said += &run_with_input(dockgate().args(["hash", "--cost", "4"]), password.as_bytes()).output();
    }
    said += &run(dockgate().args(["hash", "--cost", "99"])).output();

    let good = guarded.config();
    let key = &site.pair.key_pem;
    let variants = [
        good.clone(),
        good.replace(&guarded.hash, "${env:CANARY}"),
        good.replace(&guarded.hash, RIGHT),
        good.replace(&guarded.hash, &guarded.hash[..59]),
        good.replace("alice: {password:", "alice: {pasword:"),
        good.replace("alice: {password:", "alice: {password: [1], x:"),
        good.replace(&format!("\"{}\"", guarded.hash), &format!("[\"{}\"]", guarded.hash)),
        good.replace("expiration: 300", &format!("expiration: \"{}\"", guarded.hash)),
        good.replace("expiration: 300", "expiration: \"${env:CANARY}\""),
        good.replace("bob: {password:", "alice: {password:"),
        format!("{good}\t\n  x: \"{}\n", guarded.hash),
        good.replace("key: key.pem", "key: joined.pem"),
        good.replace("key: key.pem", "key: cut.pem"),
        good.replace("certificate: cert.pem", "certificate: joined.pem"),
    ];
    site.write("joined.pem", key.replace('\n', ""));
    site.write("cut.pem", key.split("-----END").next().unwrap());
    let mut refused = 0;
    for config in &variants {
        site.write("variant.yml", config);
        let command = &mut dockgate();
        let command =
            command.args(["check", "variant.yml"]).env("CANARY", ENVIRONMENT).current_dir(site.path());
        let ended = run(command);
        refused += usize::from(ended.code == Some(2));
        said += &ended.output();
    }
    assert_eq!(refused, variants.len() - 1, "{said}");
    // The configuration itself, given for the one of another command.
    said += &run(dockgate().args(["check", "key.pem"]).current_dir(site.path())).output();
    said += &run(dockgate().args(["serve", "key.pem"]).current_dir(site.path())).output();
    // What `hash` makes is what it is for.
    let made = said.lines().filter(|line| line.starts_with("$2y$04$") && line.len() == 60).count();
    assert_eq!(made, 1, "{said}");
    guarded.assert_silent(&said, &[]);
}
