//! Mistakes in `lockout`, and what makes little sense there.

use super::refusal::{FLAT, LISTED, Mistake, mistake, refused_each};
use crate::support::{TestServer, users};

#[test]
fn what_cannot_hold() {
    fn at(section: &'static str, cure: &'static str) -> Mistake {
        mistake(section, ["token:\n", section], "lockout:", cure)
    }
    for base in [FLAT, LISTED] {
        refused_each(
            base,
            &[
                at(
                    "lockout: {pair: {failures: 0}}\ntoken:\n",
                    "write a number from 1 to 100000; `enabled: false`",
                ),
                at("lockout: {address: {failures: 100001}}\ntoken:\n", "100001 is out of range"),
                at(
                    "lockout: {account: {failures: 0}}\ntoken:\n",
                    "lockout.account.failures: 0 is out of range",
                ),
                at("lockout: {pair: {failures: many}}\ntoken:\n", "expected a whole number"),
                at("lockout: {pair: {within: 0}}\ntoken:\n", "write a duration from `1s` to `24h`"),
                at("lockout: {pair: {ban: 8760h}}\ntoken:\n", "write a duration from `1s` to `168h`"),
                at("lockout: {pair: {ban: forever}}\ntoken:\n", "not a duration"),
                at("lockout: {account: {delay: 11s}}\ntoken:\n", "write a duration from `0s` to `10s`"),
                at("lockout: {repeat: 2m}\ntoken:\n", "write a duration from `0s` to `1m`"),
                at("lockout: {allow: [10.0.7.3/8]}\ntoken:\n", "the whole network `10.0.0.0/8`"),
                at("lockout: {allow: [ci.example.com]}\ntoken:\n", "host names are not looked up"),
                at("lockout: {enabeld: false}\ntoken:\n", "unknown key `enabeld`"),
                at("lockout: {account: {ban: 5m}}\ntoken:\n", "unknown key `ban`"),
                at("lockout: off\ntoken:\n", "expected a mapping"),
            ],
        );
    }
}

#[test]
fn what_makes_little_sense_is_said() {
    let said = |section: &str| -> Vec<String> {
        let server = TestServer::new(&format!("lockout: {section}\nusers: {}\nacl: []", users("")));
        let about = server.warnings.iter().filter(|warning| warning.path.to_string().starts_with("lockout"));
        about.map(|warning| format!("{}: {}", warning.path, warning.message)).collect()
    };
    for (section, warning) in [
        ("{enabled: false}", "lockout.enabled: passwords can be guessed"),
        ("{allow: [10.0.0.0/8, 0.0.0.0/0]}", "lockout.allow[1]: nobody is ever banned so"),
        ("{pair: {failures: 60}}", "lockout.pair.failures: the address is banned before"),
        ("{pair: {failures: 20}}", "lockout.pair.failures: a directory may lock the account before"),
    ] {
        let said = said(section);
        assert!(said.len() == 1 && said[0].starts_with(warning), "{section}: {said:?}");
    }
    for quiet in [
        "{}",
        "{pair: {failures: 10}}",
        "{enabled: true, allow: [10.0.0.0/8]}",
        "{repeat: 0}",
        "{enabled: ~}",
    ] {
        assert_eq!(said(quiet), Vec::<String>::new(), "{quiet}");
    }
}
