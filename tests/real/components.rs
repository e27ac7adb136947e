//! Programs that the tests start and the project does not build.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Component {
    pub(crate) program: &'static str,
    source: Source,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    /// A package of Debian.
    Debian(&'static str),
    /// `install.sh` builds it, in the version that `go-programs` says.
    Go,
    /// `install.sh` has npm fetch it, in the version that `npm/package-lock.json` says.
    Npm,
    /// A file of a Python wheel, in the version that `wheels` says.
    Wheel,
}

pub(crate) const REGISTRY: Component = debian("docker-registry", "docker-registry");
pub(crate) const REGISTRY_3_0: Component = go("registry-3.0.0");
pub(crate) const REGISTRY_3_1: Component = go("registry-3.1.1");
pub(crate) const SKOPEO: Component = debian("skopeo", "skopeo");
pub(crate) const PODMAN: Component = debian("podman", "podman");
pub(crate) const BUILDAH: Component = debian("buildah", "buildah");
/// Debian's, whatever else is called docker on this machine: the version must be the engine's.
pub(crate) const DOCKER: Component = debian("/usr/bin/docker", "docker.io");
pub(crate) const CURL: Component = debian("curl", "curl");
pub(crate) const OPENSSL: Component = debian("openssl", "openssl");
pub(crate) const IP: Component = debian("ip", "iproute2");
pub(crate) const HTPASSWD: Component = debian("htpasswd", "apache2-utils");
pub(crate) const DOCKERD: Component = debian("dockerd", "docker.io");
pub(crate) const CONTAINERD: Component = debian("containerd", "containerd");
pub(crate) const CTR: Component = debian("ctr", "containerd");
pub(crate) const RUNC: Component = debian("runc", "runc");
/// By its path: Debian does not have it among the programs of every user.
pub(crate) const NGINX: Component = debian("/usr/sbin/nginx", "nginx");
/// A file of it: nginx loads it.
pub(crate) const NGINX_STREAM: Component =
    debian("/usr/lib/nginx/modules/ngx_stream_module.so", "libnginx-mod-stream");
/// By its path: Debian does not have it among the programs of every user either.
pub(crate) const HAPROXY: Component = debian("/usr/sbin/haproxy", "haproxy");
pub(crate) const CADDY: Component = debian("/usr/bin/caddy", "caddy");
pub(crate) const TRAEFIK: Component = wheel("traefik");
pub(crate) const ENVOY: Component = wheel("envoy");
pub(crate) const PROMETHEUS: Component = debian("prometheus", "prometheus");
pub(crate) const PROMTOOL: Component = debian("promtool", "prometheus");
/// Not in the path of those who are not root.
pub(crate) const LOGROTATE: Component = debian("/usr/sbin/logrotate", "logrotate");
pub(crate) const COMPOSE: Component = debian("docker-compose", "docker-compose");
pub(crate) const SYSTEMD: Component = debian("systemd-analyze", "systemd");
pub(crate) const STRACE: Component = debian("strace", "strace");
pub(crate) const PYTHON: Component = debian("python3", "python3");
/// By their paths: these too.
pub(crate) const SLAPD: Component = debian("/usr/sbin/slapd", "slapd");
pub(crate) const LDAP_UTILS: Component = debian("ldapsearch", "ldap-utils");
pub(crate) const SAMBA: Component = debian("/usr/sbin/samba", "samba");
pub(crate) const SAMBA_PROVISION: Component =
    debian("/usr/share/samba/setup/provision.ldif", "samba-ad-provision");
pub(crate) const DS389: Component = debian("/usr/sbin/ns-slapd", "389-ds-base");
/// OpenSSL's files into the store of 389 Directory Server.
pub(crate) const CERTUTIL: Component = debian("certutil", "libnss3-tools");
pub(crate) const DNSMASQ: Component = debian("/usr/sbin/dnsmasq", "dnsmasq-base");
/// With `redis-cli`.
pub(crate) const REDIS: Component = debian("redis-server", "redis-server");
/// Debian keeps the programs of each version apart.
pub(crate) const POSTGRES: Component = debian("/usr/lib/postgresql/15/bin/postgres", "postgresql-15");
pub(crate) const PSQL: Component = debian("psql", "postgresql-client-15");
pub(crate) const PGBOUNCER: Component = debian("/usr/sbin/pgbouncer", "pgbouncer");
pub(crate) const CHROMIUM: Component = debian("chromium", "chromium");
/// What drives it.
pub(crate) const CHROMEDRIVER: Component = debian("chromedriver", "chromium-driver");
pub(crate) const NODE: Component = debian("node", "nodejs");
/// An OpenID provider, and rules of accessibility. Neither is in anything we ship; the rules' licence is MPL-2.0.
pub(crate) const OIDC_PROVIDER: Component = npm("../npm/node_modules/oidc-provider/package.json");
pub(crate) const AXE: Component = npm("../npm/node_modules/axe-core/axe.min.js");
/// GitHub's own descriptions of its API, which are for tests alone too.
pub(crate) const GITHUB_API: Component =
    npm("../npm/node_modules/@octokit/openapi/generated/api.github.com.json");
