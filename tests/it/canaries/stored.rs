//! Credentials of the server's own, and the secrets of its store: in no flow does one reach a log, a backend or an error.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::{Guarded, RIGHT};
use crate::process::{Address, Response, Server, basic, dockgate, encode, free_port, run, run_with_input};

const SEAL: &str = "canary-store-secret-0123456789abcdef";
const SEAL_BEFORE: &str = "canary-store-secret-before-0123456789";
const REDIS: &str = "canary-redis-password";
const POSTGRES: &str = "canary-postgres-password";

/// Writes down whatever it is asked, and knows nobody.
const SPY: &str = "#!/bin/sh\ncat >> asked.txt\necho >> asked.txt\nexit 1\n";

fn guarded(format: &'static str) -> Guarded {
    let guarded = Guarded::new(format);
    guarded.site.program("spy.sh", SPY);
    guarded.site.write("seal.secret", SEAL);
    guarded.site.write("seal-before.secret", SEAL_BEFORE);
    guarded.site.write(
        "auth.yml",
        config(
            &guarded,
            "store: {file: store, secret_file: seal.secret, secret_before_file: seal-before.secret}",
        ),
    );
    guarded
}

fn config(guarded: &Guarded, store: &str) -> String {
    let config = guarded.config();
    let config = config.replace("\"127.0.0.1:0\"", "\"127.0.0.1:0\", admin: {socket: admin.sock}");
    let config = config.replace("expiration: 300,", "expiration: 300, refresh: {lifetime: 30d, idle: 7d},");
    let spy = "  - ext_auth: {command: ./spy.sh}\n";
    let config = config.replace("authz:\n", &format!("{spy}authz:\n"));
    assert!(config.contains("admin.sock") && config.contains("refresh:") && config.contains(spy), "{config}");
    format!("{config}{store}\n")
}

/// What was made of a credential on its way, and the ways in which it comes.
pub(super) fn shown(address: &Address, secret: &str) -> Vec<Response> {
    let ask = |account: &str, password: &str| {
        let basic = basic(account, password);
        address.get(
            "/auth?service=r&scope=repository:web/a:pull&offline_token=true",
            Some(("Authorization", &basic)),
        )
    };
    let form = |fields: &[(&str, &str)]| address.post_form("/auth", fields);
    let mut answers: Vec<Response> =
        ["alice", "", "<token>", "bob", "nobody", "alice\nFORGED"].map(|account| ask(account, secret)).into();
    for damaged in [
        format!("{secret}\n"),
        format!(" {secret}"),
        secret.to_uppercase(),
        secret[..60].to_owned(),
        format!("nobody:{secret}"),
    ] {
        for account in ["alice", "nobody"] {
            answers.push(ask(account, &damaged));
            answers.push(form(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", &damaged),
                ("service", "r"),
            ]));
            answers.push(form(&[("username", account), ("password", &damaged), ("service", "r")]));
        }
    }
    // In the place of something else.
    answers.push(ask(secret, "x"));
    answers.push(ask(secret, secret));
    answers.push(ask(secret, ""));
    let with_account = basic(secret, "x");
    let target = format!("/auth?service=r&account={secret}");
    answers.push(address.get(&target, Some(("Authorization", &with_account))));
    answers.push(address.get(&format!("/auth?service=r&refresh_token={secret}&password={secret}"), None));
    answers.push(address.get("/auth?service=r", Some(("Authorization", &format!("Bearer {secret}")))));
    answers.push(form(&[("grant_type", "refresh_token"), ("refresh_token", secret), ("service", "another")]));
    answers.push(form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", secret),
        ("service", "r"),
        ("username", "bob"),
        ("access_type", "offline"),
    ]));
    for account in ["alice", "Alice", "\u{212a}im"] {
        answers.push(form(&[
            ("grant_type", "password"),
            ("username", account),
            ("password", secret),
            ("access_type", "offline"),
            ("client_id", "a\u{1b}[31m"),
            ("service", "r"),
        ]));
    }
    answers
}

/// Every shape in which one could be written.
fn canaries(secrets: &[&str]) -> Vec<String> {
    let mut canaries = Vec::new();
    for secret in secrets {
        canaries.extend([(*secret).to_owned(), encode(secret), secret.to_uppercase()]);
        if secret.starts_with("dg") {
            canaries.extend([
                secret[..40].to_owned(),
                secret[4..44].to_owned(),
                secret.to_uppercase()[..40].to_owned(),
            ]);
        }
    }
    canaries
}

