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

#[test]
fn it_says_what_is_kept_and_what_a_proxy_asks() {
    for (sections, says) in [
        ("store: {file: store}\n", "store            file, no refresh tokens"),
        (
            "store: {redis: {addr: \"127.0.0.1:1\"}, secret: 0123456789abcdef0123456789abcdef}\n",
            "store            redis, no refresh tokens",
        ),
        (
            "store: {file: store}\nforward_auth: {preset: nginx, mode: bearer, service: \"my registry\", \
             public_url: \"https://auth.example.com/registry-auth\", trusted_proxies: [127.0.0.1], \
             secret: 0123456789abcdef0123456789abcdef}\n",
            "gate             /registry-auth/forward-auth for nginx (mode bearer), service my registry",
        ),
    ] {
        let site = Site::with(&format!("{CONFIG}{sections}"));
        let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
        assert!(ended.stdout.lines().any(|line| line == says), "{says}: {ended:?}");
        assert!(!site.file("store").exists(), "whoever looks makes nothing");
    }
}

#[test]
fn it_names_every_door() {
    let doors = r#"server:
  addr: "127.0.0.1:5001"
  certificate: cert.pem
  key: key.pem
  listeners:
    - {addr: "127.0.0.1:5002", tls: false}
    - {addr: a.sock, net: unix}
  metrics: {addr: "127.0.0.1:9101"}
  admin: {socket: admin.sock}
"#;
    let site = Site::with(&format!("{doors}{}", CONFIG.split_once('\n').unwrap().1));
    let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let shown: Vec<&str> = ended
        .stdout
        .lines()
        .skip_while(|line| line.starts_with("warning: "))
        .take_while(|line| !line.starts_with("token endpoint"))
        .collect();
    let expected = [
        "listens on       127.0.0.1:5001 (HTTPS)",
        "listens on       127.0.0.1:5002 (HTTP)",
        "listens on       unix:a.sock (HTTPS)",
        "metrics          127.0.0.1:9101 (HTTP)",
        "admin commands   unix:admin.sock",
    ];
    assert_eq!(shown, expected, "{}", ended.stdout);
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

/// Nothing of a server's surroundings is there: no file, no variable, no PATH, no home.
#[test]
fn offline_it_does_without_anything() {
    let site = Site::with(
        r#"server: {addr: "${env:ADDR}", certificate: /nowhere/tls.pem, key: /nowhere/tls.key}
token:
  issuer: issuer
  expiration: ${env:SECONDS}
  keys:
    - {name: managed, managed_keys: /nowhere/keys}
    - {certificate: /nowhere/a.pem, key: /nowhere/a.key, services: [lab]}
passwords: {slots: "${env:SLOTS}"}
authn:
  - users_file: {path: /nowhere/users.htpasswd}
  - users: {bob: {password_file: /nowhere/bob.hash}}
authz:
  - acl: [{match: {account: bob}, actions: [pull]}]
"#,
    );
    std::fs::remove_file(site.file("cert.pem")).unwrap();
    std::fs::remove_file(site.file("key.pem")).unwrap();
    let check = |arguments: &[&str]| run(dockgate().env_clear().args(arguments).current_dir(site.path()));
    let offline = check(&["check", "--offline", "auth.yml"]);
    assert_eq!((offline.code, offline.stderr.as_str()), (Some(0), ""), "{offline:?}");
    assert_eq!(
        offline.stdout,
        "auth.yml: fine as far as can be seen without keys and secrets, 0 warning(s)\n"
    );
    assert_eq!(check(&["check", "auth.yml"]).code, Some(2));
}

/// A callback that leads elsewhere is seen in a proposal; the picture of the page is not at hand there.
#[test]
fn offline_it_looks_at_callbacks_and_at_no_picture() {
    let site = Site::with(
        r#"server: {addr: ":5001"}
token: {issuer: issuer, expiration: 300, managed_keys: /nowhere/keys}
store: {file: store}
login: {public_url: "https://auth.example.com", logo: /nowhere/logo.png}
authn:
  - github_auth:
      organization: acme
      client_id: a
      client_secret_file: /nowhere/secret
      redirect_uri: "https://auth.example.com/elsewhere"
authz: [{acl: []}]
"#,
    );
    let check = || run(dockgate().args(["check", "--offline", "auth.yml"]).current_dir(site.path()));
    let refused = check();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.starts_with("auth.yml:10:21: authn[0].github_auth.redirect_uri: "), "{refused:?}");
    assert!(refused.stderr.ends_with("auth.yml: 1 problem, nothing was started\n"), "{refused:?}");
    let text = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    site.write("auth.yml", text.replace("elsewhere", "github_auth"));
    assert_eq!(check().code, Some(0));
}

