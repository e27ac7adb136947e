//! Real clients that show a certificate: curl, and skopeo and podman, which show the token server what is meant for the
//! registry.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::components::{self, CURL, OPENSSL, PODMAN, REGISTRY, SKOPEO};
use crate::dockgate;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::image::Image;
use crate::keys::{Key, KeyFiles};
use crate::registry::{self, TrustFiles, VERSIONS};

/// A server that lets nobody in without a certificate, and its registry.
struct Site {
    server: Process,
    _registry: Process,
    port: u16,
    registry_host: String,
    dir: TempDir,
}

impl Site {
    fn start(clients: &[components::Component]) -> Option<Self> {
        if !components::installed(&[clients, &[OPENSSL, REGISTRY]].concat()) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        let KeyFiles { certificate, key, trusted } = Key::EcP256.write(dir.path());
        certificates(dir.path());
        let (server, port) = Process::listening("listening", |port| {
            let config = format!(
                "server:\n  addr: \"127.0.0.1:{port}\"\n  certificate: tls.pem\n  key: tls.key\n  \
                 client_certificates: {{ca: people.pem, mode: required}}\n\
                 token: {{issuer: \"{}\", expiration: 900, certificate: \"{}\", key: \"{}\"}}\n\
                 authn:\n  - mtls_auth: {{account: {{from: subject_cn}}}}\n\
                 authz:\n  - acl: [{{match: {{account: ci-build, name: \"ci/**\"}}, actions: [\"*\"]}}]\n",
                dockgate::ISSUER,
                certificate.display(),
                key.display(),
            );
            fs::write(dir.path().join("auth.yml"), config).unwrap();
            Process::start(Command::new(dockgate::PROGRAM).arg("auth.yml"), dir.path(), "dockgate")
        });
        let realm = format!("https://127.0.0.1:{port}/auth");
        let trust = TrustFiles { bundle: Some(trusted), jwks: None };
        let (registry, registry_port) = registry::start(VERSIONS[0], dir.path(), &realm, &trust).unwrap();
        let registry_host = format!("127.0.0.1:{registry_port}");
        Some(Self { server, _registry: registry, port, registry_host, dir })
    }

    fn run(&self, program: &str, words: &[&str]) -> Outcome {
        let mut command = Command::new(components::find(program).unwrap());
        command
            .args(words)
            .current_dir(self.dir.path())
            .env("REGISTRY_AUTH_FILE", self.dir.path().join("auth.json"));
        command::run(&mut command, self.dir.path(), &Logs::default())
    }

    #[track_caller]
    fn says(&self, text: &str) {
        let said =
            poll(std::time::Duration::from_secs(20), || self.server.log().contains(text).then_some(()));
        assert!(said.is_some(), "{text}: {}", self.server.log());
    }
}

/// OpenSSL's: an authority, a certificate for the server, one for a client, and one for a server that a client might try.
fn certificates(dir: &Path) {
    let script = r#"set -e
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $key -days 30 -subj /CN=people -keyout ca.key -out people.pem
issue() {
    openssl req $key -subj "/CN=$1" -keyout "$2.key" -out "$2.csr"
    printf '%s\n' "$3" > "$2.ext"
    openssl x509 -req -in "$2.csr" -CA people.pem -CAkey ca.key -CAcreateserial -days 30 -extfile "$2.ext" -out "$2.pem"
}
issue ci-build client extendedKeyUsage=clientAuth
issue ci-build wrong extendedKeyUsage=serverAuth
printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth' > ext
issue localhost tls "$(cat ext)"
mkdir with without
cp client.pem with/client.cert
cp client.key with/client.key
echo '{}' > auth.json
"#;
    let mut command = Command::new("sh");
    command::run(command.args(["-c", script]).current_dir(dir), dir, &Logs::default()).succeeds();
}

#[test]
fn curl() {
    let Some(site) = Site::start(&[CURL]) else { return };
    let url = format!("https://127.0.0.1:{}/auth?service=s&scope=repository:ci/a:pull", site.port);
    let fetch = ["-m", "10", "-sS", "--fail", "--cacert", "people.pem", url.as_str()];
    let shown =
        site.run("curl", &[&fetch[..], &["--cert", "client.pem", "--key", "client.key"]].concat()).succeeds();
    assert!(shown.stdout.contains("\"token\""), "{shown}");
    site.run("curl", &fetch).fails();
    site.run("curl", &[&fetch[..], &["--cert", "wrong.pem", "--key", "wrong.key"]].concat()).fails();
}

#[test]
fn skopeo_and_podman_show_the_registry_s() {
    let Some(site) = Site::start(&[SKOPEO, PODMAN]) else { return };
    Image::of(&["a certificate"]).write_named(&site.dir.path().join("layout"), "app:tiny");
    let push = |directory: &str, name: &str| {
        let target = format!("docker://{}/{name}", site.registry_host);
        let words = ["copy", "--insecure-policy", "--dest-tls-verify=false", "--dest-cert-dir", directory];
        site.run("skopeo", &[&words[..], &["oci:layout:tiny", &target]].concat())
    };
    push("with", "ci/app:1").succeeds();
    site.says("account=\"ci-build\" backend=mtls_auth");
    push("without", "ci/app:2").fails_with("certificate required");
    push("with", "team/app:1").fails();
    let target = format!("docker://{}/ci/app:1", site.registry_host);
    let root = [
        "--root",
        "root",
        "--runroot",
        "run",
        "--storage-driver",
        "vfs",
        "pull",
        "--tls-verify=false",
        "--cert-dir",
    ];
    site.run("podman", &[&root[..], &["with", &target]].concat()).succeeds();
    site.run("podman", &[&root[..], &["without", &target]].concat()).fails_with("certificate required");
}
