//! Tables of the book that a test measures, and that therefore cannot go stale.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Several tables may stand in one file, and tests run side by side.
static FILES: Mutex<()> = Mutex::new(());

/// Compares `markdown` with what stands in `file`, a path from the workspace's root, between
/// `<!-- made by tests/real: begin NAME -->` and `<!-- made by tests/real: end NAME -->`; with `UPDATE_TABLES=1`
/// writes it there instead.
#[track_caller]
pub(crate) fn check(file: &str, name: &str, markdown: &str) {
    check_part(file, name, |_| markdown.to_owned());
}

/// The same for a test that measures some rows of a table: `measured` makes of the written table the right one.
#[track_caller]
pub(crate) fn check_part(file: &str, name: &str, measured: impl FnOnce(&str) -> String) {
    let lock = FILES.lock();
    let page = page(file);
    let [before, written, after] =
        section(&page, name).unwrap_or_else(|missing| panic!("{file} lacks {missing}"));
    let (written, measured) = (written.trim(), measured(written.trim()));
    let measured = measured.trim();
    let update = env::var("UPDATE_TABLES").as_deref() == Ok("1");
    if written != measured && update {
        fs::write(path(file), format!("{before}\n{measured}\n{after}")).unwrap();
    }
    drop(lock); // before a panic, which would poison it for the other tables
    assert!(
        written == measured || update,
        "the table {name:?} of {file} is not what was measured:\n{}\nUPDATE_TABLES=1 writes the measured one; \
         look at the difference before you commit it",
        difference(written, measured),
    );
}

/// The table as it stands in the file.
pub(crate) fn written(file: &str, name: &str) -> String {
    let page = page(file);
    let [_, written, _] = section(&page, name).unwrap_or_else(|missing| panic!("{file} lacks {missing}"));
    written.trim().to_owned()
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn page(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The page up to and with the marker that begins the table, the table, and the rest from the end's marker on.
fn section<'a>(page: &'a str, name: &str) -> Result<[&'a str; 3], String> {
    let marker = |edge: &str| format!("<!-- made by tests/real: {edge} {name} -->");
    let place = |edge: &str| page.find(&marker(edge)).ok_or_else(|| marker(edge));
    let begin = place("begin")? + marker("begin").len();
    let end = place("end")?;
    if end < begin {
        return Err(format!("{} above {}", marker("begin"), marker("end")));
    }
    let (before, rest) = page.split_at(begin);
    let (written, after) = rest.split_at(end - begin);
    Ok([before, written, after])
}

/// The lines that only one side has.
fn difference(written: &str, measured: &str) -> String {
    let only = |mark: char, of: &str, other: &str| -> String {
        let others: Vec<&str> = other.trim().lines().collect();
        let lines = of.trim().lines().filter(|line| !others.contains(line));
        lines.map(|line| format!("{mark} {line}\n")).collect()
    };
    let lines = only('-', written, measured) + &only('+', measured, written);
    if lines.is_empty() { String::from("the same lines in another order") } else { lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "a\n<!-- made by tests/real: begin t -->\n| x |\n<!-- made by tests/real: end t -->\nb\n";

    #[test]
    fn a_section_is_what_stands_between_its_markers() {
        let [before, written, after] = section(PAGE, "t").unwrap();
        assert_eq!(written, "\n| x |\n");
        assert_eq!([before, written, after].concat(), PAGE);
    }

    #[test]
    fn a_missing_marker_is_named() {
        assert_eq!(section(PAGE, "u").unwrap_err(), "<!-- made by tests/real: begin u -->");
    }

    #[test]
    fn a_difference_names_the_lines_of_each_side() {
        assert_eq!(difference("a\nb", "a\nc"), "- b\n+ c\n");
    }
}
