//! Requests that could be read in more than one way, through a real proxy, from somebody who may do everything.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Front;
use super::site::{Gated, Mode};
use crate::accounts::ADMIN;
use crate::api;
use crate::registry::SERVICE;

/// All that the requests of the table could want.
const SCOPES: &str = "repository:team/app:pull,push,delete repository:secret/app:pull repository:public/app:pull \
                      registry:catalog:*";

/// A line of the table; every character of it is one byte.
#[derive(Debug, Deserialize)]
pub(super) struct Attack {
    pub(super) name: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    /// It is about what proxies set or take away themselves.
    pub(super) gate_only: bool,
}

pub(super) fn table() -> Vec<Attack> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gate_attacks.jsonl");
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|bad| panic!("{bad}: {line}")))
        .collect()
}

/// None is answered well, and none reaches the registry in any other way, but for what the proxy makes plain requests of.
pub(super) fn none_reaches_the_registry<F: Front>(mode: Mode) {
    let Some(gated) = Gated::<F>::start(mode, &[]) else { return };
    let before = ["team/app", "public/app", "secret/app"].map(|name| gated.store(name, "1"))[2];
    let proof = match mode {
        Mode::Basic => gated.proof(&ADMIN, "GET", "/v2/"),
        Mode::Bearer => format!("Bearer {}", api::token(&gated.gate_host, SERVICE, SCOPES, &ADMIN)),
    };
    let attacks = table();
    assert!(attacks.len() > 100, "only {} lines", attacks.len());
    let mut passed = Vec::new();
    for Attack { name, method, target, headers, gate_only } in &attacks {
        let is_overwritten = |(name, _): &(String, String)| F::OVERWRITES.contains(&name.as_str());
        if *gate_only || headers.iter().any(is_overwritten) {
            continue;
        }
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: registry.example.com\r\nAuthorization: {proof}\r\n\
             Connection: close\r\nContent-Length: 0\r\n{headers}\r\n"
        );
        let bytes: Vec<u8> = request.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
        let mut wire = gated.wire();
        wire.send(&bytes);
        let answer = wire.everything();
        let status = answer.split(' ').nth(1).unwrap_or_default();
        let is_its_own = F::ANSWERS_ITSELF.contains(&target.as_str()) || F::CLEANS.contains(&name.as_str());
        if !answer.is_empty() && !status.starts_with(['4', '5']) && !is_its_own {
            passed.push(format!("{name}: {method} {target}: {answer}"));
        }
    }
    // What they all would have got, and the registry's log is up to date once it shows it.
    let fields = [("Authorization", proof.as_str())];
    assert_eq!(
        gated.wire().ask("GET", "/v2/team/app/tags/list", &fields, b"").status,
        200,
        "{}",
        gated.logs()
    );
    let came = gated.accesses_until("/v2/team/app/tags/list").split_off(before);
    assert!(passed.is_empty(), "{passed:#?}");
    assert!(came.len() <= 1 + F::CLEANS.len(), "{came:#?}");
    let is_odd =
        |target: &str| ["..", "//", "/./", "\\", ";", "%2", "%5"].iter().any(|odd| target.contains(odd));
    assert!(!came.iter().any(|access| is_odd(&access.target)), "{came:#?}");
}