#[test]
fn no_credential_of_ours_is_said_or_shown_to_a_backend() {
    for format in ["json", "text"] {
        let guarded = guarded(format);
        let site = &guarded.site;
        let server = guarded.start();
        let address = server.address();
        let right = basic("alice", RIGHT);
        let login = address.get("/auth?service=r&offline_token=true", Some(("Authorization", &right)));
        let refresh = login.json()["refresh_token"].as_str().expect("a refresh token").to_owned();
        let command = |arguments: &[&str], input: &str| {
            run_with_input(dockgate().args(arguments).current_dir(site.path()), input.as_bytes())
        };
        let options = ["--account", "alice", "--scope", "repository:web/*:pull", "--expires", "1d"];
        let made = command(&[&["tokens", "create", "auth.yml"][..], &options].concat(), "");
        let robot = made.stdout.trim().to_owned();
        assert_eq!((made.code, robot.len()), (Some(0), 62), "{made:?}");
        let mut said = made.stderr;

        let mut answers = Vec::new();
        for secret in [&refresh, &robot] {
            let shown = shown(address, secret);
            assert_eq!(shown[0].status, 200, "{:?}", shown[0]);
            answers.extend(shown);
            for account in ["alice", "nobody"] {
                for input in [format!("{secret}\n"), format!("{secret} \n"), secret.to_uppercase()] {
                    let arguments = [
                        "explain",
                        "auth.yml",
                        "--account",
                        account,
                        "--service",
                        "r",
                        "--scope",
                        "repository:web/a:pull",
                        "--password-stdin",
                    ];
                    let explained = command(&arguments, &input);
                    said += &explained.output();
                }
            }
        }
        let own = basic("nobody", "own-words");
        answers.push(address.get("/auth?service=r", Some(("Authorization", &own))));
        let statuses: BTreeSet<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, BTreeSet::from([200, 400, 401]));
        for answer in &answers {
            assert!(!answer.body.contains("refresh_token"), "one makes another: {answer:?}");
        }
        for arguments in [
            &["tokens", "list", "auth.yml"][..],
            &["tokens", "list", "auth.yml", "--json"],
            &["store", "export", "auth.yml"],
            &["tokens", "revoke", "auth.yml", &robot],
            &["bans", "list", "auth.yml"],
        ] {
            said += &command(arguments, "").output();
        }
        let export = command(&["store", "export", "auth.yml"], "").stdout;
        assert_eq!(export.lines().count(), 4, "{export}");
        said += &command(&["store", "import", "auth.yml"], &export).output();
        said += &command(&["store", "import", "auth.yml"], &export.replace("\"end\"", "\"ende\"")).output();
        said += &command(&["revoke", "auth.yml", "--account", "alice"], "").output();
        answers.extend(shown(address, &refresh));

        let ended = server.stop(Signal::TERM);
        assert!(
            ended.stderr.contains("TRACE") && ended.stderr.contains("API token created"),
            "{}",
            ended.stderr
        );
        let canaries = canaries(&[&refresh, &robot, SEAL, SEAL_BEFORE]);
        guarded.assert_silent(&ended.output(), &canaries);
        guarded.assert_silent(&std::fs::read_to_string(site.file("audit.log")).unwrap(), &canaries);
        guarded.assert_silent(&said, &canaries);
        let heard: Vec<String> =
            answers.iter().map(|answer| format!("{}\n{}", answer.head, answer.body)).collect();
        guarded.assert_silent(&heard.join("\n"), &canaries);
        let stored = std::fs::read(site.file("store/store.redb")).unwrap();
        guarded.assert_silent(&String::from_utf8_lossy(&stored), &canaries);
        let asked = std::fs::read_to_string(site.file("asked.txt")).unwrap();
        assert!(asked.contains("nobody own-words"), "the program is asked of what is not ours: {asked}");
        for canary in canaries {
            assert!(!asked.contains(&canary), "a program was shown {canary}: {asked}");
        }
    }
}

#[test]
fn no_secret_of_a_store_is_said_whether_it_answers_or_not() {
    let port = free_port();
    let redis = format!(
        "redis: {{addr: \"127.0.0.1:{port}\", username: u, password: {REDIS}}}, secret: {SEAL}, secret_before: {SEAL_BEFORE}"
    );
    let postgres = format!(
        "postgres: {{host: \"127.0.0.1\", port: {port}, database: d, user: u, password: {POSTGRES}}}, secret: {SEAL}"
    );
    let secrets = canaries(&[SEAL, SEAL_BEFORE, REDIS, POSTGRES]);
    let guarded = guarded("json");
    let site = &guarded.site;
    let mut said = String::new();
    let mut served = 0;
    for store in [redis.as_str(), &postgres] {
        site.write("auth.yml", config(&guarded, &format!("store: {{{store}}}")));
        match Server::try_start(dockgate().args(["serve", "auth.yml"]).current_dir(site.path())) {
            Ok(server) => {
                served += 1;
                let right = basic("alice", RIGHT);
                let target = "/auth?service=r&offline_token=true";
                assert_eq!(server.address().get(target, Some(("Authorization", &right))).status, 200);
                said +=
                    &run(dockgate().args(["tokens", "list", "auth.yml"]).current_dir(site.path())).output();
                said += &server.stop(Signal::TERM).output();
            }
            Err(ended) => said += &ended.output(),
        }
        for (from, to) in [
            ("password:", "pasword:"),
            ("password: ", "password: ["),
            ("password: ", "passwords: {x: 1}, password: "),
            ("secret: ", "secrets: "),
            ("secret: canary-store-secret", "secret: [canary-store-secret"),
            ("database: d", "database: -1"),
            ("addr: \"127.0.0.1", "addr: \"u:canary-redis-password@127.0.0.1"),
            ("addr: \"127.0.0.1", "addr: \"redis://u:canary-redis-password@127.0.0.1"),
            ("host: \"127.0.0.1", "host: \"u:canary-postgres-password@127.0.0.1"),
            ("host: \"127.0.0.1", "host: \"postgres://u:canary-postgres-password@127.0.0.1"),
        ] {
            site.write("variant.yml", config(&guarded, &format!("store: {{{}}}", store.replace(from, to))));
            said += &run(dockgate().args(["check", "variant.yml"]).current_dir(site.path())).output();
        }
    }
    assert_eq!(served, 2, "{said}");
    guarded.assert_silent(&said, &secrets);
}
