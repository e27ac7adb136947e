//! The same table over HTTP/2, whose requests a proxy reads in another way.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use super::Front;
use super::attacks::{Attack, table};
use super::site::{Gated, Mode};
use crate::accounts::ADMIN;
use crate::components::CURL;
use crate::harness::command;

const TAGS: &str = "/v2/team/app/tags/list";

/// None of what curl can send is answered well, and none reaches the registry in any other way.
pub(super) fn none_reaches_the_registry<F: Front>() {
    let Some(gated) = Gated::<F>::start(Mode::Basic, &[CURL]) else { return };
    let before = gated.store("team/app", "1");
    let proof = gated.proof(&ADMIN, "GET", "/v2/");
    let attacks: Vec<Attack> = table().into_iter().filter(is_sent::<F>).collect();
    assert!(attacks.len() > 100, "only {} lines", attacks.len());
    let mut config = String::new();
    for Attack { name, method, target, headers, .. } in &attacks {
        request(&mut config, &gated, &proof, name, method, target, headers);
    }
    request(&mut config, &gated, &proof, "the last one", "GET", TAGS, &[]);
    let file = gated.dir().join("curl.conf");
    fs::write(&file, config).unwrap();
    let answers =
        command::run(Command::new(CURL.program).arg("--config").arg(&file), gated.dir(), &gated.logs());
    let answers: Vec<&str> = answers.stdout.lines().collect();
    assert_eq!(answers.len(), attacks.len() + 1, "{answers:#?}");
    // Some end the stream without an answer where a path cannot be decoded.
    let is_refused = |answer: &str| answer.starts_with("2 4") || answer.starts_with("0 000 ");
    let passed: Vec<_> = answers.iter().filter(|answer| !is_refused(answer)).collect();
    assert_eq!(passed, [&"2 200 the last one"], "{}", gated.logs());
    let came = gated.accesses_until(TAGS).split_off(before);
    assert_eq!(came.len(), 1, "{came:#?}");
}

/// curl cuts fragments off, and what is no text is no file of its options.
fn is_sent<F: Front>(attack: &Attack) -> bool {
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"\\".contains(&byte));
    let is_path = attack.target.starts_with('/') && is_plain(&attack.target);
    let is_overwritten = attack.headers.iter().any(|(name, _)| F::OVERWRITES.contains(&name.as_str()));
    !attack.gate_only && !is_overwritten && is_path && !attack.method.is_empty() && is_plain(&attack.method)
}

fn request<F: Front>(
    config: &mut String,
    gated: &Gated<F>,
    proof: &str,
    name: &str,
    method: &str,
    target: &str,
    headers: &[(String, String)],
) {
    if !config.is_empty() {
        config.push_str("next\n");
    }
    write!(
        config,
        "silent\nhttp2\ngloboff\npath-as-is\nmax-time = 30\noutput = /dev/null\ncacert = \"{}\"\n\
         connect-to = \"registry.example.com:443:127.0.0.1:{}\"\n\
         url = \"https://registry.example.com{target}\"\nrequest = \"{method}\"\n\
         write-out = \"%{{http_version}} %{{http_code}} {name}\\n\"\nheader = \"Authorization: {proof}\"\n",
        gated.certificate().display(),
        gated.port,
    )
    .unwrap();
    for (name, value) in headers {
        writeln!(config, "header = \"{name}: {value}\"").unwrap();
    }
}
