//! `dockgate hash`: from a password on standard input to what stands in `users:`.

use crate::process::{Server, Site, dockgate, run_with_input};

fn hash(arguments: &[&str], input: &[u8]) -> crate::process::Ended {
    run_with_input(dockgate().arg("hash").args(arguments), input)
}

/// The hash, alone on its line.
fn made(arguments: &[&str], input: &[u8]) -> String {
    let ended = hash(arguments, input);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{input:?}");
    let hash = ended.stdout.strip_suffix('\n').unwrap().to_owned();
    assert!(hash.len() == 60 && !hash.contains(char::is_whitespace), "{hash:?}");
    hash
}

#[test]
fn what_it_makes_logs_in() {
    let longest = "x".repeat(72);
    let cases: [(&str, &[u8], &str); 6] = [
        ("plain", b"correct horse", "correct horse"),
        ("line", b"correct horse\n", "correct horse"),
        ("windows", b"correct horse\r\n", "correct horse"),
        ("spaces", b"  with spaces  \nanother line\n", "  with spaces  "),
        ("unicode", "pässwörd:€\n".as_bytes(), "pässwörd:€"),
        ("longest", longest.as_bytes(), &longest),
    ];
    let users: Vec<String> = cases
        .iter()
        .map(|(name, input, _)| format!("  {name}: {{password: \"{}\"}}\n", made(&["--cost", "4"], input)))
        .collect();
    let config = format!(
        "server: {{addr: \"127.0.0.1:0\"}}\ntoken: {{issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         users:\n{}acl: []\n",
        users.concat()
    );
    let server = Server::start(&Site::with(&config), "auth.yml");
    for (name, _, password) in cases {
        assert_eq!(server.ask(Some((name, password)), "repository:a:pull").status, 200, "{name}");
        assert_eq!(
            server.ask(Some((name, &format!("{password}!"))), "repository:a:pull").status,
            401,
            "{name}"
        );
        let mut shorter = password.to_owned();
        shorter.pop();
        assert_eq!(server.ask(Some((name, &shorter)), "repository:a:pull").status, 401, "{name}");
    }
}

#[test]
fn costs_are_bounded_and_salts_are_fresh() {
    assert!(made(&[], b"same").starts_with("$2y$10$"));
    assert!(made(&["--cost", "4"], b"same").starts_with("$2y$04$"));
    assert!(made(&["--cost", "11"], b"same").starts_with("$2y$11$"));
    assert_ne!(made(&["--cost", "4"], b"same"), made(&["--cost", "4"], b"same"));
    for cost in ["0", "3", "15", "31", "4294967295"] {
        let ended = hash(&["--cost", cost], b"same");
        // A mistake in the command line.
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{cost}: {ended:?}");
        assert!(ended.stderr.contains("14"), "{cost}: {}", ended.stderr);
    }
}

#[test]
fn nothing_of_what_was_asked_is_passed_over() {
    let ended = hash(&["--format", "argon2id", "--cost", "12"], b"same");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
    assert!(ended.stderr.contains("`--cost` is about bcrypt"), "{}", ended.stderr);
    // Cut, it would be another password.
    let ended = hash(&["--format", "argon2id"], "x".repeat(4097).as_bytes());
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains("more than 4096 bytes"), "{}", ended.stderr);
}

#[test]
fn argon2id_by_choice() {
    let long = "x".repeat(200);
    let made = |password: &str| {
        let ended = hash(&["--format", "argon2id"], password.as_bytes());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        ended.stdout.trim_end().to_owned()
    };
    let users =
        format!("  a: {{password: \"{}\"}}\n  b: {{password: \"{}\"}}\n", made("correct horse"), made(&long));
    assert!(users.contains("\"$argon2id$v=19$m=19456,t=2,p=1$"), "{users}");
    let config = format!(
        "server: {{addr: \"127.0.0.1:0\"}}\ntoken: {{issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         users:\n{users}acl: []\n"
    );
    let site = Site::with(&config);
    let checked = crate::process::run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert!(checked.stdout.contains("fine, 0 warning(s)"), "{checked:#?}");
    let server = Server::start(&site, "auth.yml");
    for (name, password, status) in [
        ("a", "correct horse", 200),
        ("a", "correct horsf", 401),
        ("b", &long, 200),
        ("b", &long[1..], 401),
        ("nobody", "correct horse", 401),
    ] {
        assert_eq!(server.ask(Some((name, password)), "repository:a:pull").status, status, "{name}");
    }
    let other = hash(&["--format", "md5"], b"same");
    assert_eq!(other.code, Some(2));
    assert!(other.stderr.contains("bcrypt") && other.stderr.contains("argon2id"), "{}", other.stderr);
}

#[test]
fn passwords_that_bcrypt_cannot_tell_apart_are_refused() {
    let too_long = format!("{}-canary", "x".repeat(66));
    let far_too_long = "x".repeat(100_000);
    let cases: [(&[u8], &str); 7] = [
        (b"", "the password is empty"),
        (b"\n", "the password is empty"),
        (b"\r\n", "the password is empty"),
        (too_long.as_bytes(), "has 73 bytes and bcrypt takes 72"),
        (far_too_long.as_bytes(), "more than 4096 bytes"),
        (b"before\0after\n", "contains a NUL byte"),
        (b"\xff\xfe\n", "cannot read the password"),
    ];
    for (input, says) in cases {
        let ended = hash(&["--cost", "4"], input);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{says}: {ended:?}");
        assert!(ended.stderr.contains(says), "{says}: {}", ended.stderr);
        assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    }
}
