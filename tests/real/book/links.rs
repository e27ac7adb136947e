//! Every link leads somewhere, and every page can be found.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::page::{Page, pages, prose, root};

/// `(place, path from the root, anchor)` of each relative link.
fn links(page: &Page) -> Vec<(String, String, Option<String>)> {
    let mut links = Vec::new();
    for (number, line) in prose(&page.text) {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').map_or((target, None), |(file, at)| (file, Some(at)));
            let path = if file.is_empty() { page.path.clone() } else { beside(&page.path, file) };
            links.push((format!("{}:{number}", page.path), path, anchor.map(str::to_owned)));
        }
    }
    links
}

fn beside(page: &str, file: &str) -> String {
    let mut path = PathBuf::from(page);
    path.pop();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
    }
    path.to_str().unwrap().to_owned()
}

/// As GitHub makes them of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter_map(|(_, line)| line.strip_prefix('#'));
    let kept = |letter: char| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ if letter.is_alphanumeric() => Some(letter),
        _ => None,
    };
    headings
        .map(|heading| heading.trim_start_matches('#').trim().to_lowercase())
        .map(|heading| heading.chars().filter_map(kept).collect())
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    let mut found = 0;
    for page in pages() {
        for (place, path, anchor) in links(&page) {
            found += 1;
            let file = root().join(&path);
            if !file.exists() {
                wrong.push(format!("{place}: there is no {path}"));
            } else if let Some(anchor) = anchor {
                let text = std::fs::read_to_string(&file).unwrap_or_default();
                if !anchors(&text).contains(&anchor) {
                    wrong.push(format!("{place}: {path} has no heading #{anchor}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found >= 60, "only {found} links");
}

#[test]
fn every_page_is_reached_from_the_table_of_contents() {
    let pages = pages();
    let mut reached = BTreeSet::from(["docs/README.md".to_owned()]);
    loop {
        let more: Vec<String> = pages
            .iter()
            .filter(|page| reached.contains(&page.path))
            .flat_map(links)
            .map(|(_, path, _)| if root().join(&path).is_dir() { format!("{path}/README.md") } else { path })
            .filter(|path| !reached.contains(path))
            .collect();
        if more.is_empty() {
            break;
        }
        reached.extend(more);
    }
    // It leads to the book, not the book to it.
    reached.insert("README.md".to_owned());
    let lost: Vec<&String> =
        pages.iter().map(|page| &page.path).filter(|path| !reached.contains(*path)).collect();
    assert!(lost.is_empty(), "nobody finds {lost:?}");
}

/// The book's own pages stand in its table of contents, not only somewhere behind it.
#[test]
fn the_table_of_contents_has_every_page() {
    let pages = pages();
    let contents = pages.iter().find(|page| page.path == "docs/README.md").unwrap();
    let linked: BTreeSet<String> = links(contents).into_iter().map(|(_, path, _)| path).collect();
    for page in pages.iter().filter(|page| page.path.starts_with("docs/") && page.path != contents.path) {
        assert!(linked.contains(&page.path), "{} is not in docs/README.md", page.path);
    }
}

#[test]
fn anchors_are_made_as_they_are_shown() {
    let anchors =
        anchors("## `users_file` (in `authn`)\n```sh\n# not this\n```\n### The authority offline\n");
    assert_eq!(
        anchors,
        BTreeSet::from(["users_file-in-authn".to_owned(), "the-authority-offline".to_owned()])
    );
}
