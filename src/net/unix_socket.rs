//! A socket in the file system, with its mode and owner.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use dockgate_api::config::Problem;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{UnixListener, UnixStream};

use super::owners::Owners;
use crate::config::server::{DoorAddress, SocketOptions};

/// How many connections may wait to be accepted, as tokio has it.
pub(super) const BACKLOG: i32 = 1024;

/// Removes its file when it goes, unless somebody else's stands there by then.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    inode: Option<(u64, u64)>,
}

impl SocketFile {
    fn new(path: PathBuf) -> Self {
        let inode = inode(&path);
        Self { path, inode }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::symlink_metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.inode.is_some() && inode(&self.path) == self.inode {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes a socket that listens.
pub(super) async fn bind(door: &DoorAddress) -> Result<(UnixListener, SocketFile), Problem> {
    remove_stale(Path::new(&door.addr)).await.map_err(|message| door.problem(message))?;
    let (socket, file) = bound(door)?;
    let cannot = |error: io::Error| door.problem(super::listener::cure(&door.addr, &error));
    socket.listen(BACKLOG).and_then(|()| socket.set_nonblocking(true)).map_err(cannot)?;
    let listener = std::os::unix::net::UnixListener::from(OwnedFd::from(socket));
    Ok((UnixListener::from_std(listener).map_err(cannot)?, file))
}

/// Makes a socket that has its file, and does not listen yet.
///
/// The file is there before its mode and owner are right. Nobody can use that moment: who connects to a socket that does
/// not listen is refused, whatever the mode.
fn bound(door: &DoorAddress) -> Result<(Socket, SocketFile), Problem> {
    let owners = Owners::of(&door.socket)?;
    let path = Path::new(&door.addr);
    let cannot = |error: io::Error| door.problem(super::listener::cure(&door.addr, &error));
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(cannot)?;
    SockAddr::unix(path).and_then(|address| socket.bind(&address)).map_err(cannot)?;
    let file = SocketFile::new(path.to_path_buf());
    if door.socket != SocketOptions::default() {
        restrict(door, owners)?;
    }
    Ok((socket, file))
}

/// Gives the file its owner and mode, and no other file: whoever may write to the directory may have put a link in its
/// place.
fn restrict(door: &DoorAddress, owners: Owners) -> Result<(), Problem> {
    let addr = &door.addr;
    let cannot = |error: rustix::io::Errno| {
        door.problem(format!("cannot set mode and owner of {addr}: {}", io::Error::from(error)))
    };
    let file =
        rustix::fs::open(addr.as_str(), OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
            .map_err(cannot)?;
    if FileType::from_raw_mode(rustix::fs::fstat(&file).map_err(cannot)?.st_mode) != FileType::Socket {
        return Err(door.problem(format!(
            "somebody replaced {addr} while it was made: choose a directory that only the server may write to"
        )));
    }
    if owners != Owners::default() {
        rustix::fs::chownat(&file, "", owners.user, owners.group, AtFlags::EMPTY_PATH)
            .map_err(|error| not_given(door, error))?;
    }
    if let Some(mode) = door.socket.mode {
        // A handle that only names a file has no other way to change it (`open(2)`, `O_PATH`).
        let handle = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::chmod(handle, Mode::from_raw_mode(mode.0)).map_err(cannot)?;
    }
    Ok(())
}

/// At the key that asked for it: mostly the group, since only root may give a file to another user.
fn not_given(door: &DoorAddress, error: rustix::io::Errno) -> Problem {
    let error = io::Error::from(error);
    let named = door
        .socket
        .owner
        .as_ref()
        .map(|named| (named, "only root may give a file to another user: take `owner` away"));
    let group = door.socket.group.as_ref();
    let named =
        named.or(group.map(|named| (named, "the server's user must be in the group, or start as root")));
    match named {
        Some((named, cure)) => Problem::new(
            named.name.location.clone(),
            named.path.clone(),
            format!("cannot give {} to it ({error}): {cure}", door.addr),
        ),
        None => door.problem(format!("cannot set the owner of {}: {error}", door.addr)),
    }
}

/// A socket file that nobody listens on is left over from a server that was killed.
async fn remove_stale(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::FileTypeExt;
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    let path_text = path.display();
    if !metadata.file_type().is_socket() {
        return Err(format!("{path_text} is there and is no socket: remove it, or choose another path"));
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        Ok(_) => {
            return Err(format!("somebody is listening on {path_text}: stop them, or choose another path"));
        }
        Err(error) => return Err(format!("{path_text} is somebody's socket ({error}): choose another path")),
    }
    std::fs::remove_file(path).map_err(|error| format!("cannot remove the old socket {path_text}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::config::server::{Mode, Net};

    #[test]
    fn nobody_gets_in_before_the_mode_is_right() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let mut door = DoorAddress::new(Net::Unix, path.to_str().unwrap());
        door.socket.mode = Some(Mode(0o606));
        let (socket, _file) = bound(&door).unwrap();
        assert_eq!(std::fs::symlink_metadata(&path).unwrap().mode() & 0o777, 0o606);
        let refused = UnixStream::connect(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        socket.listen(BACKLOG).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn what_was_put_in_its_place_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let [path, precious] = ["s", "precious"].map(|name| directory.path().join(name));
        std::fs::write(&precious, "x").unwrap();
        let before = std::fs::symlink_metadata(&precious).unwrap().mode();
        std::os::unix::fs::symlink(&precious, &path).unwrap();
        let mut door = DoorAddress::new(Net::Unix, path.to_str().unwrap());
        door.socket.mode = Some(Mode(0o666));
        let problem = restrict(&door, Owners::default()).unwrap_err().to_string();
        assert!(problem.contains("somebody replaced"), "{problem}");
        assert_eq!(std::fs::symlink_metadata(&precious).unwrap().mode(), before);
    }
}
