//! What Redis says instead of an answer, in words and with the cure.

use dockgate_api::BackendError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What to do with a question that failed.
pub(super) enum Verdict {
    /// Another member of the cluster has the key: its address.
    Moved(String),
    /// Another member has it for this once.
    Ask(String),
    /// It is about to be answered.
    Again,
    /// It has forgotten the script.
    UnknownScript,
    /// The connection is gone, and with it the answer.
    Broken,
    /// It will not be answered.
    Final,
}

/// What kind of failure this is.
pub(super) fn verdict(error: &RedisError) -> Verdict {
    let node = || error.redirect_node().map(|(address, _)| address.to_owned());
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved) => node().map_or(Verdict::Final, Verdict::Moved),
        ErrorKind::Server(ServerErrorKind::Ask) => node().map_or(Verdict::Final, Verdict::Ask),
        ErrorKind::Server(
            ServerErrorKind::TryAgain | ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown,
        ) => Verdict::Again,
        ErrorKind::Server(ServerErrorKind::NoScript) => Verdict::UnknownScript,
        ErrorKind::Io => Verdict::Broken,
        _ => Verdict::Final,
    }
}

/// The same for whoever asked.
pub(super) fn backend_error(address: &impl std::fmt::Display, error: &RedisError) -> BackendError {
    let text = format!("Redis at {address}: {}", text(error));
    match error.kind() {
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => BackendError::Protocol(text),
        _ => BackendError::Unavailable(text),
    }
}

/// What is wrong, and the cure.
pub(super) fn text(error: &RedisError) -> String {
    let detail = error.detail().unwrap_or_default();
    match error.code().unwrap_or_default() {
        "OOM" => "it is full (maxmemory) and takes nothing more: give it more memory".to_owned(),
        "MISCONF" => format!("it takes no writes because it cannot save them: {detail}"),
        "READONLY" => "it is a replica and takes no writes: write the address of its master".to_owned(),
        "MOVED" | "ASK" => "it is a member of a cluster: write `cluster: [HOST:PORT, …]`".to_owned(),
        "CLUSTERDOWN" => format!("its cluster is down: {detail}"),
        "LOADING" => "it is still reading its data".to_owned(),
        "NOAUTH" => "it wants a login: write `username` and `password_file`".to_owned(),
        "WRONGPASS" => "it refuses the login: is it the right `username` and password?".to_owned(),
        // Of a script the older say it so, the newer so.
        "ERR"
            if ["user executing the script", "ACL failure in script"]
                .iter()
                .any(|refusal| detail.contains(refusal)) =>
        {
            "its user may not run all commands of the scripts (see the ACL line of the manual)".to_owned()
        }
        "NOPERM" => format!("its user may not do that: {detail} (see the ACL line of the manual)"),
        "BUSY" => "it is busy with somebody's script".to_owned(),
        _ if error.kind() == ErrorKind::AuthenticationFailed => {
            format!("it refuses the login: is it the right `username` and password? {detail}")
        }
        // As the crate says it of `SELECT`.
        _ if error.to_string().contains("switch database") => {
            format!(
                "it does not open the `database`: is there one of that number, and `+select` in the ACL line? {detail}"
            )
        }
        _ => error.to_string(),
    }
}