/// docker_auth's own file loads, and each line that means something else here is named with what to do.
#[test]
fn on_a_flat_file_it_names_the_lines_that_mean_something_else() {
    let flat = r#"server: {addr: ":5001"}
token: {issuer: i, expiration: 900, certificate: cert.pem, key: key.pem, disable_legacy_key_id: true}
users: {alice: {password: "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq"}, "": {}}
acl:
  - match: {name: "web/**"}
    actions: ["*"]
  - match: {name: "/web|mobile/"}
    actions: ["*"]
  - match: {account: "/^(.+)-ci$/", name: "${account:1}/*"}
    actions: ["*"]
  - match: {account: alice, name: "\\${account}/*"}
    actions: ["*"]
  - match: {name: "${account}*"}
    actions: ["*"]
  - match: {name: "/^${labels:team}\\/[${account}]${name}+$/"}
    actions: ["*"]
  - match: {type: repository}
    actions: [pull]
"#;
    let site = Site::with(flat);
    let check = |arguments: &[&str]| {
        run(dockgate().arg("check").args(arguments).arg("auth.yml").current_dir(site.path()))
    };
    let checked = check(&[]);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked:?}");
    for (start, cure) in [
        ("warning: auth.yml:5:", "it does under `acl_version: 2`"),
        ("warning: auth.yml:7:", "write `/^(one|other)$/`"),
        ("note: auth.yml:2:", "the RFC 7638 id of this EC key is"),
        ("note: auth.yml:9:", "stands for itself here"),
        ("note: auth.yml:11:", "write `${account}` if that was meant"),
        ("note: auth.yml:13:", "write a rule with `account: \"\"`"),
        ("note: auth.yml:15:", "a group of its own here"),
        ("note: auth.yml:15:", "never a range"),
        ("note: auth.yml:15:", "repeats its whole value"),
        ("note: auth.yml:17:", "a request for `*` gets what this rule grants"),
    ] {
        let said = checked.stdout.lines().any(|line| line.starts_with(start) && line.contains(cure));
        assert!(said, "no line {start} with {cure:?}:\n{}", checked.stdout);
    }
    // The same in lists, and under our own patterns, is what it is everywhere.
    let (head, acl) = flat.split_once("acl:\n").unwrap();
    let rules: String = acl.lines().map(|line| format!("    {line}\n")).collect();
    let (top, users) = head.split_once("users: ").unwrap();
    for ours in [
        format!("acl_version: 2\n{flat}"),
        format!("{top}authn:\n  - users: {users}authz:\n  - acl:\n{rules}"),
    ] {
        site.write("auth.yml", &ours);
        let checked = check(&["--offline"]);
        assert_eq!(checked.code, Some(0), "{checked:?}");
        assert!(!checked.stdout.contains("note:"), "{}", checked.stdout);
    }
}

#[test]
fn its_json_is_for_pipelines() {
    let site = Site::with(CONFIG);
    let check = |arguments: &[&str]| {
        let ended = run(dockgate().arg("check").args(arguments).arg("auth.yml").current_dir(site.path()));
        assert_eq!(ended.stderr, "");
        (ended.code, serde_json::from_str::<serde_json::Value>(&ended.stdout).unwrap())
    };
    let (code, fine) = check(&["--json"]);
    assert_eq!((code, &fine["ok"], &fine["version"]), (Some(0), &true.into(), &1.into()));
    let warning = &fine["warnings"][0];
    assert_eq!(
        (&warning["file"], &warning["line"], &warning["column"]),
        (&"auth.yml".into(), &7.into(), &14.into())
    );
    assert_eq!(warning["key"], "authn[1].users.guest");
    assert!(warning["message"].as_str().unwrap().starts_with("anybody who knows this name"));
    site.write("auth.yml", CONFIG.replace("expiration", "expiraton").replace("acl: []", "acl: {}"));
    for arguments in [&["--json"][..], &["--json", "--offline"]] {
        let (code, refused) = check(arguments);
        assert_eq!((code, &refused["ok"]), (Some(2), &false.into()));
        let problems = refused["problems"].as_array().unwrap();
        assert!(problems.len() >= 2, "{refused}");
        assert!(
            problems.iter().any(|problem| problem["key"] == "authz[0].acl" && problem["line"] == 10),
            "{refused}"
        );
    }
}
