//! `dockgate check`: what a configuration does, without doing it.

use crate::process::{Site, dockgate, run};

const CONFIG: &str = r#"server: {addr: "127.0.0.1:5001", path_prefix: "/registry-auth/"}
token: {issuer: "an issuer", expiration: 900, certificate: cert.pem, key: key.pem}
authn:
  - users: {}
    name: machines
  - users:
      guest: {}
    name: people
authz:
  - acl: []
"#;

#[test]
fn it_says_what_the_configuration_does_and_what_is_odd() {
    let site = Site::with(CONFIG);
    let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(
        lines[0].starts_with("warning: auth.yml:7:14: authn[1].users.guest: anybody who knows this name"),
        "{}",
        lines[0]
    );
    for line in [
        "listens on       127.0.0.1:5001 (HTTP)",
        "token endpoint   /registry-auth/auth",
        "who is this      machines, then people",
        "what may they do acl",
        "signs as         an issuer",
        "algorithm        ES256 (EC P-256), 900 seconds",
        "x5c              sent along",
    ] {
        assert!(lines.contains(&line), "{line:?} is not in\n{}", ended.stdout);
    }
    let line = |start: &str| lines.iter().find(|line| line.starts_with(start)).unwrap().to_string();
    assert_eq!(line("key id ").matches(':').count(), 11, "{}", ended.stdout);
    assert!(line("certificate ").contains("CN=it.example.test until 20"), "{}", ended.stdout);
    assert_eq!(lines.last(), Some(&"auth.yml: fine, 1 warning(s)"));
}

/// In lists, files are found beside the configuration, wherever the command is typed.
#[test]
fn files_are_found_from_anywhere_in_lists_and_from_here_in_the_flat_form() {
    let site = Site::with(CONFIG);
    let elsewhere = tempfile::tempdir().unwrap();
    let config = site.file("auth.yml");
    let check =
        |directory: &std::path::Path| run(dockgate().arg("check").arg(&config).current_dir(directory));
    assert_eq!(check(elsewhere.path()).code, Some(0));
    let flat = CONFIG.split("authn:").next().unwrap().to_owned() + "users: {}\nacl: []\n";
    site.write("auth.yml", flat);
    assert_eq!(check(site.path()).code, Some(0));
    let ended = check(elsewhere.path());
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.starts_with(&format!("{}:2:", config.display())), "{}", ended.stderr);
}

#[test]
fn it_listens_nowhere_and_changes_nothing() {
    let site = Site::with(&CONFIG.replace("addr: \"127.0.0.1:5001\"", "net: unix, addr: auth.sock"));
    let names = || {
        let mut names: Vec<_> =
            std::fs::read_dir(site.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(names(), before);
}

#[test]
fn offline_it_does_without_keys_secrets_and_environment() {
    let site = Site::with(
        r#"server: {addr: ":5001", certificate: nowhere.pem, key: nowhere.key}
token: {issuer: "${env:DOCKGATE_TEST_UNSET}", expiration: 900, certificate: nowhere.pem, key: nowhere.key}
users:
  alice: {password: "${env:DOCKGATE_TEST_UNSET}"}
  bob: {password_file: nowhere.hash}
acl:
  - {match: {name: "public/**"}, actions: ["pull"]}
"#,
    );
    let check = |arguments: &[&str]| run(dockgate().args(arguments).current_dir(site.path()));
    assert_eq!(check(&["check", "auth.yml"]).code, Some(2));
    let offline = check(&["check", "--offline", "auth.yml"]);
    assert_eq!((offline.code, offline.stderr.as_str()), (Some(0), ""), "{offline:?}");
    assert!(offline.stdout.starts_with("warning: auth.yml:7:"), "{}", offline.stdout);
    assert!(offline.stdout.ends_with("fine as far as can be seen without keys and secrets, 1 warning(s)\n"));

    site.write(
        "bad.yml",
        "server: {addr: 5001}\nserver: {}\ntoken: {}\nusers: {bob: }\nacl: [{match: {name: '['}}]\n",
    );
    let refused = check(&["check", "--offline", "bad.yml"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    for line in ["bad.yml:1:16: ", "bad.yml:2:1: ", "bad.yml:3:8: ", "bad.yml:4:", "bad.yml:5:7: "] {
        assert!(refused.stderr.contains(line), "{line} is not in\n{}", refused.stderr);
    }
}
