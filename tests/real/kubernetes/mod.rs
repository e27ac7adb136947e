//! The chart of `examples/kubernetes`: what helm makes of it, and whether Kubernetes and dockgate take that.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::components::{self, HELM, STRICT_MANIFESTS};
use crate::dockgate;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;

/// Name of the snapshot, file of values, and the kinds that are made.
const RENDERINGS: [(&str, Option<&str>, &[&str]); 3] = [
    (
        "default",
        None,
        &["ConfigMap", "Deployment", "PodDisruptionBudget", "Service", "Service", "ServiceAccount"],
    ),
    (
        "all-on",
        Some("values/all-on.yml"),
        &[
            "Deployment",
            "Ingress",
            "NetworkPolicy",
            "PodDisruptionBudget",
            "Secret",
            "Service",
            "Service",
            "ServiceAccount",
            "ServiceMonitor",
        ],
    ),
    (
        "existing-secret",
        Some("values/existing-secret.yml"),
        &["Deployment", "PodDisruptionBudget", "Service", "Service", "ServiceAccount"],
    ),
];

struct Helm {
    dir: TempDir,
}

impl Helm {
    fn installed() -> Option<Self> {
        components::installed(&[HELM, STRICT_MANIFESTS])
            .then(|| Self { dir: tempfile::Builder::new().prefix("dockgate-helm-").tempdir().unwrap() })
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let mut helm = Command::new(components::find(HELM.program).expect("it is installed"));
        helm.env_clear().env("HOME", self.dir.path()).args(arguments).current_dir(examples());
        command::run(&mut helm, self.dir.path(), &Logs::default())
    }

    fn render(&self, arguments: &[&str]) -> Outcome {
        self.run(&[&["template", "demo", "dockgate", "--namespace", "registry"], arguments].concat())
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kubernetes")
}

#[test]
fn the_chart_makes_what_it_made() {
    let Some(helm) = Helm::installed() else { return };
    for (name, values, kinds) in RENDERINGS {
        let values: Vec<&str> = values.iter().flat_map(|file| ["--values", file]).collect();
        helm.run(&[&["lint", "--strict", "dockgate"], &values[..]].concat()).succeeds();
        let manifests = helm.render(&values).succeeds().stdout;
        assert_eq!(decoded(&manifests), kinds, "{name}");
        is_as_it_was(name, &manifests);
    }
}

/// The kinds, as Kubernetes' own types decode them strictly.
pub(crate) fn decoded(manifests: &str) -> Vec<String> {
    use std::io::Write as _;
    let mut decoder = Command::new(components::find(STRICT_MANIFESTS.program).expect("it is installed"));
    let piped = decoder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(manifests.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}\n{manifests}", String::from_utf8_lossy(&ended.stderr));
    let lines = String::from_utf8(ended.stdout).unwrap();
    let mut kinds: Vec<String> =
        lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    kinds.sort();
    kinds
}

/// A difference is shown in a file beside the snapshot's name; moved over it, it is the new snapshot.
fn is_as_it_was(name: &str, manifests: &str) {
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/real/kubernetes/{name}.yml"));
    let was = fs::read_to_string(&snapshot).unwrap_or_default();
    if was != manifests {
        let new = snapshot.with_extension("snap.new");
        fs::write(&new, manifests).unwrap();
        panic!(
            "not as it was: compare {} with {}, and move it there if it is right",
            new.display(),
            snapshot.display()
        );
    }
}

#[test]
fn dockgate_takes_the_configuration_in_it() {
    let Some(helm) = Helm::installed() else { return };
    for values in [&[][..], &["--values", "values/all-on.yml"]] {
        let manifests = helm.render(values).succeeds().stdout;
        let (_, after) = manifests.split_once("  auth_config.yml: |\n").expect("a configuration");
        let lines = after.lines().take_while(|line| line.is_empty() || line.starts_with("    "));
        let config: String = lines.map(|line| format!("{}\n", line.get(4..).unwrap_or_default())).collect();
        fs::write(helm.dir.path().join("auth_config.yml"), &config).unwrap();
        let checked = dockgate::run(helm.dir.path(), &["check", "--offline", "auth_config.yml"]).succeeds();
        assert!(checked.stdout.contains("0 warning(s)"), "{checked}");
        // Probes and services know the ports by these numbers.
        for port in ["http", "metrics"] {
            let (_, number) =
                manifests.split_once(&format!("- name: {port}\n              containerPort: ")).unwrap();
            let number = number.lines().next().unwrap();
            assert!(config.contains(&format!("addr: \":{number}\"")), "{port} {number}\n{config}");
        }
    }
}

#[test]
fn values_that_make_no_sense_are_refused() {
    let Some(helm) = Helm::installed() else { return };
    for (values, message) in [
        ("replicas=2", "'replicas' not allowed"),
        ("ports.http=443", "/ports/http"),
        ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        ("config.existingSecret=a,config.existingConfigMap=b", "two configurations: give one"),
    ] {
        helm.render(&["--set", values]).fails_with(message);
    }
}
