use std::ffi::OsString;
use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use dockgate_testkit::fakes::{World, noon};
use tempfile::TempDir;

use super::kept::{Kept, Secret, seconds};
use super::*;

const NONE: &str = "credentials not found in native keychain\n";

struct Home {
    _directory: TempDir,
    outside: Outside,
    world: World,
}

impl Home {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let world = World::new();
        let home = directory.path().to_str().unwrap().to_owned();
        let outside = Outside {
            clock: world.clock.clone(),
            environment: Arc::new(move |name| (name == "HOME").then(|| home.clone())),
            ..Outside::real()
        };
        Self { _directory: directory, outside, world }
    }

    /// What is printed, and whether it went well.
    fn run(&self, word: &str, input: &str) -> (String, bool) {
        let mut output = Vec::new();
        let code =
            protocol::run(&[OsString::from(word)], &mut Cursor::new(input), &mut output, &self.outside);
        (String::from_utf8(output).unwrap(), code == ExitCode::SUCCESS)
    }

    fn file(&self) -> CredentialFile {
        CredentialFile::of(self.outside.environment.as_ref()).unwrap()
    }

    fn sign_in(&self, login: Login) {
        let file = self.file();
        let held = file.hold().unwrap();
        let mut kept = held.read().unwrap();
        kept.sign_in(login);
        held.write(&kept).unwrap();
    }
}

fn login(registries: &[&str]) -> Login {
    Login {
        registries: registries.iter().map(|registry| (*registry).to_owned()).collect(),
        server: "https://auth.example.com".to_owned(),
        // Nobody listens there.
        token_endpoint: "http://127.0.0.1:1/device/token".to_owned(),
        revocation_endpoint: None,
        ca: None,
        account: "alice".to_owned(),
        secret: Secret("dgp_canary".to_owned()),
        made: seconds(noon()),
        ends: Some(seconds(noon()) + 1000),
        not_before: None,
    }
}

#[test]
fn a_login_is_of_the_server_that_it_is_renewed_at_whatever_another_calls_itself() {
    let mut kept = Kept::default();
    assert_eq!(kept.another("registry.example.com", "https://evil.example.com/device/token"), None);
    kept.sign_in(Login {
        token_endpoint: "https://auth.example.com/device/token".to_owned(),
        ..login(&["registry.example.com"])
    });
    let other = |endpoint: &str| kept.another("registry.example.com", endpoint).is_some();
    assert!(!other("https://auth.example.com:443/gate/device/token"), "the same server");
    for endpoint in [
        "https://evil.example.com/device/token",
        "http://127.0.0.1:1/device/token",
        "https://auth.example.com:8443/device/token",
    ] {
        assert!(other(endpoint), "{endpoint}");
    }
}

#[test]
fn what_a_client_stores_it_gets_until_it_erases_it() {
    let home = Home::new();
    assert_eq!(home.run("get", "registry.example.com"), (NONE.to_owned(), false));
    assert_eq!(home.run("list", ""), ("{}\n".to_owned(), true));
    let given = r#"{"ServerURL":"https://index.docker.io/v1/","Username":"<token>","Secret":"canary"}"#;
    assert_eq!(home.run("store", given), (String::new(), true));
    let path = home.file().path();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    for name in ["https://index.docker.io/v1/", "docker.io", "index.docker.io\n"] {
        let (answer, well) = home.run("get", name);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(well);
        assert_eq!(answer["ServerURL"], name.trim());
        assert_eq!(
            (answer["Username"].as_str(), answer["Secret"].as_str()),
            (Some("<token>"), Some("canary"))
        );
    }
    assert_eq!(home.run("list", ""), ("{\"https://index.docker.io/v1/\":\"<token>\"}\n".to_owned(), true));
    assert_eq!(home.run("erase", "docker.io"), (String::new(), true));
    assert_eq!(home.run("erase", "docker.io"), (String::new(), true), "there is none, as was wanted");
    assert_eq!(home.run("get", "docker.io"), (NONE.to_owned(), false));
}

