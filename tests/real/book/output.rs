//! What a command prints, against what the page says that it prints.

/// Whether `printed` is `shown`, where `…` stands for any text in a line, and alone in a line for any lines.
pub(super) fn is_as_shown(shown: &str, printed: &str) -> bool {
    let lines =
        |text: &str| text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    fits(
        &lines(shown),
        &lines(printed),
        |line| line.trim() == "…",
        |shown, printed| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            fits(&letters(shown), &letters(printed), |letter| *letter == '…', char::eq)
        },
    )
}

/// A glob: `is_any` stands for any run of items.
fn fits<T>(pattern: &[T], items: &[T], is_any: impl Fn(&T) -> bool, same: impl Fn(&T, &T) -> bool) -> bool {
    // Which beginnings of the pattern fit the items so far.
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    let skip = |reached: &mut Vec<bool>| {
        for at in 0..pattern.len() {
            reached[at + 1] |= reached[at] && is_any(&pattern[at]);
        }
    };
    skip(&mut reached);
    for item in items {
        let mut next = vec![false; pattern.len() + 1];
        for at in (0..pattern.len()).filter(|at| reached[*at]) {
            if is_any(&pattern[at]) {
                next[at] = true;
            } else if same(&pattern[at], item) {
                next[at + 1] = true;
            }
        }
        skip(&mut next);
        reached = next;
    }
    reached[pattern.len()]
}

/// A command of a block, and what the page shows below it.
#[derive(Debug, PartialEq)]
pub(super) struct Step {
    pub(super) command: String,
    pub(super) shown: Option<String>,
}

/// The commands of a `console` block.
pub(super) fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        let unfinished = steps.last_mut().filter(|step| step.command.ends_with('\\'));
        if let Some(step) = unfinished {
            step.command += &format!("\n{line}");
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), shown: None });
        } else {
            let step = steps.last_mut().unwrap_or_else(|| panic!("{line:?} is printed by no command"));
            let shown = step.shown.get_or_insert_default();
            *shown += &format!("{line}\n");
        }
    }
    steps
}

#[test]
fn dots_stand_for_what_differs() {
    assert!(is_as_shown("a … c\n", "a b b c\n"));
    assert!(is_as_shown("a\n…\nd", "a\nb\nc\nd\n"));
    assert!(is_as_shown("…\nd", "d"));
    assert!(!is_as_shown("a … c", "a b d"));
    assert!(!is_as_shown("a", "a\nb"));
    assert!(!is_as_shown("a\nb", "a"));
    assert!(!is_as_shown("a …", "a b\nc"));
}

#[test]
fn commands_and_what_they_print_are_told_apart() {
    let step = |command: &str, shown: Option<&str>| Step {
        command: command.to_owned(),
        shown: shown.map(str::to_owned),
    };
    assert_eq!(
        steps("$ a \\\n  b\n$ c\nprinted\n\nmore\n"),
        [step("a \\\n  b", None), step("c", Some("printed\n\nmore\n"))]
    );
}
