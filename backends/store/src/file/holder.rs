//! Who has a file open.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The processes that have a file open, as far as the system shows them to us: `dockgate (4711)`.
pub(super) fn holders(file: &Path) -> Option<String> {
    let file = fs::metadata(file).ok()?;
    let own = std::process::id();
    let mut holders = Vec::new();
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(open) = fs::read_dir(process.path().join("fd")) else { continue };
        let holds = open
            .flatten()
            .filter_map(|entry| fs::metadata(entry.path()).ok())
            .any(|open| open.ino() == file.ino() && open.dev() == file.dev());
        if holds {
            let program = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            let this = if number == own { ", this process" } else { "" };
            holders.push(format!("{} ({number}{this})", program.trim_end()));
        }
    }
    (!holders.is_empty()).then(|| holders.join(", "))
}
