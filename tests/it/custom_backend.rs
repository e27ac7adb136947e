//! A stranger's backends: held to the contract by the conformance suites, and their server run as a process.

#[expect(dead_code, reason = "its main is the binary's")]
#[path = "../../examples/custom_backend.rs"]
mod example;

use std::path::PathBuf;
use std::sync::Arc;

use dockgate::config::yaml;
use dockgate_api::config::KeyPath;
use dockgate_api::{Authenticator, Authorizer, BuildContext, Configure, Dialect, Identity, Resource};
use dockgate_testkit::authenticator::{self, Anonymous, Person, Reload, Unknown};
use dockgate_testkit::authorizer::{self, Allowed, Case, NotMine};
use dockgate_testkit::fakes;
use rustix::process::Signal;

use crate::process::{Ended, Server, Site, binary, built_example, run, run_with_input};
use example::{BadgeConfig, DeskConfig};

/// The hash of `alpha-pass`.
const HASH: &str = "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq";

const CONFIG: &str = r#"server: {addr: "127.0.0.1:0"}
token: {issuer: "the house", expiration: 900, certificate: cert.pem, key: key.pem}
authn:
  - badge_auth:
      register: "badges.txt"
      shift: "60s"
  - users:
      guest: {password: "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq"}
authz:
  - desk_authz: {below: "desks"}
  - acl:
      - match: {labels: {department: "printing"}, name: "forms/**"}
        actions: ["pull", "push"]
      - match: {name: "${labels:department}/**"}
        actions: ["pull"]
"#;

fn register() -> String {
    format!("# OWNER HASH [DEPARTMENT…]\nalice {HASH} printing\n\nbob {HASH} *\n")
}

fn server() -> PathBuf {
    built_example("custom_backend")
}

fn check(site: &Site, config: &str) -> Ended {
    site.write("auth.yml", config);
    run(binary(server()).args(["check", "auth.yml"]).current_dir(site.path()))
}

fn site() -> Site {
    let site = Site::with(CONFIG);
    site.write("badges.txt", register());
    site
}

/// A section as the server would hand it over.
fn built<C: Configure<B>, B: ?Sized>(section: &str, cx: &BuildContext) -> Arc<B> {
    let config: C =
        yaml::parse("test.yml", section, &mut Vec::new()).unwrap().decode(&KeyPath::root()).unwrap();
    config.build(cx).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn badges_keep_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    // Among fakes the stored text is the password itself.
    std::fs::write(directory.path().join("badges.txt"), "alice a-right-code printing\n").unwrap();
    let cx = fakes::build_context().with_base_dir(directory.path()).for_link("badge_auth", Dialect::Native);
    let badges: Arc<dyn Authenticator> = built::<BadgeConfig, _>("{register: badges.txt, shift: 12h}", &cx);
    let report = authenticator::conformance(
        badges,
        authenticator::Fixture {
            known: Person::new("alice", "a-right-code"),
            canonical: "alice".to_owned(),
            unknown: Unknown::NoMatch("mallory".to_owned()),
            anonymous: Anonymous::NotSupported("only people wear badges"),
            reload: Reload::Supported { removed: "zoe".to_owned(), epoch: true },
        },
    )
    .await;
    assert_eq!(report.ran.len(), authenticator::rules::ALL.len(), "{:?}", report.ran);
}

#[tokio::test(flavor = "multi_thread")]
async fn desks_keep_the_contract() {
    let cx = fakes::build_context().for_link("desk_authz", Dialect::Native);
    let desks: Arc<dyn Authorizer> = built::<DeskConfig, _>("{below: desks}", &cx);
    let case = |name: &str| Case::new(Identity::new("alice"), Resource::repository(name), &["pull", "push"]);
    let report = authorizer::conformance(
        desks,
        authorizer::Fixture {
            allowed: Allowed::new(case("desks/alice/a"), &["pull", "push"]),
            denied: case("desks/bob/a"),
            not_mine: NotMine::Request(Box::new(case("forms/a"))),
        },
    )
    .await;
    assert_eq!(report.ran.len(), authorizer::rules::ALL.len(), "{:?}", report.ran);
}

