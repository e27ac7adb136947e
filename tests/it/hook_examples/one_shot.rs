//! `office_hours.py` and `own_place.rs`: a question, a process, an answer.

use std::process::Command;

use super::{Asked, asked, is_an_error, json, program, python, word};
use crate::process::{built_example, run_with_input};

fn office(days: &str, hours: &str) -> Command {
    let mut command = python("office_hours.py");
    command.args(["Europe/Berlin", days, hours]);
    command
}

#[test]
fn outside_office_hours_nobody_pushes() {
    let push = Asked::new("alice", "team/app", &["pull", "push"]);
    let cases: [(Asked, &str, &str, &str); 6] = [
        (Asked::new("alice", "team/app", &["pull"]), "1-7", "0-0", "no_match"),
        (Asked::new("alice", "team/app", &["pull", "push"]), "1-7", "0-0", "deny"),
        (Asked::new("alice", "team/app", &["delete"]), "1-7", "0-0", "deny"),
        (Asked::new("alice", "team/app", &["pull", "push"]), "0-0", "0-24", "deny"),
        (Asked::new("alice", "team/app", &["pull", "push"]), "1-7", "0-24", "no_match"),
        (Asked::catalog("alice"), "1-7", "0-0", "no_match"),
    ];
    for (case, days, hours, expected) in cases {
        let reply = case.read(&asked(&mut office(days, hours), &case.question()));
        assert_eq!((word(&reply), reply.cacheable), (expected, false), "{days} {hours} {:?}", case.actions);
    }
    let input = push.question();
    is_an_error(&run_with_input(
        python("office_hours.py").args(["Atlantis/Capital", "1-5", "8-18"]),
        input.as_json().as_bytes(),
    ));
    is_an_error(&run_with_input(&mut python("office_hours.py"), input.as_json().as_bytes()));
    is_an_error(&run_with_input(&mut office("1-5", "8-18"), b"{}"));
}

/// The edges, by a clock that is turned.
#[test]
fn office_hours_begin_and_end_on_time() {
    let edges = r#"
import runpy, sys, datetime
is_open = runpy.run_path(sys.argv[1])["is_open"]
for time in ["2026-07-31T07:59:59", "2026-07-31T08:00:00", "2026-07-31T17:59:59", "2026-07-31T18:00:00",
             "2026-08-01T12:00:00", "2026-08-02T12:00:00", "2026-08-03T12:00:00"]:
    print(is_open(datetime.datetime.fromisoformat(time), "1-5", "8-18"))
"#;
    let script = super::file("office_hours.py");
    let mut command = Command::new(python("office_hours.py").get_program());
    let ended = run_with_input(command.arg("-I").arg("-").arg(script), edges.as_bytes());
    let open: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(open, ["False", "True", "True", "False", "False", "False", "True"], "{ended:#?}");
}

#[test]
fn everybody_has_a_place_of_their_own() {
    let program = || {
        let mut command = crate::process::binary(built_example("own_place"));
        command.env_clear().arg("home");
        command
    };
    for (account, name, expected) in [
        ("alice", "home/alice/app", "allow"),
        ("alice", "home/alice/a/b", "allow"),
        ("alice", "home/alice", "no_match"),
        ("alice", "home/alicea/app", "no_match"),
        ("alice", "home/bob/app", "no_match"),
        ("alice", "homes/alice/app", "no_match"),
        ("alice", "alice/app", "no_match"),
        ("alice/app", "home/alice/app/x", "no_match"),
        ("", "home//app", "no_match"),
    ] {
        let case = Asked::new(account, name, &["delete", "pull", "push"]);
        assert_eq!(word(&case.read(&asked(&mut program(), &case.question()))), expected, "{account} {name}");
    }
    let catalog = Asked::catalog("catalog");
    assert_eq!(word(&catalog.read(&asked(&mut program(), &catalog.question()))), "no_match");

    let case = Asked::new("alice", "home/alice/app", &["pull"]);
    let other = case.question().as_json().replace("\"version\":1", "\"version\":2");
    assert_eq!(json(&other)["version"], 2);
    for input in [other.as_str(), "", "{}", "null"] {
        is_an_error(&run_with_input(&mut program(), input.as_bytes()));
    }
    let mut without = crate::process::binary(built_example("own_place"));
    is_an_error(&run_with_input(&mut without, case.question().as_json().as_bytes()));
}

/// The page says that this is how a shell is told of a broken script, and why plain `ext_authz` takes it for an error.
#[test]
fn a_shell_ends_with_2_where_it_does_not_understand() {
    for (shell, code) in [("dash", 2), ("bash", 2)] {
        let ended = run_with_input(program(shell).args(["-c", "if then"]), b"");
        assert_eq!(ended.code, Some(code), "{shell} {ended:#?}");
    }
}
