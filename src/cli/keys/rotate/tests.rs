//! Years of rotations, one each year, under a clock that is turned.

use std::fs;
use std::path::PathBuf;

use dockgate_testkit::fakes::{RepeatableRandom, TurnableClock, noon};
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::Value;

use super::*;
use crate::logging::Log;
use crate::outside::MemoryMetrics;
use crate::state::State;
use crate::token::{Algorithm, CertifiedKey, KeyId};

/// The life of a token, and what is added to it.
const NEEDED: Duration = Duration::from_secs(900 + 15 * 60);
const SECOND: Duration = Duration::from_secs(1);

struct Years {
    directory: tempfile::TempDir,
    clock: Arc<TurnableClock>,
    outside: Outside,
    backends: Backends,
    runtime: tokio::runtime::Runtime,
}

impl Years {
    fn new() -> Self {
        let clock = Arc::new(TurnableClock::at(noon()));
        let metrics = Arc::new(MemoryMetrics::default());
        let outside = Outside {
            clock: Arc::clone(&clock) as _,
            random: Arc::new(RepeatableRandom::seeded(1)),
            environment: Arc::new(|_| None),
            log: Log::new(Arc::clone(&clock) as _, metrics.as_ref()),
            metrics,
        };
        let years = Self {
            directory: tempfile::tempdir().unwrap(),
            clock,
            outside,
            backends: Backends::builtin(),
            runtime: runtime().unwrap(),
        };
        years.make_pair(0);
        let text = "server: {addr: 'localhost:0'}\ntoken:\n  issuer: x\n  expiration: 900\n  keys:\n    \
                    # the keys, the oldest first\n    - {name: k0, certificate: k0.crt, key: k0.key}\n\
                    authn: [{users: {a: {}}}]\nauthz: [{acl: [{match: {}, actions: [pull]}]}]\n";
        fs::write(years.config(), text).unwrap();
        years
    }

    fn config(&self) -> PathBuf {
        self.directory.path().join("auth.yml")
    }

    /// It is good for three years.
    fn make_pair(&self, number: usize) {
        let key = loop {
            // The server warns of the others.
            let key = KeyPair::generate().unwrap();
            let public = &key.public_key_raw()[1..];
            if public[0] != 0 && public[32] != 0 {
                break key;
            }
        };
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("k{number}"));
        let now = self.outside.clock.now();
        (params.not_before, params.not_after) = ((now - DAY).into(), (now + 3 * 365 * DAY).into());
        let certificate = params.self_signed(&key).unwrap().pem();
        fs::write(self.directory.path().join(format!("k{number}.crt")), certificate).unwrap();
        fs::write(self.directory.path().join(format!("k{number}.key")), key.serialize_pem()).unwrap();
    }

    /// As somebody writes it into the file.
    fn announce(&self, number: usize) {
        self.make_pair(number);
        let text = fs::read_to_string(self.config()).unwrap();
        let item = format!(
            "    - name: k{number}   # of year {number}\n      certificate: k{number}.crt\n      key: k{number}.key\n      use: next\nauthn:"
        );
        fs::write(self.config(), text.replacen("authn:", &item, 1)).unwrap();
    }

    #[track_caller]
    fn types(&self, drop_retired: bool) {
        let options = RotateOptions { to: None, dry_run: false, drop_retired, config: self.config() };
        let done = run(&options, &self.backends, &self.outside);
        assert_eq!(format!("{done:?}"), format!("{:?}", ExitCode::SUCCESS));
    }

    #[track_caller]
    fn starts(&self) -> State {
        let _entered = self.runtime.enter();
        let loaded = state::load(&self.config(), &self.backends, &self.outside, &Lasting::default());
        loaded.unwrap_or_else(|problems| panic!("{problems:?}")).state
    }

    /// What becomes of a running server when the file is another one.
    #[track_caller]
    fn takes_up(&self, before: &State) -> State {
        let _entered = self.runtime.enter();
        let loaded = state::load_beside(before, &self.config(), &self.backends);
        loaded.unwrap_or_else(|refused| panic!("{refused:?}")).state
    }

    /// The ids of some keys, both of each, as a document is to have them.
    fn ids(&self, keys: &[usize]) -> Vec<String> {
        let of = |number: &usize| {
            let file = self.directory.path().join(format!("k{number}.crt"));
            let key = CertifiedKey::load(&file, Some(Algorithm::Es256)).unwrap();
            KeyId::COMPUTED.iter().map(|id| id.of(key.public_key())).collect::<Vec<_>>()
        };
        keys.iter().flat_map(of).collect()
    }

    /// JWKS and bundle hold these keys and no other.
    #[track_caller]
    fn holds(&self, state: &State, keys: &[usize]) {
        state.review_keys();
        let signing = state.signing();
        let document: Value = serde_json::from_slice(&signing.jwks).unwrap();
        let entries = document["keys"].as_array().unwrap();
        let found: Vec<&str> = entries.iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(found, self.ids(keys), "of {keys:?}");
        assert!(entries.iter().all(|key| key.get("d").is_none()), "a private key: {document}");
        let (profile, _) = signing.profiles().next().unwrap();
        let bundle = super::super::export::bundle(&signing, profile);
        let file = |number: &usize| {
            let certificate =
                fs::read_to_string(self.directory.path().join(format!("k{number}.crt"))).unwrap();
            certificate.replace("\r\n", "\n")
        };
        assert_eq!(bundle, keys.iter().map(file).collect::<String>());
    }

    #[track_caller]
    fn signs_with(&self, state: &State, number: usize) {
        let signing = state.signing();
        let (_, key) = signing.profiles().next().unwrap();
        let of_number = self.ids(&[number]);
        assert_eq!(KeyId::Libtrust.of(key.key.public_key()), of_number[0]);
    }
}

