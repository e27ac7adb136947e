//! What this machine is called, and whether clients on it would find the helper.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::config::env::Lookup;
use crate::scope::is_unprintable;

const HELPER: &str = "docker-credential-dockgate";
const LONGEST_NAME: usize = 64;

/// The machine's name, for a list of app passwords; proves nothing.
pub(super) fn name(lookup: Lookup<'_>) -> Option<String> {
    let of_system = || dockgate_api::read_file(Path::new("/etc/hostname"), 1024).ok();
    let name = lookup("HOSTNAME")
        .or_else(|| of_system().and_then(|text| String::from_utf8(text).ok()))?
        .trim()
        .chars()
        .filter(|c| !is_unprintable(*c))
        .take(LONGEST_NAME)
        .collect::<String>();
    (!name.is_empty()).then_some(name)
}

/// What to do if clients would not find the helper.
pub(super) fn missing_helper(lookup: Lookup<'_>) -> Option<String> {
    let path = lookup("PATH").unwrap_or_default();
    let is_program = |file: PathBuf| {
        file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if std::env::split_paths(&path).any(|directory| is_program(directory.join(HELPER))) {
        return None;
    }
    Some(format!(
        "warning: clients do not find the program {HELPER}: put it, from beside this one, into a directory of PATH"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_is_a_program_on_the_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap().to_owned();
        let lookup = |name: &str| (name == "PATH").then(|| format!("/nowhere:{path}"));
        assert!(missing_helper(&lookup).unwrap().contains(HELPER));
        let helper = directory.path().join(HELPER);
        std::fs::write(&helper, "").unwrap();
        assert!(missing_helper(&lookup).is_some(), "not executable");
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(missing_helper(&lookup), None);
    }

    #[test]
    fn a_name_is_one_line() {
        let named = |name: &'static str| name_of(name);
        assert_eq!(named(" laptop\n"), Some("laptop".to_owned()));
        assert_eq!(named("a\u{1b}[2Jb").unwrap(), "a[2Jb");
        assert_eq!(named(&"a".repeat(100).leak()[..]).unwrap().len(), 64);
    }

    fn name_of(text: &'static str) -> Option<String> {
        name(&|asked| (asked == "HOSTNAME").then(|| text.to_owned()))
    }
}
