//! The domain, provisioned and filled: that takes ten seconds, so it is kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;

use super::{ADMINISTRATOR, Authority, DOMAIN, GROUPS, PEOPLE, REALM, Samba};
use crate::components::SAMBA;
use crate::directory::ldap::values;
use crate::harness::command;
use crate::harness::logs::Logs;

const PEOPLE_AND_GROUPS: &str = include_str!("../../../data/directory/samba.ldif");
const LOCKED_AFTER: usize = 5;

static MAKING: Mutex<()> = Mutex::new(());

/// Where it is kept; made there if it is not. Whoever starts a server copies it.
pub(super) fn provisioned() -> PathBuf {
    let _one = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components");
    fs::create_dir_all(&components).unwrap();
    let kept = components.join(format!("samba-{}", version()));
    if !kept.is_dir() {
        make(&components, &kept);
    }
    kept
}

/// Of the program and of all that we fill it with.
fn version() -> String {
    let program = Command::new(SAMBA.program).arg("--version").output().unwrap();
    let made_by = [include_str!("domain.rs"), include_str!("aged.py"), PEOPLE_AND_GROUPS].concat();
    let sources = [program.stdout, made_by.into_bytes()].concat();
    let mut version = HEXLOWER.encode(digest(&SHA256, &sources).as_ref());
    version.truncate(16);
    version
}

fn make(components: &Path, kept: &Path) {
    let dir = tempfile::Builder::new().prefix("samba-new-").tempdir_in(components).unwrap();
    let domain = dir.path().join("domain");
    let mut command = Command::new("samba-tool");
    command
        .args(["domain", "provision", "--server-role=dc", "--use-rfc2307", "--dns-backend=NONE"])
        .args(["--host-name=dc1", "--host-ip=127.0.0.1"])
        .arg(format!("--realm={}", REALM.to_uppercase()))
        .arg(format!("--domain={DOMAIN}"))
        .arg(format!("--adminpass={}", ADMINISTRATOR.1))
        .arg(format!("--targetdir={}", domain.display()))
        // Not every file system has the attributes that it would write.
        .arg("--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb");
    command::run(&mut command, dir.path(), &Logs::default()).succeeds();
    fs::create_dir_all(domain.join("run")).unwrap();
    let mut samba = Samba::serve(&Authority::new(), dir);
    fill(&samba);
    samba.stop();
    let mut aged =
        Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/directory/samba/aged.py"));
    aged.arg(samba.dir.path().join("smb.conf")).arg(format!("CN=Expired,{PEOPLE}"));
    command::run(&mut aged, samba.dir.path(), &samba.logs()).succeeds();
    // Another process may have been faster.
    let renamed = fs::rename(samba.dir.path().join("domain"), kept);
    assert!(renamed.is_ok() || kept.is_dir(), "{renamed:?}");
}

fn fill(samba: &Samba) {
    let line = |line: &str| match line.strip_prefix("password: ") {
        Some(password) => format!("unicodePwd:: {}\n", encoded(password)),
        None => format!("{line}\n"),
    };
    samba.change(&PEOPLE_AND_GROUPS.lines().map(line).collect::<String>());
    let administrator = samba.client().bound(ADMINISTRATOR.0, ADMINISTRATOR.1);
    let developers = administrator.search(GROUPS, "(cn=developers)", &["primaryGroupToken"]).succeeds();
    let number = &values(&developers, "primaryGroupToken")[0];
    samba.change(&format!(
        "dn: CN=Petra,{PEOPLE}\nchangetype: modify\nreplace: primaryGroupID\nprimaryGroupID: {number}\n"
    ));
    for _ in 0..LOCKED_AFTER {
        let wrong = samba.client().bound(&format!("{DOMAIN}\\locked"), "wrong");
        wrong.search("", "(objectClass=*)", &[]).fails_with("data 52e");
    }
}

/// Quoted, in UTF-16, as Active Directory takes passwords.
fn encoded(password: &str) -> String {
    let quoted = format!("\"{password}\"");
    STANDARD.encode(quoted.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
}
