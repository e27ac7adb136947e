//! Pages, from their first command to their last.

use std::fs;
use std::time::Duration;

use super::blocks::listed;
use super::engine;
use super::output::{Step, is_as_shown, steps};
use super::page::{Block, Page, page};
use super::terminal::Terminal;
use crate::components::{
    self, CONTAINERD, CURL, Component, DOCKER, DOCKERD, HTPASSWD, IP, OPENSSL, REDIS, REGISTRY_3_1, RUNC,
};
use crate::harness::poll;

/// What `<!-- soon -->` waits for at the most.
const SOON: Duration = Duration::from_secs(60);

/// Makes a test of each page.
macro_rules! pages {
    ($($name:ident $page:literal),+ $(,)?) => {
        /// The pages that are run.
        pub(super) const RUN: &[&str] = &[$($page),+];

        $(#[test] fn $name() { run_page(&page($page)); })+
    };
}

pages! {
    config "config/README.md",
    explain "docs/explain.md",
    forward_auth "docs/forward-auth.md",
    invalid_token "docs/invalid-token.md",
    keys "docs/keys.md",
    lock_out "docs/lock-out.md",
    migration "docs/migration.md",
    programs "docs/programs.md",
    refresh_tokens "docs/refresh-tokens.md",
    registries "docs/registries.md",
    reload "docs/reload.md",
    start "docs/start.md",
    stores "docs/stores.md",
    users "docs/users.md",
}

fn components_of(word: &str) -> &'static [Component] {
    match word {
        "docker" => &[DOCKER, DOCKERD, CONTAINERD, RUNC, REGISTRY_3_1],
        "openssl" => &[OPENSSL],
        "htpasswd" => &[HTPASSWD],
        "curl" => &[CURL],
        "redis" => &[REDIS],
        "auth.yml" | "keys" => &[],
        _ => panic!("nobody knows what {word:?} needs"),
    }
}

fn run_page(page: &Page) {
    let needed: Vec<Component> = page.needs.iter().flat_map(|word| components_of(word)).copied().collect();
    if !components::installed(&[needed.as_slice(), &[IP]].concat()) {
        return;
    }
    let Some(mut terminal) = Terminal::start() else { return };
    for word in &page.needs {
        match word.as_str() {
            "docker" => engine::start(&mut terminal),
            "auth.yml" => start_over(&terminal),
            "keys" => assert_eq!(terminal.run("dockgate keys init keys").status, Some(0)),
            _ => {}
        }
    }
    for block in &page.blocks {
        if let Some(file) = &block.file {
            let file = terminal.page().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &block.text).unwrap();
        }
        if block.is_shell() && listed(page, block).is_none() {
            run_block(&mut terminal, block);
        }
    }
    if page.needs.iter().any(|word| word == "docker") {
        engine::end(&mut terminal);
    }
}

/// The files that a reader has who comes from the start.
fn start_over(terminal: &Terminal) {
    for block in page("docs/start.md").blocks {
        if let Some(file) = block.file {
            fs::write(terminal.page().join(file), block.text).unwrap();
        }
    }
    fs::write(terminal.page().join("alice.hash"), crate::accounts::ALICE.hash).unwrap();
    fs::write(terminal.page().join("alice.password"), crate::accounts::ALICE.password).unwrap();
}

fn run_block(terminal: &mut Terminal, block: &Block) {
    if block.language == "console" {
        let steps = steps(&block.text);
        let last = steps.len() - 1;
        for (at, step) in steps.iter().enumerate() {
            run_step(terminal, block, step, block.fails && at == last);
        }
    } else {
        // As a whole; the first command that fails ends it.
        let command =
            if block.fails { block.text.clone() } else { format!("set -e\n{}\nset +e", block.text) };
        run_step(terminal, block, &Step { command, shown: None }, block.fails);
    }
    for place in &block.serves {
        assert!(terminal.wait_for(place), "{}: nobody listens on {place}\n{}", block.place, rest(terminal));
    }
}

fn run_step(terminal: &mut Terminal, block: &Block, step: &Step, fails: bool) {
    let mut last = String::new();
    let patience = if block.soon { SOON } else { Duration::ZERO };
    let done = poll(patience, || {
        let printed = terminal.run(&step.command);
        let as_shown = step.shown.as_ref().is_none_or(|shown| is_as_shown(shown, &printed.text));
        let as_meant = printed.status.is_some_and(|status| (status != 0) == fails);
        println!("$ {}\n{}", step.command, printed.text);
        last = format!("status {:?}\n{}", printed.status, printed.text);
        (as_shown && as_meant).then_some(())
    });
    let Step { command, shown } = step;
    let meant = if fails { "must fail" } else { "must succeed" };
    let shown = shown.as_ref().map(|shown| format!(", and print\n{shown}")).unwrap_or_default();
    assert!(done.is_some(), "{}\n{command}\n{meant}{shown}\n--- it\n{last}\n{}", block.place, rest(terminal));
}

/// What else may tell what happened.
fn rest(terminal: &Terminal) -> String {
    let mut text = format!("--- the shell\n{}", terminal.log());
    for entry in fs::read_dir(terminal.page()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            text += &format!("--- {}\n{}", path.display(), fs::read_to_string(&path).unwrap_or_default());
        }
    }
    text
}
