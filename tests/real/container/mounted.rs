use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;

use super::built::{Built, PLAIN, volume};
use crate::accounts::ADMIN;
use crate::api;
use crate::dockgate;
use crate::keys::{Key, KeyFiles};
use crate::registry::SERVICE;

/// Not the image's: `fsGroup` of a pod.
const GROUP: u32 = 20_117;

/// Keys as Kubernetes mounts Secrets: read-only, root's, readable for a group, and behind links that are exchanged.
#[test]
fn keys_as_kubernetes_mounts_them() {
    let Some(built) = Built::images(&[]) else { return };
    let keys = built.place("made").join("keys");
    dockgate::run(built.dir.path(), &["keys", "init", keys.to_str().unwrap()]).succeeds();
    let KeyFiles { certificate, key, .. } = Key::EcP256.write(&built.place("made"));

    let pair = "    - {certificate: \"/pair/tls.crt\", key: \"/pair/tls.key\", services: [other]}\n";
    let token = format!("  keys:\n    - {{managed_keys: \"/keys\"}}\n{pair}");
    let mount = |name: &str, files: &[(&Path, &str)]| {
        let volume = built.place(name);
        project(&volume, files);
        volume
    };
    let key_files: Vec<_> = fs::read_dir(&keys).unwrap().map(|file| file.unwrap().path()).collect();
    let key_files: Vec<(&Path, &str)> =
        key_files.iter().map(|file| (file.as_path(), file.file_name().unwrap().to_str().unwrap())).collect();
    let config = volume(&built.place("config"), "/config:ro");
    let keys = volume(&mount("keys", &key_files), "/keys:ro");
    let pair = volume(&mount("pair", &[(&certificate, "tls.crt"), (&key, "tls.key")]), "/pair:ro");

    let group = format!("--group-add={GROUP}");
    let (mut server, port, _) = built.serves(&token, &[&group, &config, &keys, &pair, PLAIN]);
    for service in [SERVICE, "other"] {
        let answer = api::request_token(
            &format!("127.0.0.1:{port}"),
            service,
            "repository:any/where:pull,push",
            Some(&ADMIN),
        );
        assert_eq!(answer.status, 200, "{service}: {answer:?}\n{}", server.log());
    }
    assert!(server.terminate().is_some_and(|status| status.success()), "{}", server.log());

    // The group is what lets it in.
    let without =
        ["run", "--rm", "--network=none", &config, &keys, &pair, PLAIN, "check", "/config/auth_config.yml"];
    built.docker.run(&without).fails_with("permission denied");
}

/// `..data` is a link to a directory with the files, and each name in the volume a link through it.
fn project(volume: &Path, files: &[(&Path, &str)]) {
    let data = volume.join("..2026_11_22");
    fs::create_dir(&data).unwrap();
    symlink("..2026_11_22", volume.join("..data")).unwrap();
    for (from, name) in files {
        let to = data.join(name);
        fs::copy(from, &to).unwrap();
        fs::set_permissions(&to, Permissions::from_mode(0o440)).unwrap();
        chown(&to, Some(0), Some(GROUP)).unwrap();
        symlink(format!("..data/{name}"), volume.join(name)).unwrap();
    }
}
