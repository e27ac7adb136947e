//! The text of a configuration file.

use std::io::Read as _;
use std::path::Path;

/// Far beyond a rule file of 100,000 entries; a bound all the same.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A pipe that nobody writes to is empty, and not waited for: a reload would never end.
fn open(file: &Path) -> std::io::Result<std::fs::File> {
    use rustix::fs::{Mode, OFlags};
    let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(file, how, Mode::empty())?;
    // Who does write may take a while (`<(helm template …)`).
    rustix::fs::fcntl_setfl(&opened, OFlags::empty())?;
    Ok(opened.into())
}

/// The first line that is no text is named as well.
pub(super) fn read(file: &Path) -> Result<String, (u32, String)> {
    let cannot = |error: std::io::Error| (1, format!("cannot read the configuration: {error}"));
    let opened = open(file).map_err(cannot)?;
    let mut bytes = Vec::new();
    opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > LARGEST {
        return Err((1, format!("larger than {} MiB: is this the configuration?", LARGEST / 1024 / 1024)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = valid.filter(|byte| **byte == b'\n').count() + 1;
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            "this is not UTF-8 text: is it the configuration file?".to_owned(),
        )
    })?;
    match text.find('\0') {
        None => Ok(text),
        Some(at) => {
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            Err((
                u32::try_from(line).unwrap_or(u32::MAX),
                "this is a binary file, not a configuration".to_owned(),
            ))
        }
    }
}
