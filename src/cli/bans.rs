//! `dockgate bans`, on a running server.

use std::process::ExitCode;

use axum::body::Bytes;
use axum::http::{Method, StatusCode};

use super::admin;
use super::arguments::{AdminOptions, BansCommand, LiftOptions, ListBansOptions};
use crate::outside::Outside;
use crate::state::{BanList, BanShown, LiftRequest, LiftedBans};

pub(super) fn run(command: &BansCommand, outside: &Outside) -> ExitCode {
    let done = match command {
        BansCommand::List(options) => list(options, outside),
        BansCommand::Lift(options) => lift(options, outside),
    };
    done.unwrap_or_else(|code| code)
}

fn list(options: &ListBansOptions, outside: &Outside) -> Result<ExitCode, ExitCode> {
    let body = asked(&options.server, outside, Method::GET, "/bans/list", Bytes::new())?;
    let list: BanList = serde_json::from_slice(&body).map_err(|_| admin::not_understood())?;
    if options.json {
        let text = serde_json::to_string_pretty(&list);
        super::say(&text.map_err(|error| super::failed(&format!("cannot write JSON: {error}")))?);
    } else if list.bans.is_empty() {
        super::complain("nobody is banned");
    } else {
        list.bans.iter().for_each(|ban| super::say(&line(ban)));
    }
    Ok(ExitCode::SUCCESS)
}

fn lift(options: &LiftOptions, outside: &Outside) -> Result<ExitCode, ExitCode> {
    let which = &options.which;
    let request =
        LiftRequest { account: which.account.clone(), address: which.address.clone(), all: which.all };
    let request = serde_json::to_vec(&request).map_err(|error| super::failed(&error.to_string()))?;
    let body = asked(&options.server, outside, Method::POST, "/bans/lift", request.into())?;
    let told: LiftedBans = serde_json::from_slice(&body).map_err(|_| admin::not_understood())?;
    if !told.everywhere {
        super::complain(
            "the store does not answer: what is in it comes back, and other servers go on refusing",
        );
    }
    if told.lifted.is_empty() && !which.all {
        return Err(super::failed(
            "nothing was lifted: there is no such ban; `dockgate bans list` shows those that there are",
        ));
    }
    told.lifted.iter().for_each(|ban| super::say(&format!("lifted: {}", line(ban))));
    if told.lifted.is_empty() {
        super::complain("nobody was banned");
    }
    Ok(if told.everywhere { ExitCode::SUCCESS } else { ExitCode::from(super::FAILED) })
}

/// `alice from 192.0.2.7, 5 failed logins, until 2026-11-21T12:05:00Z`.
fn line(ban: &BanShown) -> String {
    let who = ban.account.as_deref().unwrap_or("every account");
    let who: String = who.chars().flat_map(char::escape_debug).collect();
    format!("{who} from {}, {} failed logins, until {}", ban.address, ban.failures, ban.until)
}

/// The answer to one command; what went wrong has been said.
fn asked(
    options: &AdminOptions,
    outside: &Outside,
    method: Method,
    path: &'static str,
    body: Bytes,
) -> Result<Bytes, ExitCode> {
    let (status, body) = admin::ask(options, outside, method, path, body)?;
    if status == StatusCode::OK { Ok(body) } else { Err(admin::refused(status, &body)) }
}
