use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

const TAIL_LINES: usize = 25;

/// The logs of the servers that a command talked to; displayed, their tails.
#[derive(Clone, Default)]
pub(crate) struct Logs(pub(crate) Vec<PathBuf>);

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for path in &self.0 {
            let log = read(path);
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.len().saturating_sub(TAIL_LINES);
            writeln!(f, "--- the end of {}\n{}", path.display(), lines.split_at(tail).1.join("\n"))?;
        }
        Ok(())
    }
}

pub(crate) fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
