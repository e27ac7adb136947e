//! What a script's first line says of who runs it (execve(2)).

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::{can_run, lookup};

/// The beginning of a program that the system runs by itself (elf(5)).
const ELF: &[u8] = b"\x7fELF";
/// So much the system reads of a script.
const HEAD: u64 = 256;

/// What is wrong with it. A program that may be executed and not read is not looked at.
pub(super) fn mistake(path: &Path, directories: &OsStr) -> Option<String> {
    let mut beginning = Vec::new();
    File::open(path).ok()?.take(HEAD).read_to_end(&mut beginning).ok()?;
    let shown = path.display();
    let Some(line) = beginning.strip_prefix(b"#!") else {
        return (!beginning.starts_with(ELF)).then(|| {
            format!("{shown} is neither a program nor a script: begin a script with `#!/bin/sh` or the like")
        });
    };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let (interpreter, rest) = word(line);
    if interpreter.trim_ascii().is_empty() {
        return Some(format!("{shown} does not say what runs it: begin it with `#!/bin/sh` or the like"));
    }
    let missing = |name: &[u8], where_to: &str| {
        let name = String::from_utf8_lossy(name);
        // A line's end of Windows belongs to the word before it: `/bin/sh` and a carriage return is no file.
        if let Some(name) = name.strip_suffix('\r') {
            return Some(format!(
                "{shown} ends its lines as Windows does, and so wants to be run by {name} with a carriage return, which \
                 is not {where_to}: take those out, as `sed -i 's/\\r$//'` does"
            ));
        }
        Some(format!("{shown} wants to be run by {name}, which is not {where_to}: correct its first line"))
    };
    if !can_run(Path::new(OsStr::from_bytes(interpreter))) {
        return missing(interpreter, "there");
    }
    if let Some(name) = looked_up(interpreter, rest)
        && lookup(OsStr::from_bytes(name), directories).is_none()
    {
        return missing(name, "in its PATH (`environment`)");
    }
    // `sh` takes it for an option, and ends with 2; Perl passes over it.
    (line.ends_with(b"\r") && !interpreter.ends_with(b"/perl")).then(|| {
        format!("{shown} ends its lines as Windows does: take the carriage returns out, as `sed -i 's/\\r$//'` does")
    })
}

/// What env(1) looks up: all that follows is one word to it, unless `-S` has it split. Other options are its own affair.
fn looked_up<'l>(interpreter: &[u8], rest: &'l [u8]) -> Option<&'l [u8]> {
    if !interpreter.ends_with(b"/env") {
        return None;
    }
    let name = match rest.strip_prefix(b"-S") {
        None => rest,
        Some(split) => {
            let (mut first, mut rest) = word(split);
            while first.contains(&b'=') {
                (first, rest) = word(rest);
            }
            first
        }
    };
    let is_name =
        !name.is_empty() && !name.starts_with(b"-") && !name.iter().any(|byte| b"=/\"'$\\".contains(byte));
    is_name.then_some(name)
}

/// The first word, and what follows it: the system knows blanks and tabs, and nothing else.
fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let trimmed = |line: &'_ [u8]| -> (usize, usize) {
        let begin = line.iter().position(|byte| !is_blank(byte)).unwrap_or(line.len());
        let end = line.iter().rposition(|byte| !is_blank(byte)).map_or(begin, |last| last + 1);
        (begin, end)
    };
    let (begin, end) = trimmed(line);
    let line = line.get(begin..end).unwrap_or_default();
    let cut = line.iter().position(is_blank).unwrap_or(line.len());
    let (first, rest) = line.split_at_checked(cut).unwrap_or((line, &[]));
    let (begin, end) = trimmed(rest);
    (first, rest.get(begin..end).unwrap_or_default())
}
