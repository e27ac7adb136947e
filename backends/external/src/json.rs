//! One document in, one document out. Exit code and document must not contradict each other.

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Decision};
use dockgate_hooks::{AnswerError, Question, Reply};

use crate::hook::Hook;
use crate::process::Finished;

/// What goes in: one line.
pub(crate) fn input(question: &Question) -> SecretString {
    format!("{}\n", question.as_json()).into()
}

/// Reads what a program answered: with exit code 0 any document, with 2 one that says `no_match`.
pub(crate) fn read<T>(
    hook: &Hook,
    finished: &Finished,
    secret: Option<&SecretString>,
    read: impl FnOnce(&[u8]) -> Result<Reply<T>, AnswerError>,
) -> Result<Reply<T>, BackendError> {
    let code = finished.code;
    if !matches!(code, 0 | 2) {
        return Err(hook.senseless(format!("exit code {code}: with a document it is 0"), secret));
    }
    let reply = read(&finished.stdout).map_err(|error| hook.senseless(error, secret))?;
    if code == 2 && !matches!(reply.decision, Decision::NoMatch) {
        let message = "exit code 2 says `no_match`, the document says something else";
        return Err(hook.senseless(message, secret));
    }
    Ok(reply)
}
