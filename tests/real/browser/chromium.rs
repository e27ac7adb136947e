//! A headless Chromium of one test.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::webdriver::Session;
use crate::components::{self, CERTUTIL, CHROMEDRIVER, CHROMIUM};
use crate::harness::command;
use crate::harness::logs::Logs;
use crate::harness::process::Process;

/// How it differs from a browser as people have it.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// It runs no scripts.
    pub(super) without_scripts: bool,
    /// An authority's certificate that it trusts, PEM.
    pub(super) trusts: Option<PathBuf>,
}

/// What people ask their systems for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Light,
    Dark,
}

/// A browser that runs as long as this value lives. Names under `example.test` are this machine; there is no other.
pub(super) struct Browser {
    session: Session,
    driver: Process,
    // Behind the driver: fields drop in order, and the browser writes into it.
    _dir: TempDir,
}

impl Browser {
    /// `None` if a component is missing: the test has nothing to say.
    pub(super) fn start(options: &Options) -> Option<Self> {
        let wanted = [CHROMIUM, CHROMEDRIVER];
        let trust = options.trusts.as_ref().map(|_| CERTUTIL);
        if !components::installed(&wanted.into_iter().chain(trust).collect::<Vec<_>>()) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-browser-").tempdir().unwrap();
        if let Some(authority) = &options.trusts {
            trust_authority(dir.path(), authority);
        }
        let (driver, port) = Process::listening("was started successfully", |port| {
            let mut command = Command::new("env");
            command.arg(format!("HOME={}", dir.path().display())).arg(CHROMEDRIVER.program);
            command.arg(format!("--port={port}")).arg("--allowed-ips=127.0.0.1");
            Process::start(&mut command, dir.path(), "chromedriver")
        });
        let session = Session::new(&format!("127.0.0.1:{port}"), &capabilities(dir.path(), options))
            .unwrap_or_else(|refusal| panic!("Chromium does not start: {refusal:?}\n{}", driver.log()));
        Some(Self { session, driver, _dir: dir })
    }

    /// Pages see what somebody's system is set to.
    pub(super) fn prefer(&self, scheme: Scheme) {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// A window of that size, in CSS pixels.
    pub(super) fn resize(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }
}

impl Deref for Browser {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver would leave the browser behind.
        if self.driver.is_running() {
            let _ = self.session.end();
        }
    }
}

fn capabilities(dir: &Path, options: &Options) -> Value {
    let profile = format!("--user-data-dir={}", dir.join("profile").display());
    let arguments = [
        "--headless=new",
        "--no-sandbox", // it is root's
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-proxy-server",
        "--lang=en",
        "--force-device-scale-factor=1",
        "--window-size=1000,900",
        "--host-resolver-rules=MAP *.example.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        &profile,
    ];
    let scripts = if options.without_scripts { 2 } else { 1 };
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": {
            "args": arguments,
            "prefs": {"profile.managed_default_content_settings.javascript": scripts},
        },
        "goog:loggingPrefs": {"browser": "ALL"},
        "timeouts": {"implicit": 0, "pageLoad": 30_000, "script": 30_000},
    })
}

/// Chromium asks the store of its user's NSS.
fn trust_authority(home: &Path, authority: &Path) {
    let store = home.join(".pki/nssdb");
    fs::create_dir_all(&store).unwrap();
    let store = format!("sql:{}", store.display());
    let certutil = |arguments: &[&str]| {
        let mut command = Command::new(CERTUTIL.program);
        command::run(command.args(["-d", &store]).args(arguments), home, &Logs::default()).succeeds();
    };
    certutil(&["-N", "--empty-password"]);
    let file = authority.to_str().unwrap();
    certutil(&["-A", "-t", "C,,", "-n", "authority of the test", "-i", file]);
}
