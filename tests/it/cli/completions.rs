//! `dockgate completions`: a shell that knows the command line.

use std::process::Command;

use crate::process::{dockgate, run};

fn script(shell: &str) -> String {
    let ended = run(dockgate().args(["completions", shell]));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{shell}");
    ended.stdout
}

#[test]
fn every_shell_is_told_every_command() {
    let commands = [
        "serve",
        "check",
        "explain",
        "forward-auth-test",
        "hash",
        "keys",
        "quickstart",
        "schema",
        "completions",
        "next-ca",
    ];
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = script(shell);
        for command in commands {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    let refused = run(dockgate().args(["completions", "tcsh"]));
    assert!(refused.code == Some(2) && refused.stderr.contains("bash"), "{refused:?}");
}

/// A real bash, which is on every Debian, completes what somebody has typed so far.
#[test]
fn bash_completes() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("dockgate.bash"), script("bash")).unwrap();
    for (typed, offered) in [
        (&["dockgate", "che"][..], "check"),
        (&["dockgate", "keys", "iss"], "issue-leaf"),
        (&["dockgate", "explain", "--password"], "--password-stdin"),
        (&["dockgate", "hash", "--format", "arg"], "argon2id"),
    ] {
        let words: Vec<String> = typed.iter().map(|word| format!("'{word}'")).collect();
        let (last, before) = (typed[typed.len() - 1], typed[typed.len() - 2]);
        let program = format!(
            "source ./dockgate.bash; COMP_WORDS=({}); COMP_CWORD={}; _dockgate dockgate '{last}' '{before}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"; complete -p dockgate",
            words.join(" "),
            typed.len() - 1
        );
        let ended = run(Command::new("bash")
            .args(["--norc", "--noprofile", "-c", &program])
            .current_dir(directory.path()));
        let mut lines = ended.stdout.lines();
        assert_eq!((lines.next(), ended.code), (Some(offered), Some(0)), "{typed:?}: {ended:?}");
        // Where we offer nothing, bash goes on with files.
        assert!(ended.stdout.contains("-o default"), "{ended:?}");
    }
}
