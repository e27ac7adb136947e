//! What docker-compose makes of a file: `docker-compose config`, whose form is always the same.

/// The variables of a service.
#[track_caller]
pub(super) fn environment(composed: &str, service: &str) -> Vec<(String, String)> {
    let services = below(composed, "services:");
    let lines = below(&below(&services, &format!("{service}:")), "environment:");
    let variables = lines.lines().map(|line| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no variable: {line:?}"));
        (name.to_owned(), plain(value.trim()))
    });
    variables.collect()
}

/// The lines below a key, without their indent.
#[track_caller]
fn below(yaml: &str, key: &str) -> String {
    let mut lines = yaml.lines().skip_while(|line| *line != key);
    assert!(lines.next().is_some(), "no {key} in\n{yaml}");
    lines.map_while(|line| line.strip_prefix("  ")).map(|line| format!("{line}\n")).collect()
}

/// A scalar as docker-compose writes it: plain, in single quotes that are doubled within, or in double ones around what
/// would not be text without them.
fn plain(scalar: &str) -> String {
    let between = |quote: char| scalar.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match (between('\''), between('"')) {
        (Some(single), _) => single.replace("''", "'"),
        (None, Some(double)) => double.to_owned(),
        (None, None) => scalar.to_owned(),
    }
}

#[test]
fn variables_are_read_as_they_are_meant() {
    let composed = "networks:\n  a: {}\nservices:\n  auth:\n    image: x\n  registry:\n    environment:\n      \
                    A: \"true\"\n      B: '\"it''s\"'\n      C: http://x:1/y\n    image: y\nversion: '3'\n";
    let read = environment(composed, "registry");
    let expected = [("A", "true"), ("B", "\"it's\""), ("C", "http://x:1/y")];
    assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}
