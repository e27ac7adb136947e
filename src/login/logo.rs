//! `login.logo`: a picture beside the title.

use std::io::ErrorKind;
use std::path::Path;

use dockgate_api::read_file;

/// It comes with every first visit.
const LARGEST: u64 = 256 * 1024;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A picture beside the title.
#[derive(Debug)]
pub(super) struct Logo {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: &'static str,
}

impl Logo {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let bytes = read_file(file, LARGEST).map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => format!("larger than {} KiB: a logo is small", LARGEST / 1024),
            ErrorKind::IsADirectory | ErrorKind::InvalidInput => {
                "this is no file: write the path of a PNG or SVG file".to_owned()
            }
            _ => format!("{} cannot be read: {error}", file.display()),
        })?;
        let content_type = kind(&bytes).ok_or("neither PNG nor SVG: write the path of such a file")?;
        Ok(Self { bytes, content_type })
    }
}

fn kind(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(PNG) {
        return Some("image/png");
    }
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
    (text.starts_with('<') && text.contains("<svg")).then_some("image/svg+xml")
}

#[cfg(test)]
mod tests {
    use rustix::fs::{FileType, Mode};

    use super::*;

    #[test]
    fn pictures_and_what_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let read = |content: &[u8]| {
            let file = directory.path().join("logo");
            std::fs::write(&file, content).unwrap();
            Logo::read(&file).map(|logo| logo.content_type)
        };
        assert_eq!(read(&[PNG, b"rest"].concat()), Ok("image/png"));
        assert_eq!(read(b"<?xml version='1.0'?>\n<svg/>"), Ok("image/svg+xml"));
        assert_eq!(read(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Ok("image/svg+xml"));
        for none in [&b""[..], b"GIF89a", b"<html></html>", b"\xff\xd8\xff"] {
            assert!(read(none).unwrap_err().contains("neither PNG nor SVG"));
        }
        assert!(read(&vec![b' '; 300_000]).unwrap_err().contains("256 KiB"));
        assert!(Logo::read(directory.path()).unwrap_err().contains("no file"));
        // Whoever waited for somebody to write to it would never serve.
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert!(Logo::read(&pipe).unwrap_err().contains("no file"));
        assert!(Logo::read(&directory.path().join("gone")).unwrap_err().contains("cannot be read"));
    }
}
