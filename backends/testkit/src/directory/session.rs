//! What becomes of each request, given who asks and in which mood the directory is.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{self, Answer, BIND, EXTENDED, SEARCH_DONE};
use super::bind::{self, Asked};
use super::message::{Control, Message, Operation, SearchRequest};
use super::moods::Mood;
use super::record::{Bind, Search};
use super::search::{self, Found, PAGED, PageRequest, Pages};
use super::state::{Protection, State, lock};

const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

/// One client, from its connection to its end.
pub(super) struct Session {
    state: Arc<State>,
    connection: u64,
    pub(super) tls: bool,
    /// Who is bound; empty for nobody.
    who: String,
    pages: Pages,
}

/// What to do next.
pub(super) enum Step {
    Nothing,
    /// The answer to this message is not wanted any more.
    Forget(u32),
    Send(u32, Vec<u8>),
    SendLater(Duration, u32, Vec<u8>),
    SendAndClose(Vec<u8>),
    Close,
    StartTls(Vec<u8>),
}

impl Session {
    pub(super) fn new(state: Arc<State>, connection: u64) -> Self {
        Self { state, connection, tls: false, who: String::new(), pages: Pages::default() }
    }

    pub(super) fn step(&mut self, message: Message) -> Step {
        let moods = lock(&self.state.moods).clone();
        let Message { id, operation, controls } = message;
        match operation {
            Operation::Unbind => Step::Close,
            Operation::Abandon(other) => {
                lock(&self.state.record).abandon(other);
                Step::Forget(other)
            }
            Operation::Bind { version, name, password } => {
                let mood = moods.of(&moods.binds);
                let answer = self.bind(version, &name, password.as_deref(), controls);
                in_mood(mood, id, BIND, |id| answer.message(id, BIND))
            }
            Operation::Search(request) => {
                let mood = moods.of(&moods.searches);
                let found = self.search(&request, controls);
                in_mood(mood, id, SEARCH_DONE, |id| sent(id, &found))
            }
            Operation::Extended(name) => self.extended(id, &name, moods.everything),
            // The answer's tag is the request's and one, but for those that have none.
            Operation::Other(tag) => {
                let answer = Answer::code(53).text("only binds and searches are known here");
                Step::Send(id, answer.message(id, tag + 1))
            }
        }
    }

    fn bind(&mut self, version: u32, name: &str, password: Option<&[u8]>, controls: Vec<Control>) -> Answer {
        let asked = Asked { version, name, password, tls: self.tls, controls: &controls };
        let (answer, who) = {
            // Always in this order, here and in a search.
            let settings = lock(&self.state.settings);
            bind::judge(&lock(&self.state.entries), &settings, &asked)
        };
        self.who = who;
        lock(&self.state.record).bind(Bind {
            connection: self.connection,
            name: name.to_owned(),
            with_password: password.is_some_and(|password| !password.is_empty()),
            tls: self.tls,
            controls,
            code: answer.code,
        });
        answer
    }

    fn search(&mut self, request: &SearchRequest, controls: Vec<Control>) -> Found {
        let page = PageRequest::read(&controls);
        lock(&self.state.record).search(Search {
            connection: self.connection,
            who: self.who.clone(),
            base: request.base.clone(),
            scope: request.scope,
            filter: request.filter.to_string(),
            attributes: request.attributes.clone(),
            size_limit: request.size_limit,
            page_size: page.as_ref().ok().and_then(Option::as_ref).map(|page| page.size),
            controls: controls.clone(),
            tls: self.tls,
        });
        let settings = lock(&self.state.settings);
        let known = |control: &Control| control.oid == PAGED && settings.paging;
        if controls.iter().any(|control| control.critical && !known(control)) {
            return Found { items: Vec::new(), done: Answer::code(12) };
        }
        let Ok(page) = page else {
            return Found {
                items: Vec::new(),
                done: Answer::code(2).text("paged results control is invalid"),
            };
        };
        let entries = lock(&self.state.entries);
        search::search(&entries, &settings, &self.who, request, page.as_ref(), &mut self.pages)
    }

    fn extended(&mut self, id: u32, name: &str, mood: Mood) -> Step {
        let answer = match name {
            WHO_AM_I => return in_mood(mood, id, EXTENDED, |id| answer::who_am_i(id, &self.who)),
            START_TLS if self.tls => Answer::code(1).text("TLS is there already"),
            START_TLS => match *lock(&self.state.protection) {
                Protection::StartTls(_) if mood == Mood::Well => {
                    return Step::StartTls(Answer::success().message(id, EXTENDED));
                }
                Protection::StartTls(_) => Answer::success(),
                Protection::None | Protection::Ldaps(_) => {
                    Answer::code(2).text("unsupported extended operation")
                }
            },
            _ => Answer::code(2).text("unsupported extended operation"),
        };
        in_mood(mood, id, EXTENDED, |id| answer.message(id, EXTENDED))
    }
}

fn sent(id: u32, found: &Found) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in &found.items {
        bytes.extend(answer::message(id, item.clone(), &[]));
    }
    bytes.extend(found.done.message(id, SEARCH_DONE));
    bytes
}

fn in_mood(mood: Mood, id: u32, tag: u64, answer: impl FnOnce(u32) -> Vec<u8>) -> Step {
    match mood {
        Mood::Well => Step::Send(id, answer(id)),
        Mood::Silent => Step::Nothing,
        Mood::Late(delay) => Step::SendLater(delay, id, answer(id)),
        Mood::Cut => {
            let mut bytes = answer(id);
            bytes.truncate(bytes.len() / 2);
            Step::SendAndClose(bytes)
        }
        Mood::HangUp => Step::Close,
        Mood::Notice => Step::SendAndClose(answer::disconnection()),
        Mood::Raw(bytes) => Step::Send(id, bytes),
        Mood::OtherMessage => Step::Send(id, answer(id.wrapping_add(1000))),
        Mood::Result(result) => Step::Send(id, result.message(id, tag)),
    }
}