#[test]
fn the_server_lets_badges_in() {
    let site = site();
    let server = Server::start_command(binary(server()).args(["serve", "auth.yml"]).current_dir(site.path()));
    for (login, scope, granted) in [
        (Some(("alice", "alpha-pass")), "repository:desks/alice/a:pull,push,delete", "delete,pull,push"),
        (Some(("alice", "alpha-pass")), "repository:desks/bob/a:pull", ""),
        (Some(("alice", "alpha-pass")), "repository:desks/alice:pull", ""),
        (Some(("alice", "alpha-pass")), "repository:forms/a/b:pull,push", "pull,push"),
        (Some(("alice", "alpha-pass")), "repository:printing/a:pull,push", "pull"),
        (Some(("alice", "alpha-pass")), "repository:other/a:pull", ""),
        // His department is called `*`, and that is no pattern.
        (Some(("bob", "alpha-pass")), "repository:other/a:pull", ""),
        (Some(("bob", "alpha-pass")), "repository:desks/bob/a:push", "push"),
        (Some(("guest", "alpha-pass")), "repository:desks/guest/a:push", "push"),
        (Some(("alice", "wrong")), "repository:forms/a:pull", "401"),
        (Some(("alice", "")), "repository:forms/a:pull", "401"),
        (Some(("zoe", "alpha-pass")), "repository:forms/a:pull", "401"),
        (None, "repository:forms/a:pull", "401"),
    ] {
        assert_eq!(server.ask(login, scope).granted(), granted, "{login:?} {scope}");
    }
    // The shift ends before the token would.
    let lifetime =
        server.ask(Some(("alice", "alpha-pass")), "repository:forms/a:pull").json()["expires_in"].as_u64();
    assert!(lifetime.is_some_and(|seconds| (1..=60).contains(&seconds)), "{lifetime:?}");
    let guest =
        server.ask(Some(("guest", "alpha-pass")), "repository:forms/a:pull").json()["expires_in"].as_u64();
    assert_eq!(guest, Some(900));

    let ended = server.stop(Signal::TERM);
    assert_eq!(ended.code, Some(0));
    let decided = |backend: &str| {
        ended.stderr.lines().filter(|line| line.contains(&format!("backend={backend}"))).count()
    };
    assert!(decided("badge_auth") > 5 && decided("users") > 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("desk_authz: desk_authz"), "the rule is not named:\n{}", ended.stderr);
    assert!(!ended.stderr.contains("alpha-pass") && !ended.stderr.contains(HASH), "{}", ended.stderr);
}