#[test]
fn a_mistake_is_told_in_the_words_that_clients_know() {
    let home = Home::new();
    for (word, input, said) in [
        ("get", "", "no credentials server URL\n"),
        ("erase", " \n", "no credentials server URL\n"),
        ("store", r#"{"Username":"a","Secret":"canary"}"#, "no credentials server URL\n"),
        ("store", r#"{"ServerURL":"a","Secret":"canary"}"#, "no credentials username\n"),
        ("store", r#"{"Secret":"canary""#, "what stands on standard input is no credential\n"),
        (
            "store",
            r#"{"ServerURL":"a","Username":"b","Secret":["canary"]}"#,
            "what stands on standard input is no credential\n",
        ),
    ] {
        assert_eq!(home.run(word, input), (said.to_owned(), false), "{word} {input}");
    }
    for word in ["", "gets", "--help-me"] {
        let (said, well) = home.run(word, "");
        assert!(said.contains("<store|get|erase|list|version>") && !well, "{said}");
    }
    assert!(home.run("version", "").1);
    assert!(!home.run("get", &"a".repeat(300_000)).1);
}

#[test]
fn a_damaged_file_is_left_alone_and_its_secrets_are_not_told() {
    let home = Home::new();
    home.sign_in(login(&["registry.example.com"]));
    let path = home.file().path();
    let whole = fs::read_to_string(&path).unwrap();
    let damaged = [
        whole.get(..whole.len() / 2).unwrap().to_owned(),
        whole.replace("\"secret\": \"dgp_canary\"", "\"secret\": {\"dgp_canary\": 1}"),
        whole.replace("\"made\": ", "\"made\": \"dgp_canary\", \"was\": "),
        whole.replace("\"version\": 1", "\"version\": 2"),
    ];
    for text in damaged {
        fs::write(&path, &text).unwrap();
        let given = r#"{"ServerURL":"a","Username":"b","Secret":"c"}"#;
        for (word, input) in [("get", "registry.example.com"), ("store", given), ("erase", "a"), ("list", "")]
        {
            let (said, well) = home.run(word, input);
            assert!(
                !well && said.contains(path.to_str().unwrap()) && said.contains("move it away"),
                "{said}"
            );
            assert!(!said.contains("canary"), "{said}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "{word} wrote it");
        }
    }
}

#[test]
fn a_server_that_is_down_ends_nothing_before_its_time() {
    let home = Home::new();
    home.sign_in(login(&["registry.example.com", "other.example.com"]));
    for after in [0, 499, 500, 999] {
        home.world.clock.set(noon() + Duration::from_secs(after));
        let (said, well) = home.run("get", "https://registry.example.com/v2/");
        assert!(well && said.contains("dgp_canary"), "{after}: {said}");
    }
    let asked = fs::read_to_string(home.file().path()).unwrap().contains("not_before");
    assert!(asked, "it was asked when half of the life was over");
    home.world.clock.set(noon() + Duration::from_secs(1000));
    let (said, well) = home.run("get", "registry.example.com");
    assert!(!well && said.contains("run `dockgate login https://auth.example.com`"), "{said}");
}

#[test]
fn a_login_takes_the_place_of_what_there_was() {
    let home = Home::new();
    home.run("store", r#"{"ServerURL":"a.example","Username":"b","Secret":"c"}"#);
    home.sign_in(login(&["a.example", "b.example"]));
    home.sign_in(Login { account: "bob".to_owned(), ..login(&["b.example"]) });
    let list = home.run("list", "").0;
    assert_eq!(list, "{\"a.example\":\"alice\",\"b.example\":\"bob\"}\n");
    let file = home.file();
    let mut kept = file.read().unwrap();
    let idle = kept.sign_in(Login { account: "carol".to_owned(), ..login(&["a.example"]) });
    assert_eq!(idle.len(), 1, "nobody uses alice's any more");
    assert_eq!(idle[0].account, "alice");
    assert!(kept.erase("b.example").is_some_and(|login| login.account == "bob"));
    assert!(!format!("{kept:?}").contains("canary"));
}

#[test]
fn writers_wait_for_each_other() {
    let home = Home::new();
    let file = home.file();
    std::thread::scope(|scope| {
        for number in 0..16 {
            let file = &file;
            scope.spawn(move || {
                let held = file.hold().unwrap();
                let mut kept = held.read().unwrap();
                kept.sign_in(login(&[&format!("r{number}.example")]));
                held.write(&kept).unwrap();
            });
        }
    });
    for number in 0..16 {
        assert!(file.read().unwrap().login(&format!("r{number}.example")).is_some(), "{number} is lost");
    }
}