pub(crate) const GITHUB_ENTERPRISE_API: Component =
    npm("../npm/node_modules/@octokit/openapi/generated/ghes-3.19.json");
pub(crate) const CRANE: Component = go("crane");
pub(crate) const ORAS: Component = go("oras");
pub(crate) const REGCTL: Component = go("regctl");
pub(crate) const HELM: Component = go("helm");
pub(crate) const STRICT_MANIFESTS: Component = go("strict-manifests");
pub(crate) const REVIEWS: Component = go("reviews");
pub(crate) const OPA: Component = go("opa");
/// An authority for certificates, and a name server for it.
pub(crate) const PEBBLE: Component = go("pebble");
pub(crate) const PEBBLE_NAMES: Component = go("pebble-challtestsrv");
pub(crate) const NERDCTL: Component = go("nerdctl");
pub(crate) const BUILDCTL: Component = go("buildctl");
pub(crate) const BUILDKITD: Component = go("buildkitd");

const fn debian(program: &'static str, package: &'static str) -> Component {
    Component { program, source: Source::Debian(package) }
}

const fn go(program: &'static str) -> Component {
    Component { program, source: Source::Go }
}

const fn wheel(program: &'static str) -> Component {
    Component { program, source: Source::Wheel }
}

/// A file of the package, from where programs are.
const fn npm(file: &'static str) -> Component {
    Component { program: file, source: Source::Npm }
}

impl Component {
    /// The version of a program that `install.sh` builds, such as `1.2.3`.
    pub(crate) fn pinned(self) -> Option<&'static str> {
        let mut lines = include_str!("go-programs").lines().map(|line| line.split(' '));
        let version =
            lines.find_map(|mut words| (words.next()? == self.program).then(|| words.next_back()).flatten());
        version.map(|version| version.trim_start_matches('v'))
    }
}

/// Nobody else may start these; the directories and the name server because of their ports.
const FOR_ROOT: [&str; 5] = ["dockerd", "containerd", "buildkitd", SAMBA.program, DNSMASQ.program];

/// Whether all of them are there. A missing one fails the test under `CI=true`; on a person's machine the
/// test passes, and says loudly that it proved nothing.
pub(crate) fn installed(components: &[Component]) -> bool {
    let engine = components.iter().find(|component| FOR_ROOT.contains(&component.program));
    if let Some(engine) = engine.filter(|_| !rustix::process::getuid().is_root()) {
        let notice = format!("NOT RUN: {} wants to be started by root\n", engine.program);
        assert!(!in_ci(), "{notice}");
        say(&notice);
        return false;
    }
    let missing: Vec<&Component> =
        components.iter().filter(|component| find(component.program).is_none()).collect();
    for Component { program, source } in &missing {
        let cure = match source {
            Source::Debian(package) => format!("apt-get install {package}"),
            Source::Go | Source::Npm | Source::Wheel => "tests/real/install.sh".to_owned(),
        };
        let notice = format!("NOT RUN: {program} is not installed ({cure})\n");
        assert!(!in_ci(), "{notice}");
        say(&notice);
    }
    missing.is_empty()
}

pub(crate) fn in_ci() -> bool {
    env::var("CI").as_deref() == Ok("true")
}

/// Says it even where the test passes: the test harness swallows what `eprint!` prints.
pub(crate) fn say(notice: &str) {
    io::stderr().write_all(notice.as_bytes()).expect("standard error takes a line");
}

/// Where programs are looked for: first those of `install.sh`, whose versions are pinned.
pub(crate) fn path() -> OsString {
    env::join_paths(search_path()).expect("no directory of PATH has a colon")
}

/// Where a program is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    search_path().map(|dir| dir.join(program)).find(|file| is_file(file))
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components/bin");
    let path = env::var_os("PATH").unwrap_or_default();
    [ours].into_iter().chain(env::split_paths(&path).collect::<Vec<_>>())
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}
