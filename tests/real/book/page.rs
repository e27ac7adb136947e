//! A page and the blocks in it.

use std::fs;
use std::path::Path;

/// A page of the book.
pub(super) struct Page {
    /// From the workspace's root, such as `docs/start.md`.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) needs: Vec<String>,
    pub(super) blocks: Vec<Block>,
}

/// A fenced block, and what the comments before it say.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// `PAGE:LINE` of the fence.
    pub(super) place: String,
    pub(super) language: String,
    pub(super) text: String,
    pub(super) file: Option<String>,
    pub(super) serves: Vec<String>,
    pub(super) fails: bool,
    pub(super) soon: bool,
}

impl Block {
    pub(super) fn is_shell(&self) -> bool {
        ["sh", "bash", "console"].contains(&self.language.as_str())
    }

    pub(super) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

impl Page {
    pub(super) fn parse(path: &str, text: &str) -> Self {
        let (mut needs, mut blocks) = (Vec::new(), Vec::new());
        let mut marks = Block::default();
        let mut open: Option<(Block, usize)> = None;
        for (number, line) in text.lines().enumerate() {
            let place = format!("{path}:{}", number + 1);
            let trimmed = line.trim();
            if let Some((mut block, indent)) = open.take() {
                if trimmed == "```" {
                    blocks.push(block);
                } else {
                    block.text += line.get(indent..).unwrap_or_default();
                    block.text.push('\n');
                    open = Some((block, indent));
                }
            } else if let Some(language) = trimmed.strip_prefix("```") {
                let block = Block { place, language: language.to_owned(), ..std::mem::take(&mut marks) };
                open = Some((block, line.len() - line.trim_start().len()));
            } else if let Some(mark) = mark(trimmed) {
                let (word, rest) = mark.split_once(':').unwrap_or((mark, ""));
                let words = || rest.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                match word {
                    "needs" => needs.extend(words()),
                    "file" => marks.file = words().pop(),
                    "serves" => marks.serves = words(),
                    "fails" => marks.fails = true,
                    "soon" => marks.soon = true,
                    _ if word.contains(' ') => {} // for people, or for another test
                    _ => panic!("{place}: the runner does not know `{word}`"),
                }
            } else {
                let is_marked = marks.file.is_some() || !marks.serves.is_empty() || marks.fails || marks.soon;
                assert!(trimmed.is_empty() || !is_marked, "{place}: a comment above is for no block");
            }
        }
        assert!(open.is_none(), "{path}: a block is not closed");
        Self { path: path.to_owned(), text: text.to_owned(), needs, blocks }
    }

    pub(super) fn shell_blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| block.is_shell())
    }
}

fn mark(line: &str) -> Option<&str> {
    Some(line.strip_prefix("<!-- ")?.strip_suffix(" -->")?.trim())
}

/// The lines outside of blocks, with their numbers.
pub(super) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_block = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim().starts_with("```");
        is_block ^= fence;
        !fence && !is_block
    })
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn page(path: &str) -> Page {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Page::parse(path, &text)
}

/// Every page, in the order of their names.
pub(super) fn pages() -> Vec<Page> {
    let mut paths = vec!["README.md".to_owned()];
    for directory in ["docs", "config", "benches", "examples"] {
        paths.extend(pages_in(directory));
    }
    for directory in ["examples", "backends", "examples/articles", "examples/forward-auth"] {
        for below in names_in(directory).iter().filter(|name| root().join(directory).join(name).is_dir()) {
            paths.extend(pages_in(&format!("{directory}/{below}")));
        }
    }
    paths.iter().map(|path| page(path)).collect()
}

fn pages_in(directory: &str) -> Vec<String> {
    let is_page = |name: &String| Path::new(name).extension().is_some_and(|extension| extension == "md");
    let names = names_in(directory).into_iter().filter(is_page);
    names.map(|name| format!("{directory}/{name}")).collect()
}

fn names_in(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn blocks_are_found_with_what_is_said_of_them() {
    let page = Page::parse(
        "p.md",
        "<!-- needs: docker openssl -->\ntext\n\n<!-- file: a.yml -->\n\n```yaml\na:\n  b\n```\n1. x\n   ```sh\n   y\n   ```\n",
    );
    assert_eq!(page.needs, ["docker", "openssl"]);
    let [first, second] = page.blocks.as_slice() else { panic!("{:?}", page.blocks) };
    assert_eq!((first.file.as_deref(), first.text.as_str()), (Some("a.yml"), "a:\n  b\n"));
    assert_eq!((second.file.as_deref(), second.text.as_str()), (None, "y\n"));
    assert_eq!(second.place, "p.md:11");
}
