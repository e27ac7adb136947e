//! The directory where account, key and certificate are kept.
//!
//! One lock for the whole directory, held while a certificate is ordered: servers that share the directory do not order
//! twice. A file is replaced as a whole or not at all, and nobody but its owner reads it.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use rustix::fs::{Access, OFlags, access};
use rustix::process::geteuid;

/// Far beyond any chain with its key, in bytes.
const LARGEST: u64 = 256 * 1024;
/// Of a hash, in file names.
const ID_BYTES: usize = 4;
const LOCK: &str = "dockgate-acme.lock";

/// Where everything of one certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    directory: PathBuf,
    certificate: String,
    account: String,
}

/// The right to order and to write, until it is dropped or its process ends in whatever way.
pub(super) struct Held(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl Cache {
    /// The place of a certificate for hosts, issued by an authority to the account of an address.
    pub fn new(directory: PathBuf, authority: &str, email: Option<&str>, hosts: &[String]) -> Self {
        let first = hosts.first().map_or("", String::as_str);
        let names = hosts.iter().map(String::as_str);
        let of_all = id([authority].into_iter().chain(names));
        let of_account = id([authority, email.unwrap_or_default()]);
        Self {
            directory,
            certificate: format!("dockgate-{first}-{of_all}.pem"),
            account: format!("dockgate-account-{of_account}.json"),
        }
    }

    /// Whether the server can keep anything there. Asks nothing but the system.
    ///
    /// # Errors
    /// Why not, with the cure.
    pub fn check(&self) -> Result<(), String> {
        let shown = self.directory.display();
        match fs::metadata(&self.directory) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(format!("{shown} is no directory: name one")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(format!("{shown} does not exist: make it, writable for the server's user alone"));
            }
            Err(error) => return Err(format!("cannot look at {shown}: {error}")),
        }
        access(&self.directory, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
            format!("the server cannot write to {shown} ({error}): give the directory to the server's user")
        })
    }

    /// The key and the certificate.
    pub fn certificate(&self) -> PathBuf {
        self.directory.join(&self.certificate)
    }

    pub(super) fn account(&self) -> PathBuf {
        self.directory.join(&self.account)
    }

    /// What proves a host to the authority, while it looks.
    pub(super) fn challenge(&self, host: &str) -> PathBuf {
        self.directory.join(format!("dockgate-challenge-{host}.pem"))
    }

    /// What is kept in a file; none if there is no such file.
    pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
        // Who can put a key of their own there, or a link to one, would be the host to the authority and to clients.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        refuse_foreign(found.uid(), geteuid().as_raw())?;
        let mut content = Vec::new();
        file.take(LARGEST.saturating_add(1)).read_to_end(&mut content)?;
        if content.len() as u64 > LARGEST {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(Some(content))
    }

    /// Takes the lock; none if another process has it.
    pub(super) fn lock(&self) -> io::Result<Option<Held>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        // A link in the lock's place must not make us write elsewhere.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = options.custom_flags(flags.bits().cast_signed()).open(self.directory.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Held {
    /// Puts a file in place of the one there is, if any. After a crash it is the old or the new one.
    #[expect(clippy::unused_self, reason = "who writes must hold the lock")]
    pub(super) fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let temporary = path.with_extension("new");
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let written = fill(&temporary, content).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written?;
        let Some(directory) = path.parent() else { return Ok(()) };
        match File::open(directory)?.sync_all() {
            // Some network file systems know no such thing.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
            {
                Ok(())
            }
            synced => synced,
        }
    }
}

/// Root reads what is another's when it checks for it.
fn refuse_foreign(owner: u32, us: u32) -> io::Result<()> {
    if [us, 0].contains(&owner) || us == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!("it belongs to user {owner}, and dockgate runs as {us}")))
}

fn fill(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // Whatever the umask says.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()
}

fn id<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let text: Vec<&str> = parts.into_iter().collect();
    let hash = digest(&SHA256, text.join("\n").as_bytes());
    HEXLOWER.encode(hash.as_ref().get(..ID_BYTES).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(directory: &Path, hosts: &[&str]) -> Cache {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        Cache::new(directory.to_path_buf(), "https://ca.example/dir", Some("a@example.com"), &hosts)
    }

    #[test]
    fn one_at_a_time_and_whole_files_for_nobody_else() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(directory.path(), &["auth.example.com"]);
        let held = cache.lock().unwrap().unwrap();
        assert!(cache.lock().unwrap().is_none());
        assert_eq!(Cache::read(&cache.certificate()).unwrap(), None);
        std::fs::write(cache.certificate().with_extension("new"), "a crash left this").unwrap();
        for content in ["one", "two"] {
            held.write(&cache.certificate(), content.as_bytes()).unwrap();
            assert_eq!(Cache::read(&cache.certificate()).unwrap().unwrap(), content.as_bytes());
        }
        assert_eq!(std::fs::metadata(cache.certificate()).unwrap().mode() & 0o777, 0o600);
        drop(held);
        assert!(cache.lock().unwrap().is_some());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "the lock and the certificate");
    }

    /// In a directory where others write, such as `/tmp`.
    #[test]
    fn what_somebody_else_put_there_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(directory.path(), &["auth.example.com"]);
        let elsewhere = directory.path().join("elsewhere.pem");
        std::fs::write(&elsewhere, "a key of somebody's own").unwrap();
        std::os::unix::fs::symlink(&elsewhere, cache.challenge("auth.example.com")).unwrap();
        assert!(Cache::read(&cache.challenge("auth.example.com")).is_err(), "a link");
        for (owner, us) in [(1000, 1000), (0, 1000), (1000, 0)] {
            assert!(refuse_foreign(owner, us).is_ok(), "{owner} {us}");
        }
        let why = refuse_foreign(1001, 1000).unwrap_err().to_string();
        assert!(why.contains("belongs to user 1001"), "{why}");
    }

    #[test]
    fn each_certificate_has_a_place_of_its_own() {
        let directory = Path::new("/var/lib/acme");
        let one = cache(directory, &["auth.example.com"]);
        assert_ne!(one, cache(directory, &["auth.example.com", "b.example.com"]));
        assert_eq!(one.account(), cache(directory, &["b.example.com"]).account());
    }

    #[test]
    fn a_directory_that_is_none() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(cache(directory.path(), &["a.example"]).check(), Ok(()));
        let missing = cache(&directory.path().join("missing"), &["a.example"]).check().unwrap_err();
        assert!(
            missing.ends_with("does not exist: make it, writable for the server's user alone"),
            "{missing}"
        );
        let file = directory.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(cache(&file, &["a.example"]).check().unwrap_err().ends_with("is no directory: name one"));
    }
}
