//! How a refusal is put to the proof: by the real binary, with `check` and with `serve`.

use crate::process::{Ended, Site, dockgate, run};

/// The hash of `alpha-pass`. Like every secret here it must not be in any message.
pub(crate) const HASH: &str = "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq";

/// What the environment variable `SECRET` holds.
pub(crate) const SECRET: &str = "canary-of-the-environment";

/// docker_auth's form, without fault.
pub(crate) const FLAT: &str = r#"server:
  addr: "127.0.0.1:0"
token:
  issuer: "test issuer"
  expiration: 900
  certificate: "cert.pem"
  key: "key.pem"
users:
  alice:
    password: "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq"
    labels: {team: ["dev"]}
acl:
  - match: {account: "alice"}
    actions: ["pull"]
"#;

/// The same as explicit chains.
pub(crate) const LISTED: &str = r#"server:
  addr: "127.0.0.1:0"
token:
  issuer: "test issuer"
  expiration: 900
  certificate: "cert.pem"
  key: "key.pem"
authn:
  - users:
      alice:
        password: "$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq"
authz:
  - acl:
      - match: {account: "alice"}
        actions: ["pull"]
"#;

/// One mistake in a configuration that is good otherwise.
pub(crate) struct Mistake {
    /// What is wrong, in the words of a failed test.
    pub(crate) name: &'static str,
    /// What of the good configuration is replaced; it stands there once.
    pub(crate) good: &'static str,
    /// By what.
    pub(crate) bad: &'static str,
    /// Text of the first line that is to be named.
    pub(crate) at: &'static str,
    /// What the message says to do.
    pub(crate) cure: &'static str,
}

/// `name: good -> bad, at the line with "at", cured by "cure"`.
pub(crate) const fn mistake(
    name: &'static str,
    [good, bad]: [&'static str; 2],
    at: &'static str,
    cure: &'static str,
) -> Mistake {
    Mistake { name, good, bad, at, cure }
}

/// Holds every mistake to its refusal and fails with all that are not refused as they should be.
pub(crate) fn refused_each(base: &str, mistakes: &[Mistake]) {
    let site = Site::with(base);
    assert_eq!(
        run(dockgate().args(["check", "auth.yml"]).current_dir(site.path())).code,
        Some(0),
        "the base"
    );
    let verdicts = mistakes.iter().filter_map(|mistake| {
        let found = base.matches(mistake.good).count();
        assert_eq!(found, 1, "{}: {:?} stands there {found} times", mistake.name, mistake.good);
        let config = base.replace(mistake.good, mistake.bad);
        let line = line_of(&config, mistake.at);
        refused(&site, config.as_bytes(), line, mistake.cure)
            .err()
            .map(|why| format!("{}: {why}", mistake.name))
    });
    let wrong: Vec<String> = verdicts.collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), mistakes.len(), wrong.join("\n"));
}

/// The number of the first line with a text.
pub(crate) fn line_of(config: &str, text: &str) -> usize {
    let place = config.lines().position(|line| line.contains(text));
    place.unwrap_or_else(|| panic!("{text:?} is not in\n{config}")) + 1
}

/// Holds `check` and `serve` to refusing a configuration, at a line and with a cure.
pub(crate) fn refused(site: &Site, config: &[u8], line: usize, cure: &str) -> Result<(), String> {
    site.write("auth.yml", config);
    for command in ["check", "serve"] {
        let ended =
            run(dockgate().args([command, "auth.yml"]).env("SECRET", SECRET).current_dir(site.path()));
        judge(&ended, &format!("auth.yml:{line}:"), cure)
            .map_err(|why| format!("{command}: {why}\n{ended:#?}"))?;
    }
    Ok(())
}

/// A mistake in the configuration: exit code 2, the place first, the cure with it, and nobody's secret.
pub(crate) fn judge(ended: &Ended, place: &str, cure: &str) -> Result<(), String> {
    let (file, _) = place.split_once(':').unwrap();
    let numbered = |line: &str| {
        let number = line.strip_prefix(file).and_then(|rest| rest.strip_prefix(':'));
        number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    };
    if ended.code != Some(2) {
        return Err("it does not exit with 2".to_owned());
    }
    if !ended.stderr.lines().next().is_some_and(numbered) {
        return Err(format!("the first line does not begin with {file}:LINE"));
    }
    let Some(said) = ended.stderr.lines().find(|line| line.starts_with(place) && line.contains(cure)) else {
        return Err(format!("no line at {place} says {cure:?}"));
    };
    if said.trim_end().ends_with(':') {
        return Err("it does not say what is wrong".to_owned());
    }
    match [HASH, SECRET].iter().find(|secret| ended.output().contains(**secret)) {
        Some(secret) => Err(format!("it shows the secret {secret}")),
        None => Ok(()),
    }
}
