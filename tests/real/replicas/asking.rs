//! What clients ask a server for tokens, from an address of their own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::harness::http::encode;
use crate::registry::SERVICE;

/// Above all that servers and proxy wait for.
const ANSWERED_WITHIN: Duration = Duration::from_secs(40);
/// What nginx's own client says of where it is: all clients of a test come from one machine.
pub(super) const SAYS_CLIENT: &str = "X-Test-Client";

/// A request for a token.
#[derive(Clone, Debug)]
pub(super) enum Ask<'a> {
    /// A password, or something of the server's in its place.
    Get { account: &'a str, password: &'a str, offline: bool },
    /// The grant `password`, for a refresh token.
    Post { account: &'a str, password: &'a str },
    /// The grant `refresh_token`.
    Refresh(&'a str),
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<u64>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn refresh_token(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        Some(body["refresh_token"].as_str()?.to_owned())
    }
}

/// A password, and nothing to keep.
pub(super) fn login<'a>(account: &'a str, password: &'a str) -> Ask<'a> {
    Ask::Get { account, password, offline: false }
}

impl Ask<'_> {
    /// Asks a server or the proxy; why there is no answer, if there is none.
    pub(super) fn of(&self, host: &str, client: &str) -> Result<Answer, String> {
        self.sent(host, client).map_err(|error| format!("{error} from {host}"))
    }

    fn sent(&self, host: &str, client: &str) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(ANSWERED_WITHIN))?;
        // HTTP/1.0, so that the body is what follows until the connection ends.
        let lines = format!("Host: {host}\r\n{SAYS_CLIENT}: {client}\r\nX-Forwarded-For: {client}\r\n");
        write!(stream, "{}", self.text(&lines))?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let cut_off = || std::io::Error::other(format!("no whole answer: {answer:?}"));
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_off)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut_off)?;
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        let retry_after = fields.find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
        let retry_after = retry_after.and_then(|(_, seconds)| seconds.parse().ok());
        Ok(Answer { status, retry_after, body: body.to_owned() })
    }

    fn text(&self, lines: &str) -> String {
        let service = encode(SERVICE);
        let form = match self {
            Ask::Get { account, password, offline } => {
                let basic = STANDARD.encode(format!("{account}:{password}"));
                return format!(
                    "GET /auth?service={service}&offline_token={offline} HTTP/1.0\r\n{lines}Authorization: Basic {basic}\r\n\r\n"
                );
            }
            Ask::Post { account, password } => format!(
                "grant_type=password&access_type=offline&username={}&password={}",
                encode(account),
                encode(password)
            ),
            Ask::Refresh(token) => format!("grant_type=refresh_token&refresh_token={token}"),
        };
        let form = format!("{form}&client_id=tests&service={service}");
        format!(
            "POST /auth HTTP/1.0\r\n{lines}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
    }
}
