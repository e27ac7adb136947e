//! No block is forgotten.

use std::fs;
use std::path::Path;

use super::listed::{LISTED, Listed};
use super::page::{Block, Page, pages, root};
use super::runs::RUN;

/// What stands in the others is not run, and says nothing that a program reads.
const LANGUAGES: [&str; 12] =
    ["sh", "bash", "console", "yaml", "json", "rust", "text", "nginx", "ini", "toml", "dockerfile", "sql"];

/// Pages that tests of their own follow, with services beside them: each block stands there by its first line.
const FOLLOWED: &[(&str, &str)] = &[("examples/articles/", "tests/real/articles")];

/// Starts containers of images in the network: the test starts the same programs without.
const CONTAINERS: &str = "docker ";

/// Whether a block is one that the tests of its page's own run, or do without containers.
fn is_followed(page: &Page, block: &Block) -> bool {
    let Some((_, tests)) = FOLLOWED.iter().find(|(below, _)| page.path.starts_with(below)) else {
        return false;
    };
    let first_line = format!("{:?}", block.first_line());
    block.first_line().starts_with(CONTAINERS) || names(&root().join(tests), &first_line)
}

/// Whether a text stands in a file at or below a place.
fn names(place: &Path, text: &str) -> bool {
    match fs::read_dir(place) {
        Ok(mut entries) => entries.any(|entry| names(&entry.unwrap().path(), text)),
        Err(_) => fs::read_to_string(place).is_ok_and(|source| source.contains(text)),
    }
}

/// Whether a page is one of a proxy: its test starts the programs that stand there, with the files beside it, at addresses of
/// its own.
fn is_started(page: &Page) -> bool {
    let proxy =
        page.path.strip_prefix("examples/forward-auth/").and_then(|path| path.strip_suffix("/README.md"));
    let test =
        |proxy: &str| root().join("tests/real/forward_auth").join(format!("{}.rs", proxy.replace('-', "_")));
    proxy.is_some_and(|proxy| test(proxy).is_file())
}

/// Why the runner leaves a block alone, if it does.
pub(super) fn listed(page: &Page, block: &Block) -> Option<&'static Listed> {
    LISTED.iter().find(|listed| listed.page == page.path && listed.first_line == block.first_line())
}

#[test]
fn every_shell_block_is_run_or_listed() {
    for page in pages() {
        let is_left =
            |block: &Block| listed(&page, block).is_some() || is_followed(&page, block) || is_started(&page);
        let runs = page.shell_blocks().any(|block| !is_left(block));
        let named = RUN.contains(&page.path.as_str());
        assert!(named || !runs, "{}: name it in RUN, or its blocks in LISTED", page.path);
        assert!(runs || !named, "{} is named in RUN, and has nothing to run", page.path);
    }
}

#[test]
fn every_block_says_what_it_is() {
    for block in pages().iter().flat_map(|page| &page.blocks) {
        let Block { place, language, .. } = block;
        assert!(LANGUAGES.contains(&language.as_str()), "{place}: {language:?} is none of {LANGUAGES:?}");
    }
}

#[test]
fn the_list_has_nothing_that_is_gone() {
    let pages = pages();
    for Listed { page, first_line, reason, covered_by } in LISTED {
        let of = pages.iter().find(|other| other.path == *page);
        let blocks = of.into_iter().flat_map(Page::shell_blocks);
        let found = blocks.filter(|block| block.first_line() == *first_line).count();
        assert_eq!(found, 1, "{page}: {first_line}");
        assert!(!reason.is_empty(), "{page}: {first_line}");
        let (file, function) = covered_by.split_once("::").unwrap();
        let source = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(source.contains(&format!("fn {function}(")), "{covered_by} is gone");
    }
}

#[test]
fn every_json_block_can_be_read() {
    for block in pages().iter().flat_map(|page| &page.blocks).filter(|block| block.language == "json") {
        let read = serde_json::from_str::<serde_json::Value>(&block.text);
        assert!(read.is_ok(), "{}: {read:?}", block.place);
    }
}
