//! docker's `config.json`, in which `credHelpers` says which program has a registry's credential.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Value};

use crate::config::env::Lookup;
use crate::credential_helper::write_whole;

const HELPERS: &str = "credHelpers";
/// `docker-credential-` and this is the helper's name.
const HELPER: &str = "dockgate";
/// Thousands of registries.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The file.
pub(super) struct DockerConfig(PathBuf);

impl DockerConfig {
    /// Where docker looks for it.
    ///
    /// # Errors
    /// If the environment says nowhere where that is.
    pub(super) fn of(lookup: Lookup<'_>) -> Result<Self, String> {
        let given = |name: &str| lookup(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let directory = given("DOCKER_CONFIG").or_else(|| given("HOME").map(|home| home.join(".docker")));
        directory.map(|directory| Self(directory.join("config.json"))).ok_or_else(|| {
            "there is no place for docker's configuration: set HOME or DOCKER_CONFIG, or add `--no-docker-config`".to_owned()
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Looks whether it can be changed.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn look(&self) -> Result<(), String> {
        self.read().map(drop)
    }

    /// Says that the helper has the credentials of these registries. Everything else in it stays; another program's
    /// registries too, unless they are to be taken `over`. Answers those.
    ///
    /// # Errors
    /// If it cannot be understood or written; then it is as before.
    pub(super) fn use_helper_for(&self, registries: &[String], over: bool) -> Result<Vec<String>, String> {
        let before = self.read()?;
        let mut config = before.clone();
        let helpers = config.entry(HELPERS).or_insert_with(|| Value::Object(Map::new()));
        let mut left = Vec::new();
        if let Value::Object(helpers) = helpers {
            for registry in registries {
                let name = written(registry);
                if over || helpers.get(&name).is_none_or(|helper| helper == HELPER) {
                    helpers.insert(name, Value::from(HELPER));
                } else {
                    left.push(registry.clone());
                }
            }
        }
        if config == before {
            return Ok(left);
        }
        let failed = |error: io::Error| format!("{} cannot be written ({error})", self.0.display());
        if let Some(directory) = self.0.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        }
        let mut text = Vec::new();
        // As docker writes it.
        let mut to = serde_json::Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"\t"));
        config.serialize(&mut to).map_err(|error| failed(error.into()))?;
        write_whole(&self.0, &text).map_err(failed)?;
        Ok(left)
    }

    fn read(&self) -> Result<Map<String, Value>, String> {
        let shown = self.0.display();
        let text = match dockgate_api::read_file(&self.0, LONGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_link(&self.0) => {
                return Ok(Map::new());
            }
            Err(error) => return Err(format!("{shown} cannot be read ({error})")),
        };
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        // There may be secrets in it: only the place of a mistake is told.
        let config: Map<String, Value> = serde_json::from_slice(&text).map_err(|error| {
            format!(
                "{shown}:{}:{}: this is no JSON object, and was left as it is: repair it, or add `--no-docker-config`",
                error.line(),
                error.column()
            )
        })?;
        match config.get(HELPERS) {
            None | Some(Value::Object(_)) => Ok(config),
            Some(_) => Err(format!(
                "{shown}: `{HELPERS}` is no JSON object, and was left as it is: repair it, or add `--no-docker-config`"
            )),
        }
    }
}

/// A link that leads nowhere is somebody's mistake, and no new file.
fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

/// Docker Hub has a name of its own there.
fn written(registry: &str) -> String {
    if registry == "index.docker.io" { "https://index.docker.io/v1/".to_owned() } else { registry.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::json;

    use super::*;

    fn config() -> (tempfile::TempDir, DockerConfig) {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().to_str().unwrap().to_owned();
        let config = DockerConfig::of(&|name| (name == "HOME").then(|| home.clone())).unwrap();
        (directory, config)
    }

    fn read(config: &DockerConfig) -> Value {
        serde_json::from_slice(&fs::read(config.path()).unwrap()).unwrap()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_file_that_is_not_there_is_made_for_its_owner_alone() {
        let (_directory, config) = config();
        config.look().unwrap();
        config.use_helper_for(&names(&["r.example", "index.docker.io"]), false).unwrap();
        assert_eq!(
            read(&config),
            json!({"credHelpers": {"r.example": "dockgate", "https://index.docker.io/v1/": "dockgate"}})
        );
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(config.path()), mode(config.path().parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn everything_else_in_it_stays() {
        let (_directory, config) = config();
        fs::create_dir(config.path().parent().unwrap()).unwrap();
        let before = r#"{"auths": {"a": {"auth": "YTpi"}}, "credsStore": "pass", "credHelpers": {"gcr.io": "gcr"}, "HttpHeaders": {"X": "y"}, "plugins": {"n": [1, 2.5, null, true]}}"#;
        fs::write(config.path(), before).unwrap();
        fs::set_permissions(config.path(), fs::Permissions::from_mode(0o640)).unwrap();
        let both = names(&["r.example", "gcr.io"]);
        assert_eq!(config.use_helper_for(&both, false).unwrap(), ["gcr.io"], "another program's");
        let mut expected: Value = serde_json::from_str(before).unwrap();
        expected["credHelpers"]["r.example"] = "dockgate".into();
        assert_eq!(read(&config), expected);
        assert_eq!(fs::metadata(config.path()).unwrap().permissions().mode() & 0o777, 0o640);
        let written = fs::metadata(config.path()).unwrap().modified().unwrap();
        config.use_helper_for(&both, false).unwrap();
        assert_eq!(fs::metadata(config.path()).unwrap().modified().unwrap(), written, "nothing to change");
        assert_eq!(config.use_helper_for(&both, true).unwrap(), [""; 0]);
        assert_eq!(read(&config)["credHelpers"]["gcr.io"], "dockgate");
    }

    #[test]
    fn what_cannot_be_understood_is_not_touched() {
        let (_directory, config) = config();
        fs::create_dir(config.path().parent().unwrap()).unwrap();
        for text in [
            r#"{"auths": {"a": {"auth": "canary"}}"#,
            r#"["canary"]"#,
            r#"{"credHelpers": "canary"}"#,
            "canary",
        ] {
            fs::write(config.path(), text).unwrap();
            let why = config.look().unwrap_err();
            assert_eq!(config.use_helper_for(&names(&["r.example"]), false).unwrap_err(), why);
            assert!(why.contains("config.json") && why.contains("left as it is"), "{why}");
            assert!(!why.contains("canary"), "{why}");
            assert_eq!(fs::read_to_string(config.path()).unwrap(), text);
        }
        fs::remove_file(config.path()).unwrap();
        std::os::unix::fs::symlink("nowhere", config.path()).unwrap();
        assert!(config.look().is_err());
        assert!(is_link(config.path()));
    }
}
