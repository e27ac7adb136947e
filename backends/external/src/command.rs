//! Which file `command` names.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use dockgate_api::BuildContext;
use dockgate_api::config::{KeyPath, Located, Remark};
use rustix::fs::{Access, access};

/// The beginning of a program that the system runs by itself (elf(5)).
const ELF: &[u8] = b"\x7fELF";

/// Finds the program, and makes sure as far as it can that it will start. Where programs need not be, it is only named.
///
/// # Errors
/// What is wrong with it, at its place.
pub(crate) fn find(command: &Located<String>, cx: &BuildContext) -> Result<PathBuf, Remark> {
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
    if let Some(message) = interpreter_missing(&path) {
        return Err(refused(message));
    }
    if let Some(message) = writable_by_all(&path) {
        cx.warn(refused(message));
    }
    Ok(path)
}

fn in_path(name: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(name));
    let mut found = found.filter(|file| file.is_file() && access(file, Access::EXEC_OK).is_ok());
    found.next().ok_or_else(|| {
        if name.contains(char::is_whitespace) {
            return format!("there is no program `{name}` in PATH: `command` is the program alone, what follows stands in `args`");
        }
        format!("there is no program `{name}` in PATH: install it, or write the whole path")
    })
}

fn check(path: &Path) -> Result<(), String> {
    let shown = path.display();
    match path.metadata() {
        Err(error) => Err(format!("cannot use {shown}: {error}")),
        Ok(found) if !found.is_file() => Err(format!("{shown} is no file: name the program itself")),
        Ok(_) if access(path, Access::EXEC_OK).is_err() => {
            Err(format!("{shown} cannot be executed by the server's user: `chmod +x` it"))
        }
        Ok(_) => Ok(()),
    }
}

/// What is wrong with a script's first line. One that may be executed and not read is not looked at.
fn interpreter_missing(path: &Path) -> Option<String> {
    let mut beginning = Vec::new();
    File::open(path).ok()?.take(256).read_to_end(&mut beginning).ok()?;
    let shown = path.display();
    let Some(line) = beginning.strip_prefix(b"#!") else {
        return (!beginning.starts_with(ELF)).then(|| {
            format!("{shown} is neither a program nor a script: begin a script with `#!/bin/sh` or the like")
        });
    };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let interpreter = line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty())?;
    let interpreter = Path::new(std::ffi::OsStr::from_bytes(interpreter));
    access(interpreter, Access::EXEC_OK).is_err().then(|| {
        let hint = if line.ends_with(b"\r") { ", and ends its lines as Windows does" } else { "" };
        format!(
            "{shown} wants to be run by {}, which is not there{hint}: correct its first line",
            interpreter.display()
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