#[test]
fn ten_years_of_rotations() {
    let years = Years::new();
    let mut state = years.starts();
    for year in 0..10 {
        let (old, new) = (year, year + 1);
        years.holds(&state, &[old]);
        years.clock.turn(300 * DAY);
        years.holds(&state, &[old]);

        years.announce(new);
        state = years.takes_up(&state);
        years.signs_with(&state, old);
        years.holds(&state, &[old, new]);
        years.clock.turn(30 * DAY);

        years.types(false);
        state = years.takes_up(&state);
        years.signs_with(&state, new);
        years.holds(&state, &[new, old]);
        // A server that starts now says the same.
        years.holds(&years.starts(), &[new, old]);

        // Too early for the file, and so nothing.
        let text = fs::read_to_string(years.config()).unwrap();
        years.types(true);
        assert_eq!(fs::read_to_string(years.config()).unwrap(), text);
        years.clock.turn(NEEDED.saturating_sub(SECOND));
        years.holds(&state, &[new, old]);
        years.clock.turn(SECOND);
        years.holds(&state, &[new]);

        years.types(true);
        let text = fs::read_to_string(years.config()).unwrap();
        assert!(!text.contains(&format!("k{old}.crt")), "{text}");
        assert!(text.contains("# the keys, the oldest first\n"), "{text}");
        state = years.takes_up(&state);
        years.signs_with(&state, new);
        years.holds(&state, &[new]);
        years.clock.turn(35 * DAY);
    }
}

/// The next one may be announced while the last one's tokens live; a step back is taken up, since registries know it.
#[test]
fn three_at_a_time_and_a_step_back() {
    let years = Years::new();
    let first = years.starts();
    years.announce(1);
    let announced = years.takes_up(&first);
    years.types(false);
    let rotated = years.takes_up(&announced);
    years.announce(2);
    let three = years.takes_up(&rotated);
    years.holds(&three, &[1, 2, 0]);
    years.signs_with(&three, 1);

    let text = fs::read_to_string(years.config()).unwrap();
    let back: String = text
        .replace("use: retired, ", "use: current, ")
        .replace("use: current\n", "use: retired\n")
        .split_inclusive('\n')
        .map(|line| {
            line.split_once("retired_at: ")
                .map_or(line.to_owned(), |(head, rest)| format!("{head}{}", rest.split_once(", ").unwrap().1))
        })
        .collect();
    fs::write(years.config(), &back).unwrap();
    let state = years.takes_up(&three);
    years.signs_with(&state, 0);
    years.holds(&state, &[0, 2, 1]);

    // What was never announced is refused while the server runs, and so is what was announced for too short a time to be
    // told of: the file is not touched.
    years.clock.turn(4 * 365 * DAY);
    let options = RotateOptions { to: None, dry_run: false, drop_retired: false, config: years.config() };
    let refused = run(&options, &years.backends, &years.outside);
    assert_eq!(
        format!("{refused:?}"),
        format!("{:?}", ExitCode::from(crate::cli::MISTAKE)),
        "k2 has expired"
    );
    assert_eq!(fs::read_to_string(years.config()).unwrap(), back);
}

#[test]
fn a_key_that_nobody_was_told_of_is_refused_by_a_running_server() {
    let years = Years::new();
    let state = years.starts();
    // Announced and rotated to between two looks of the server at the file.
    years.announce(1);
    years.types(false);
    let _entered = years.runtime.enter();
    let refused = state::load_beside(&state, &years.config(), &years.backends).map(|_| ()).unwrap_err();
    assert!(
        refused.problems.iter().any(|problem| problem.message.contains("dockgate keys rotate")),
        "{refused:?}"
    );
}

/// Nobody can rotate in time if it is too late to rotate.
#[test]
fn an_expired_key_is_a_reason_to_rotate() {
    let years = Years::new();
    years.clock.turn(2 * 365 * DAY);
    years.announce(1);
    years.clock.turn(2 * 365 * DAY);
    let config = years.config();
    let loaded = {
        let _entered = years.runtime.enter();
        state::load(&config, &years.backends, &years.outside, &Lasting::default()).map(|_| ())
    };
    assert!(loaded.is_err(), "k0 has expired");
    years.types(false);
    let state = years.starts();
    years.signs_with(&state, 1);
    years.holds(&state, &[1, 0]);
}
