//! The files of the directory. What is there is kept.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::BASE32_NOPAD;
use dockgate_api::secrecy::SecretString;

use super::image;
use crate::outside::Outside;
use crate::token::managed::ManagedKeys;

/// 120 bits.
const PASSWORD_BYTES: usize = 15;

/// The two users of a fresh directory, with passwords that are kept nowhere.
#[derive(Debug)]
pub(crate) struct Users {
    pub(crate) admin: SecretString,
    pub(crate) reader: SecretString,
}

/// A quickstart directory.
#[derive(Debug)]
pub(crate) struct Directory {
    root: PathBuf,
}

/// What goes into the generated files.
struct Ports {
    auth: u16,
    registry: u16,
}

impl Directory {
    /// Opens a directory, and fills it if there is no configuration in it yet; the users are then returned.
    ///
    /// # Errors
    /// Which file could not be made, and why.
    pub(crate) fn open_or_make(
        root: &Path,
        port: u16,
        registry_port: u16,
        outside: &Outside,
    ) -> Result<(Self, Option<Users>), String> {
        let cannot = |path: &Path, error: &io::Error| format!("cannot make {}: {error}", path.display());
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .map_err(|error| cannot(root, &error))?;
        let root = root.canonicalize().map_err(|error| cannot(root, &error))?;
        let directory = Self { root };
        if directory.config().exists() {
            return Ok((directory, None));
        }
        let ports = Ports { auth: port, registry: registry_port };
        let users = directory.fill(&ports, outside)?;
        Ok((directory, Some(users)))
    }

    /// The configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.root.join("dockgate.yml")
    }

    /// What the registry trusts.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.keys().join("bundle.pem")
    }

    fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The registry's configuration.
    pub(crate) fn registry_config(&self) -> PathBuf {
        self.root.join("registry.yml")
    }

    /// What the registry says.
    pub(crate) fn registry_log(&self) -> PathBuf {
        self.root.join("registry.log")
    }

    /// A small image in OCI layout, to push.
    pub(crate) fn image(&self) -> PathBuf {
        self.root.join("hello")
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn fill(&self, ports: &Ports, outside: &Outside) -> Result<Users, String> {
        let users = Users { admin: password(outside)?, reader: password(outside)? };
        let hash = |password| {
            dockgate_passwords::hash_bcrypt(
                password,
                dockgate_passwords::DEFAULT_COST,
                outside.random.as_ref(),
            )
            .map_err(|error| error.to_string())
        };
        let (admin, reader) = (hash(&users.admin)?, hash(&users.reader)?);
        if self.keys().exists() {
            return Err(already_there(&self.keys()));
        }
        ManagedKeys::init(&self.keys(), outside.clock.now()).map_err(|error| error.to_string())?;
        self.write("registry.yml", 0o644, self.registry_yml(ports).as_bytes())?;
        self.write("compose.yml", 0o644, compose_yml(ports).as_bytes())?;
        image::write(&self.image())
            .map_err(|error| format!("cannot make {}: {error}", self.image().display()))?;
        // Last: a directory with a configuration is complete.
        self.write("dockgate.yml", 0o600, config_yml(ports, &admin, &reader).as_bytes())?;
        Ok(users)
    }

    /// Never writes over a file: it may be somebody's key.
    fn write(&self, name: &str, mode: u32, content: &[u8]) -> Result<(), String> {
        let path = self.root.join(name);
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
        file.and_then(|mut file| file.write_all(content)).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => already_there(&path),
            _ => format!("cannot write {}: {error}", path.display()),
        })
    }

    fn registry_yml(&self, ports: &Ports) -> String {
        // A JSON string is a YAML string too, whatever the directory is called.
        let quoted = |path: PathBuf| serde_json::Value::from(path.display().to_string());
        format!(
            r#"# A registry that trusts the tokens of the server beside it (registry 2.8 and 3).
version: 0.1
storage:
  filesystem: {{rootdirectory: {data}}}
  delete: {{enabled: true}}
http:
  addr: "127.0.0.1:{registry}"
auth:
  token:
    realm: "http://localhost:{auth}/auth"   # where clients go for a token: their view, not the registry's
    service: "registry"                     # the same in every request; rules can match it
    issuer: "dockgate quickstart"           # token.issuer in dockgate.yml
    rootcertbundle: {bundle}   # the authority that issues the signing keys
"#,
            data = quoted(self.root.join("registry-data")),
            bundle = quoted(self.bundle()),
            registry = ports.registry,
            auth = ports.auth,
        )
    }
}

fn already_there(path: &Path) -> String {
    format!("{} is there without a dockgate.yml beside it: move it away first", path.display())
}

fn password(outside: &Outside) -> Result<SecretString, String> {
    let mut bytes = [0; PASSWORD_BYTES];
    outside.random.fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(SecretString::from(BASE32_NOPAD.encode(&bytes).to_lowercase()))
}

fn config_yml(ports: &Ports, admin: &str, reader: &str) -> String {
    format!(
        r#"# dockgate: who may pull from and push to a registry. `dockgate check` explains mistakes in this file.
# File names are relative to this file.

server:
  addr: "127.0.0.1:{port}"        # ":{port}" to be reached from other machines; then give it TLS:
  # certificate: tls.pem
  # key: tls.key

token:
  issuer: "dockgate quickstart"   # the registry's auth.token.issuer, the same text
  expiration: 300                 # seconds; a right taken away is gone when the token is
  managed_keys: keys              # they renew themselves; keys/bundle.pem is the registry's rootcertbundle

# Who is this? Asked in order until one knows.
authn:
  - users:
      admin:
        password: "{admin}"   # made by `dockgate hash`
      reader:
        password: "{reader}"
        labels: {{team: ["demo"]}}
      "": {{}}                      # nobody in particular: docker pull without docker login

# What may they do? The first rule that matches decides; no rule, no right.
authz:
  - acl:
      - match: {{account: "admin"}}
        actions: ["*"]
        comment: "the administrator may do everything"
      - match: {{name: "public/**"}}
        actions: ["pull"]
        comment: "anybody may pull what is public"
      - match: {{account: "/.+/", name: "${{account}}/**"}}
        actions: ["pull", "push"]
        comment: "everybody has a place of their own"
      - match: {{account: "/.+/", type: "repository"}}
        actions: ["pull"]
        comment: "who has an account may pull"
"#,
        port = ports.auth,
    )
}

fn compose_yml(ports: &Ports) -> String {
    format!(
        r#"# A registry in a container, wired to the server that runs on this machine: `docker compose up -d`.
services:
  registry:
    image: registry:3
    network_mode: host
    environment:
      OTEL_TRACES_EXPORTER: none
      REGISTRY_HTTP_ADDR: "127.0.0.1:{registry}"
      REGISTRY_AUTH: token
      REGISTRY_AUTH_TOKEN_REALM: "http://localhost:{auth}/auth"
      REGISTRY_AUTH_TOKEN_SERVICE: "registry"
      REGISTRY_AUTH_TOKEN_ISSUER: "dockgate quickstart"
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: /bundle.pem
    volumes:
      - ./keys/bundle.pem:/bundle.pem:ro
      - registry-data:/var/lib/registry
volumes:
  registry-data: {{}}
"#,
        registry = ports.registry,
        auth = ports.auth,
    )
}
