//! Which file `command` names.

mod shebang;

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use dockgate_api::BuildContext;
use dockgate_api::config::{KeyPath, Located, Remark};
use rustix::fs::{Access, access};

const ALONE: &str = "`command` is the program alone, what follows stands in `args`";

/// Finds the program, and makes sure as far as it can that it will start. Where programs need not be, it is only named.
/// `directories` is the PATH that it will have.
///
/// # Errors
/// What is wrong with it, at its place.
pub(crate) fn find(
    command: &Located<String>,
    directories: &OsStr,
    cx: &BuildContext,
) -> Result<PathBuf, Remark> {
    let key = || KeyPath::root().key("command");
    let refused = |message: String| Remark::new(command.location.clone(), key(), message);
    let written = command.value.as_str();
    if written.is_empty() {
        return Err(refused("which program? Write its path, or its name".to_owned()));
    }
    if written.chars().any(char::is_control) {
        return Err(refused("a program's path holds no control characters: write it in one line".to_owned()));
    }
    if cx.offline() {
        return Ok(PathBuf::from(written));
    }
    let path = if written.contains('/') { cx.resolve(written) } else { in_path(written).map_err(refused)? };
    // `././check.sh` is what nobody wrote.
    let path: PathBuf = path.components().collect();
    check(&path).map_err(refused)?;
    if let Some(message) = shebang::mistake(&path, directories) {
        return Err(refused(message));
    }
    for message in [unreadable(&path), writable_by_all(&path)].into_iter().flatten() {
        cx.warn(refused(message));
    }
    Ok(path)
}

fn in_path(name: &str) -> Result<PathBuf, String> {
    let directories = std::env::var_os("PATH").unwrap_or_default();
    lookup(name, &directories).ok_or_else(|| {
        if name.contains(char::is_whitespace) {
            return format!("there is no program `{name}` in PATH: {ALONE}");
        }
        format!("there is no program `{name}` in PATH: install it, or write the whole path")
    })
}

fn lookup(name: impl AsRef<Path>, directories: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(directories).map(|directory| directory.join(&name)).find(|file| can_run(file))
}

fn can_run(file: &Path) -> bool {
    file.is_file() && access(file, Access::EXEC_OK).is_ok()
}

fn check(path: &Path) -> Result<(), String> {
    let shown = path.display();
    match path.metadata() {
        Err(error) if shown.to_string().contains(char::is_whitespace) => {
            Err(format!("cannot use {shown}: {error}: {ALONE}"))
        }
        Err(error) => Err(format!("cannot use {shown}: {error}")),
        Ok(found) if !found.is_file() => Err(format!("{shown} is no file: name the program itself")),
        Ok(_) if access(path, Access::EXEC_OK).is_err() => {
            Err(format!("{shown} cannot be executed by the server's user: `chmod +x` it"))
        }
        Ok(_) => Ok(()),
    }
}

/// Nothing to a program of its own, but the end of a script: a shell that cannot read it ends with 2, "not mine".
fn unreadable(path: &Path) -> Option<String> {
    access(path, Access::READ_OK).is_err().then(|| {
        let shown = path.display();
        format!(
            "{shown} may be executed and not read by the server's user, which no script bears: `chmod +r` it"
        )
    })
}

/// Whoever can change the program decides who may push.
fn writable_by_all(path: &Path) -> Option<String> {
    let mode = |path: &Path| path.metadata().map_or(0, |found| found.permissions().mode());
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let sticky = 0o1000;
    let open =
        directory.is_some_and(|directory| mode(directory) & 0o002 != 0 && mode(directory) & sticky == 0);
    let shown = path.display();
    if mode(path) & 0o002 != 0 {
        Some(format!("everybody on this machine can change {shown}, and with it decide: `chmod o-w` it"))
    } else if open {
        Some(format!(
            "everybody on this machine can replace {shown}, and with it decide: `chmod o-w` its directory"
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
