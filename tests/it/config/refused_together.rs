//! Several problems in one file, and what no message may hold.

use super::refusal::{FLAT, SECRET, line_of, refused};
use crate::process::{Site, dockgate, run};

#[test]
fn all_problems_of_a_file_are_shown_in_its_order() {
    let config = FLAT
        .replace("addr: \"127.0.0.1:0\"", "addr: nowhere\n  path_prefix: here")
        .replace("900", "0")
        .replace("\"cert.pem\"", "\"gone.pem\"")
        .replace("  alice:\n", "  bob:\n  carol: {password: }\n  alice:\n")
        .replace("{account: \"alice\"}", "{ip: 300.1.1.1, name: \"[\"}")
        + "  - match: {account: \"/(/\"}\n    actions: [pull]\nmongo_auth: {}\nextra: 1\n";
    all_said(
        &config,
        &[
            ("nowhere", "`:5001`"),
            ("path_prefix", "must begin with `/`"),
            ("expiration: 0", "900 is usual"),
            ("gone.pem", "check the path"),
            ("  bob:", "nothing stands behind this account"),
            ("  carol:", "nothing stands behind `password`"),
            ("300.1.1.1", "is no IP address"),
            ("300.1.1.1", "no closing `]`"),
            ("/(/", "no closing `)`"),
            ("mongo_auth", "not in this build"),
            ("extra", "unknown key `extra`"),
        ],
    );
}

/// What is misspelt hides neither what is misspelt elsewhere nor what makes no sense.
#[test]
fn a_typo_hides_no_other_mistake() {
    let config = FLAT
        .replace(
            "addr: \"127.0.0.1:0\"",
            "addr: nowhere\n  letsencrypt: {email: a@example.com}\n  colour: red",
        )
        .replace("  alice:\n", "  bob: {pasword: x}\n  carol: {password: plain}\n  alice:\n")
        + "    colour: blue\n  - match: {ip: 300.1.1.1}\n    actions: [pull]\n";
    all_said(
        &config,
        &[
            ("nowhere", "`:5001`"),
            ("letsencrypt", "`host` is missing"),
            ("colour: red", "unknown key `colour`"),
            ("  bob:", "did you mean `password`?"),
            ("  carol:", "perhaps the password itself"),
            ("colour: blue", "unknown key `colour`"),
            ("300.1.1.1", "is no IP address"),
        ],
    );
}

fn all_said(config: &str, expected: &[(&str, &str)]) {
    let site = Site::with(config);
    let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    let missing: Vec<String> = expected
        .iter()
        .map(|(at, says)| (format!("auth.yml:{}:", line_of(config, at)), says))
        .filter(|(place, says)| {
            !ended.stderr.lines().any(|line| line.starts_with(place) && line.contains(**says))
        })
        .map(|(place, says)| format!("{place} {says}"))
        .collect();
    assert!(missing.is_empty(), "not said:\n{}\nin\n{}", missing.join("\n"), ended.stderr);
    let lines = ended
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("auth.yml:")?.split(':').next()?.parse().ok());
    let lines: Vec<u32> = lines.collect();
    assert!(lines.is_sorted() && lines.len() >= expected.len(), "{lines:?}");
    assert_eq!(ended.code, Some(2));
}

#[test]
fn what_comes_from_the_environment_is_never_shown() {
    let site = Site::new();
    let env = "\"${env:SECRET}\"";
    let mut wrong = Vec::new();
    for (good, at, cure) in [
        ("900", "expiration", "expected a whole number"),
        ("\"127.0.0.1:0\"\n", "net", "not one of `tcp`, `unix`"),
        (
            "\"$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq\"",
            "password",
            "not a password hash",
        ),
    ] {
        let config = match at {
            "net" => FLAT.replace(good, &format!("{good}  net: {env}\n")),
            _ => FLAT.replace(good, env),
        };
        let line = line_of(&config, at);
        wrong.extend(refused(&site, config.as_bytes(), line, cure).err().map(|why| format!("{at}: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let config = FLAT.replace("test issuer", "${env:NOBODY_SET_THIS}");
    refused(&site, config.as_bytes(), 4, "`NOBODY_SET_THIS` is not set: set it").unwrap();
    let config = FLAT.replace("test issuer", "${env:SECRET");
    refused(&site, config.as_bytes(), 4, "without its closing `}`").unwrap();
    // Where it is right, it is used.
    site.write("auth.yml", FLAT.replace("test issuer", "${env:SECRET}"));
    let ended = run(dockgate().args(["check", "auth.yml"]).env("SECRET", SECRET).current_dir(site.path()));
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
