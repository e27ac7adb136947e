//! A registry that tells what it thinks of tokens.

use std::fmt;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::key::Keyring;
use super::trust::Trust;
use crate::dockgate::ISSUER;
use crate::harness::http::{Response, request};
use crate::harness::process::Process;
use crate::registry::{self, SERVICE, TrustFiles, Version};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Refused,
    /// The registry cannot work with what it is given to trust, and says so at its start.
    DoesNotStart,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "yes",
            Self::Refused => "no",
            Self::DoesNotStart => "does not start",
        })
    }
}

pub(crate) struct Guarded {
    running: Result<(Process, String), String>,
    // Behind the server, which writes into it.
    _dir: TempDir,
}

impl Guarded {
    pub(crate) fn start(version: Version, trust: &Trust, keys: &Keyring) -> Self {
        let dir = directory();
        let files = trust.write(dir.path(), keys);
        Self::with_files(version, dir, &files)
    }

    /// With files of somebody else's making.
    pub(crate) fn with_files(version: Version, dir: TempDir, files: &TrustFiles) -> Self {
        let running = registry::start(version, dir.path(), "http://127.0.0.1:1/auth", files);
        if let Err(log) = &running {
            assert!(
                log.contains("unable to configure authorization (token)"),
                "{version:?}, {files:?}: {log}"
            );
        }
        let running = running.map(|(process, port)| (process, format!("127.0.0.1:{port}")));
        Self { running, _dir: dir }
    }

    /// Whether it lets the bearer of `token` begin an upload to [`REPOSITORY`].
    pub(crate) fn verdict(&self, token: &str) -> Verdict {
        self.verdict_of("POST", &format!("/v2/{REPOSITORY}/blobs/uploads/"), token)
    }

    /// Whether it lets the bearer of `token` do that. What is not there may be asked for.
    pub(crate) fn verdict_of(&self, method: &str, target: &str, token: &str) -> Verdict {
        let Ok((_, host)) = &self.running else { return Verdict::DoesNotStart };
        let answer = request(method, host, target, Some(&format!("Bearer {token}")));
        match answer.status {
            200..300 | 404 => Verdict::Accepted,
            401 if is_challenge(&answer) => Verdict::Refused,
            _ => panic!("{method} {target}: {answer:?}\n{}", self.log()),
        }
    }

    pub(crate) fn log(&self) -> String {
        match &self.running {
            Ok((process, _)) => process.log(),
            Err(log) => log.clone(),
        }
    }
}

pub(crate) fn directory() -> TempDir {
    tempfile::Builder::new().prefix("dockgate-matrix-").tempdir().unwrap()
}

fn is_challenge(answer: &Response) -> bool {
    answer.header("WWW-Authenticate").is_some_and(|challenge| challenge.starts_with("Bearer realm="))
}

pub(crate) const REPOSITORY: &str = "alice/app";

/// Claims that allow to push to [`REPOSITORY`], `now` in seconds since the epoch.
pub(crate) fn claims(now: u64) -> Value {
    json!({
        "iss": ISSUER,
        "sub": "alice",
        "aud": SERVICE,
        "exp": now + 300,
        "nbf": now - 10,
        "iat": now - 10,
        "jti": "one of a test",
        "access": [{"type": "repository", "name": REPOSITORY, "actions": ["pull", "push"]}],
    })
}

pub(crate) fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}
