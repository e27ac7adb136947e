//! A directory with a configuration and the files that it names.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use dockgate::outside::SystemClock;
use dockgate_api::Clock as _;

use super::run_with_input;
use crate::support::self_signed;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The time of day.
pub(crate) fn now() -> SystemTime {
    SystemClock.now()
}

/// A fresh key and its certificate for `localhost`, valid from `before` ago until `after` from now.
pub(crate) fn pair(not_before: SystemTime, not_after: SystemTime) -> Pair {
    let (certificate_pem, key_pem) =
        self_signed("it.example.test", &["localhost".to_owned()], not_before..not_after);
    Pair { certificate_pem, key_pem }
}

/// A key and its certificate.
pub(crate) struct Pair {
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
}

/// A temporary directory with `cert.pem` and `key.pem`, good for a year.
pub(crate) struct Site {
    directory: tempfile::TempDir,
    pub(crate) pair: Pair,
}

impl Site {
    pub(crate) fn new() -> Self {
        let pair = pair(now() - DAY, now() + 365 * DAY);
        let site = Self { directory: tempfile::tempdir().unwrap(), pair };
        site.write("cert.pem", &site.pair.certificate_pem);
        site.write("key.pem", &site.pair.key_pem);
        site
    }

    /// The same with a configuration beside them.
    pub(crate) fn with(config: &str) -> Self {
        let site = Self::new();
        site.write("auth.yml", config);
        site
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a program. Not from this process: another test's fork would hold it open, and it could not be started.
    pub(crate) fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut copy = Command::new("sh");
        let copied =
            run_with_input(copy.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(&path), text.as_bytes());
        assert_eq!(copied.code, Some(0), "{copied:?}");
        path
    }

    /// At once: a file that is written in place is empty for a moment, and a server that watches may see it so.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let new = path.with_added_extension("new");
        std::fs::write(&new, content).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    /// Puts a file of `tests/data/keys` here under another name.
    pub(crate) fn copy_key(&self, from: &str, to: &str) {
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys");
        std::fs::copy(keys.join(from), self.file(to)).unwrap();
    }
}