#[test]
fn check_knows_its_sections_as_it_knows_ours() {
    let site = site();
    let fine = check(&site, CONFIG);
    assert_eq!(fine.code, Some(0), "{fine:?}");
    assert!(fine.stdout.contains("who is this      badge_auth, then users"), "{}", fine.stdout);
    assert!(fine.stdout.contains("what may they do desk_authz, then acl"), "{}", fine.stdout);
    assert!(fine.stdout.contains("fine, 0 warning(s)"), "{}", fine.stdout);

    let mut wrong = Vec::new();
    for (good, bad, place, says) in [
        ("register:", "registr:", "auth.yml:5:7: authn[0].badge_auth.registr", "did you mean `register`?"),
        ("shift: \"60s\"", "shift: 60", "auth.yml:6:14: authn[0].badge_auth.shift", "such as `10s`"),
        ("shift: \"60s\"", "shift: 0s", "auth.yml:6:14: authn[0].badge_auth.shift", "such as `12h`"),
        (
            "\"badges.txt\"",
            "\"gone.txt\"",
            "auth.yml:5:17: authn[0].badge_auth.register",
            "cannot read the register",
        ),
        (
            "      register: \"badges.txt\"\n",
            "",
            "auth.yml:5:7: authn[0].badge_auth",
            "the key `register` is missing",
        ),
        (
            "{below: \"desks\"}",
            "{below: \"a/b\"}",
            "auth.yml:10:25: authz[0].desk_authz.below",
            "such as `desks`",
        ),
        ("- badge_auth:", "- badgeauth:", "auth.yml:4:5: authn[0].badgeauth", "did you mean `badge_auth`?"),
        (
            "- desk_authz:",
            "- horoscope:",
            "auth.yml:10:5: authz[0].horoscope",
            "known here: `acl`, `desk_authz`",
        ),
        (
            "- badge_auth:",
            "- horoscope:",
            "auth.yml:4:5: authn[0].horoscope",
            "known here: `badge_auth`, `ext_auth`, `github_auth`, `gitlab_auth`, `google_auth`",
        ),
        (
            "authz:\n",
            "badge_auth: {}\nauthz:\n",
            "auth.yml:9:1: badge_auth",
            "write `authn: [{badge_auth: …}]`",
        ),
        (
            "authz:\n",
            "desk_authz: {}\nauthz:\n",
            "auth.yml:9:1: desk_authz",
            "write `authz: [{desk_authz: …}]`",
        ),
    ] {
        assert_eq!(CONFIG.matches(good).count(), 1, "{good}");
        let ended = check(&site, &CONFIG.replace(good, bad));
        let said = ended.stderr.lines().any(|line| line.starts_with(place) && line.contains(says));
        if ended.code != Some(2) || !said {
            wrong.push(format!("{bad}: not {place} … {says}: {ended:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_mistake_in_a_file_of_its_own_is_shown_there() {
    let site = site();
    for (line, says) in [
        ("carol", "expected OWNER HASH"),
        ("carol canary-plain-text", "perhaps the password itself"),
        (&format!("alice {HASH}"), "keep one of them"),
    ] {
        site.write("badges.txt", format!("{}{line}\n", register()));
        let ended = check(&site, CONFIG);
        assert_eq!(ended.code, Some(2), "{line}: {ended:?}");
        let first = ended.stderr.lines().next().unwrap();
        assert!(
            first.contains("badges.txt:5:1: authn[0].badge_auth.register: ") && first.contains(says),
            "{first}"
        );
        assert!(!ended.stderr.contains(HASH) && !ended.stderr.contains("canary"), "{}", ended.stderr);
    }
    site.write("badges.txt", "# nobody yet\n");
    let ended = check(&site, CONFIG);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.starts_with("warning: auth.yml:5:17: authn[0].badge_auth.register: there is no badge"),
        "{}",
        ended.stdout
    );
}

/// `explain` and `schema` need nothing of a backend; what it cannot tell without a password, it says.
#[test]
fn explain_and_schema_work_for_it_at_once() {
    let site = site();
    let explain = |arguments: &[&str], input: &str| {
        let mut command = binary(server());
        command.args(["explain", "auth.yml", "--scope", "repository:forms/a:pull,push"]).args(arguments);
        run_with_input(command.current_dir(site.path()), input.as_bytes())
    };
    let untold = explain(&["--account", "alice"], "");
    assert_eq!((untold.code, untold.stderr.as_str()), (Some(2), ""), "{untold:?}");
    for said in [
        "badge_auth  cannot tell without the password",
        "--password-stdin",
        "--as-link",
        "It cannot be known who",
    ] {
        assert!(untold.stdout.contains(said), "{said:?}: {}", untold.stdout);
    }
    let given =
        explain(&["--account", "alice", "--as-link", "badge_auth", "--labels", "department=printing"], "");
    assert_eq!(given.code, Some(0), "{given:?}");
    assert!(given.stdout.contains("badge_auth  is taken to know the account"), "{}", given.stdout);
    let shown = explain(&["--account", "alice", "--password-stdin"], "alpha-pass\n");
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for ended in [&given, &shown] {
        assert!(
            ended.stdout.contains("Label department: printing (stand for themselves)."),
            "{}",
            ended.stdout
        );
        assert!(ended.stdout.contains("desk_authz  not about a desk; answered no match"), "{}", ended.stdout);
        assert!(ended.stdout.contains("Decided by auth.yml:12 of acl:"), "{}", ended.stdout);
    }
    let schema = run(binary(server()).arg("schema"));
    assert!(schema.code == Some(0) && schema.stdout.contains("\"badge_auth\""), "{schema:?}");
}
