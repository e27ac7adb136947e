//! `docs/commands.md` is what the binary says of itself.

use crate::process::{dockgate, run};

const PAGE: &str = include_str!("../../../docs/commands.md");

/// Where the page goes on by itself.
const FROM_HERE: &str = "<!-- From here on: what the binary says. -->\n";

fn help(command: &[&str]) -> String {
    // As wide as where there is no terminal.
    let ended = run(dockgate().args(command).arg("--help").env("COLUMNS", "100"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{command:?}");
    ended.stdout.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The names below `Commands:`, but for the help itself.
fn below(help: &str) -> Vec<&str> {
    let lines =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A description that goes on in a second line stands further in.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

fn write(page: &mut String, command: &[&str]) -> usize {
    let help = help(command);
    let name = [&["dockgate"], command].concat().join(" ");
    page.push_str(&format!(
        "\n{} `{name}`\n```text\n{}\n```\n",
        "#".repeat(2 + command.len().min(2)),
        help.trim_end()
    ));
    let below = below(&help);
    below.iter().map(|name| write(page, &[command, &[*name]].concat())).sum::<usize>() + 1
}

#[test]
fn the_page_of_commands_is_what_the_binary_says() {
    let (head, _) = PAGE.split_once(FROM_HERE).unwrap();
    let mut page = format!("{head}{FROM_HERE}");
    let commands = write(&mut page, &[]);
    assert!(commands >= 15, "{commands} commands were found");
    if page != PAGE {
        let written = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands.md");
        std::fs::write(&written, page).unwrap();
        panic!(
            "the binary says something else: look at {} and copy it to docs/commands.md",
            written.display()
        );
    }
}
