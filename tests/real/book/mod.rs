//! The book does what it says: its commands are run, its configurations load, its links lead somewhere.
//!
//! Pages are README.md, docs/*.md, and the READMEs of `config`, `examples`, `benches` and the backends; those of proxies and
//! articles are followed by tests of their own, beside a registry. Every fenced block has a language. What stands in `sh`, `bash` and `console` is run, a page at a time, in one shell in one fresh
//! directory, where `dockgate` is the binary under test and the network is a loopback of the page's own, so that the
//! printed ports are free; or [`listed`] says which test runs it instead. In `console`, a line `$ …` is a command, and
//! what stands below is what it prints. What stands in `yaml` is loaded ([`frames`]), what stands in `json` is read.
//!
//! `…` stands for what is different each time: in a line for any text, alone in a line for any lines, in a
//! configuration for a password's hash.
//!
//! A page tells the runner what a reader needs no telling, in comments that nobody sees:
//!
//! | comment | where | says |
//! |---|---|---|
//! | `<!-- needs: WORDS -->` | anywhere | programs of `components.rs`; `docker`, an engine that has the image `registry:3`; `auth.yml`, `keys`, what start.md leaves behind |
//! | `<!-- file: NAME -->` | before a block | the reader puts it into this file, and so does the runner |
//! | `<!-- serves: PLACES -->` | before a block | the block starts servers on these ports or socket files; the runner waits for them |
//! | `<!-- fails -->` | before a block | its last command is refused |
//! | `<!-- soon -->` | before a block | what it shows is so after a moment: the runner asks again, for a while |

mod benches;
mod blocks;
mod engine;
mod frames;
mod inline;
mod links;
mod listed;
mod output;
mod page;
mod runs;
mod terminal;
