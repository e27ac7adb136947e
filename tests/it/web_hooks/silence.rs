//! No secret leaves, whatever a hook repeats.

use rustix::process::Signal;
use serde_json::json;

use super::hook::{Hook, Told};
use super::reload::config;
use crate::process::{Server, Site};

const PASSWORD: &str = "canary-password-1";
const TOKEN: &str = "canary-bearer-token-2";
const QUERY: &str = "canary-in-query-3";
const PROXY: &str = "canary-of-the-proxy-4";
/// `whsec_` and the base64 of this.
const KEY: &str = "canary-signing-key-no-5!";
const KEY_TEXT: &str = "Y2FuYXJ5LXNpZ25pbmcta2V5LW5vLTUh";

#[test]
fn a_hook_that_repeats_everything_gives_nothing_away() {
    let hook = Hook::start(|asked| {
        let question = asked.json();
        let all = format!("{} {}", asked.head, asked.body);
        match question["account"].as_str().unwrap() {
            "denied" => Told::Json(json!({"decision": "deny", "reason": all})),
            "unreadable" => Told::Json(json!({"decision": "allow", all: 1})),
            "word" => Told::Json(json!({"decision": all})),
            "text" => Told::Status(200, all),
            "refused" => Told::Status(500, all),
            "moved" => Told::Raw(format!("HTTP/1.1 302 {all}\r\nLocation: http://127.0.0.1:1/{all}\r\n\r\n")),
            "cut" => Told::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{all}")),
            "header" => Told::Raw(format!("HTTP/1.1 {all}\r\n\r\n")),
            _ => Told::Json(json!({"decision": "allow", "labels": {"all": ["x"]}, "reason": all})),
        }
    });
    let site = Site::with(&config(&format!(
        "audit: {{to: audit.log}}\n\
         authn:\n  - http_auth: {{url: \"{}?{QUERY}\", breaker: {{failures: 3, pause: 1ms}}, bearer_token_file: token, \
         signing_key: whsec_{KEY_TEXT}}}\n\
         authz:\n  - acl: [{{match: {{}}, actions: [pull]}}]\n",
        hook.url()
    )));
    site.write("token", TOKEN);
    let mut command = crate::process::dockgate();
    command.args(["serve", "auth.yml"]).current_dir(site.path());
    command.env("HTTPS_PROXY", format!("http://user:{PROXY}@127.0.0.1:1"));
    let server = Server::start_command(&mut command);
    let mut statuses = Vec::new();
    for account in ["alice", "denied", "unreadable", "word", "text", "refused", "moved", "cut", "header"] {
        statuses.push(server.ask(Some((account, PASSWORD)), "repository:a:pull").status);
    }
    assert_eq!(statuses, [200, 401, 503, 503, 503, 503, 503, 503, 503]);
    assert_eq!(hook.asked().len(), 9, "every one was asked");
    let ended = server.stop(Signal::TERM);
    let audit = std::fs::read_to_string(site.file("audit.log")).unwrap();
    assert!(ended.stderr.contains("TRACE") && audit.contains("denied"), "{}", ended.stderr);
    let said = ended.output() + &audit;
    for canary in [PASSWORD, TOKEN, QUERY, PROXY, KEY, KEY_TEXT] {
        let place =
            said.find(canary).map(|place| said[place.saturating_sub(400)..].chars().take(600).collect());
        assert_eq!(place, None::<String>, "{canary}");
    }
}
