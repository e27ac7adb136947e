//! Commands of ours that stand within a sentence or a table: they and their options are those of the binary.

use std::collections::BTreeMap;

use super::page::{pages, prose};
use crate::dockgate;

/// The subcommands at the beginning of the words.
fn subcommands<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let is_command = |word: &&&str| {
        word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !word.starts_with('-')
    };
    let has_commands = |word: &&str| ["keys", "bans", "tokens", "store"].contains(word);
    let taken = if words.first().is_some_and(has_commands) { 2 } else { 1 };
    words.iter().take(taken).take_while(is_command).copied().collect()
}

#[test]
fn commands_and_options_within_the_text_exist() {
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = 0;
    for page in pages() {
        // A command may be broken between two lines.
        let text = prose(&page.text).map(|(_, line)| line).collect::<Vec<_>>().join(" ");
        for code in text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("dockgate ")) {
            let words: Vec<&str> = code.split_whitespace().collect();
            let commands = subcommands(&words);
            let help = helps.entry(commands.join(" ")).or_insert_with(|| {
                let dir = tempfile::tempdir().unwrap();
                let asked = dockgate::run(dir.path(), &[commands.as_slice(), &["--help"]].concat());
                // A word that is no command is the name of a configuration.
                let usage = format!("Usage: {}", [&["dockgate"], commands.as_slice()].concat().join(" "));
                assert!(asked.stdout.contains(&usage), "{}: `dockgate {code}`: {asked}", page.path);
                asked.stdout
            });
            for option in words.iter().filter(|word| word.starts_with("--") && !commands.is_empty()) {
                let option = option.split(['=', ',']).next().unwrap();
                assert!(help.contains(option), "{}: `dockgate {code}`: there is no {option}", page.path);
            }
            seen += 1;
        }
    }
    assert!(seen >= 40, "only {seen} commands");
    assert!(helps.len() >= 10, "{:?}", helps.keys());
}

#[test]
fn commands_are_told_from_what_they_are_given() {
    assert_eq!(subcommands(&["keys", "export", "--bundle", "CONFIG"]), ["keys", "export"]);
    assert_eq!(subcommands(&["tokens", "create", "CONFIG", "--account", "A"]), ["tokens", "create"]);
    assert_eq!(subcommands(&["check", "CONFIG"]), ["check"]);
    assert!(subcommands(&["CONFIG"]).is_empty());
}
