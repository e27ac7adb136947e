//! What is said to somebody who does not know what to type.

use crate::process::{dockgate, run};

#[test]
fn help_teaches_and_is_no_mistake() {
    for (arguments, phrases) in [
        (
            &["--help"][..],
            &[
                "token that says what they may pull and push",
                "a file of docker_auth works as it is",
                "dockgate quickstart --with-registry",
                "dockgate check CONFIG",
                "dockgate CONFIG",
                "Exit codes: 0 done, 1 failed while running, 2 a mistake",
            ][..],
        ),
        (&["-h"], &["Usage: dockgate <COMMAND>", "serve", "check", "hash", "quickstart"]),
        (&["help"], &["First steps:"]),
        (&["serve", "--help"], &["until SIGTERM or SIGINT", "<CONFIG>"]),
        (&["check", "--help"], &["serve nothing", "FILE:LINE:COLUMN: KEY: what is wrong and what to do"]),
        (
            &["hash", "--help"],
            &[
                "`dockgate hash < FILE`",
                "--cost <COST>",
                "4 to 14",
                "10 if not given",
                "argon2id:",
                "[default: bcrypt]",
            ],
        ),
        (
            &["quickstart", "--help"],
            &[
                "--with-registry",
                "--port <PORT>",
                "--registry-port <PORT>",
                "[default: 5001]",
                "keeps what is there",
            ],
        ),
        (
            &["explain", "--help"],
            &[
                "--account <ACCOUNT>",
                "TYPE:NAME:ACTIONS",
                "Nobody is logged in",
                "0 everything asked is granted, 1 something is not",
            ],
        ),
        (
            &["forward-auth-test", "--help"],
            &[
                "Nothing is changed",
                "DOCKGATE_PASSWORD",
                "--as-registry <ADDRESS:PORT>",
                "0 everything holds",
            ],
        ),
        (&["schema", "--help"], &["# yaml-language-server: $schema=dockgate.schema.json"]),
        (&["completions", "--help"], &["source <(dockgate completions bash)"]),
        (&["help", "quickstart"], &["The passwords are shown once"]),
        (&["--version"], &[concat!("dockgate ", env!("CARGO_PKG_VERSION"))]),
    ] {
        let ended = run(dockgate().args(arguments));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        // Lines are wrapped where the terminal ends.
        let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for phrase in phrases {
            assert!(said.contains(phrase), "{arguments:?} does not say {phrase:?}: {said}");
        }
    }
}

#[test]
fn mistakes_on_the_command_line_exit_with_2_and_say_the_way() {
    for (arguments, says) in [
        (&[][..], "Usage: dockgate <COMMAND>"),
        (&["serve"], "<CONFIG>"),
        (&["check"], "<CONFIG>"),
        (&["check", "a.yml", "b.yml"], "unexpected argument 'b.yml'"),
        (&["chekc", "a.yml"], "'check'"),
        (&["--verbose", "a.yml"], "unexpected argument '--verbose'"),
        (&["hash", "my-password"], "unexpected argument"),
        (&["hash", "--cost", "many"], "invalid value 'many'"),
        (&["quickstart", "--port", "70000"], "invalid value '70000'"),
        (&["--v=2"], "Usage: dockgate"),
    ] {
        let ended = run(dockgate().args(arguments));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(says), "{arguments:?} does not say {says:?}: {}", ended.stderr);
    }
}

/// `dockgate WORD` is docker_auth's command line, so a word that is no command is a file.
#[test]
fn an_unknown_word_is_a_file_that_is_not_there() {
    let empty = tempfile::tempdir().unwrap();
    for arguments in [&["chekc"][..], &["serve", "chekc"], &["check", "chekc"], &["-v", "2", "chekc"]] {
        let ended = run(dockgate().args(arguments).current_dir(empty.path()));
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        let first = ended.stderr.lines().find(|line| !line.starts_with("note: ")).unwrap();
        assert!(
            first.starts_with("chekc:1:1: cannot read the configuration: No such file"),
            "{arguments:?}: {first}"
        );
    }
}
