//! `dockgate tokens` and `dockgate revoke`, on a running server.

use std::path::Path;
use std::process::ExitCode;

use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use dockgate_api::config::Moment;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::admin;
use super::arguments::{
    AdminOptions, CreateTokenOptions, Ends, ListTokensOptions, RevokeOptions, TokensCommand,
};
use crate::credentials::Listed;
use crate::outside::Outside;
use crate::state::{CreatedToken, CredentialList, Revoked, TokenRequest, WhichCredentials};

pub(super) fn run(command: &TokensCommand, outside: &Outside) -> ExitCode {
    let done = match command {
        TokensCommand::Create(options) => create(options, outside),
        TokensCommand::List(options) => list(options, outside),
        TokensCommand::Revoke { config, id } => {
            let which = WhichCredentials { id: Some(id.clone()), ..WhichCredentials::default() };
            take_away(config, &which, outside)
        }
    };
    done.unwrap_or_else(|code| code)
}

/// `dockgate revoke CONFIG`.
pub(super) fn revoke(options: &RevokeOptions, outside: &Outside) -> ExitCode {
    let which = WhichCredentials {
        kind: options.kind.map(|kind| kind.name().to_owned()),
        id: None,
        account: options.account.clone(),
        link: options.link.clone(),
        before: options.all_before,
    };
    take_away(&options.config, &which, outside).unwrap_or_else(|code| code)
}

fn create(options: &CreateTokenOptions, outside: &Outside) -> Result<ExitCode, ExitCode> {
    let ends = match options.expires {
        Ends::In(span) => outside.clock.now().checked_add(span.0).map(Moment),
        Ends::At(moment) => Some(moment),
        Ends::Never => None,
    };
    let request = TokenRequest {
        account: options.account.clone(),
        link: options.link.clone(),
        scopes: options.scopes.clone(),
        service: options.service.clone(),
        ends,
        note: options.note.clone(),
    };
    let created: CreatedToken = command(&options.config, "/tokens/create", &request, outside)?;
    if options.json {
        return say_json(&created);
    }
    let listed = &created.listed;
    super::complain(&format!("token {} of {} ({})", listed.id, listed.account, listed.link));
    match &listed.scopes {
        Some(scopes) => super::complain(&format!("  never more than  {}", scopes.join(" "))),
        None => super::complain("  may do           all that the account may: `--scope` would restrict it"),
    }
    match listed.ends {
        Some(ends) => super::complain(&format!("  ends             {ends}")),
        None => super::complain("  ends             never: revoke it when it is not needed any more"),
    }
    super::complain("It is shown this once:");
    super::say(&created.token);
    Ok(ExitCode::SUCCESS)
}

fn list(options: &ListTokensOptions, outside: &Outside) -> Result<ExitCode, ExitCode> {
    let which = WhichCredentials {
        kind: options.kind.map(|kind| kind.name().to_owned()),
        account: options.account.clone(),
        link: options.link.clone(),
        ..WhichCredentials::default()
    };
    let mut list: CredentialList = command(&options.config, "/tokens/list", &which, outside)?;
    if options.json {
        return say_json(&list);
    }
    list.credentials.sort_by(|a, b| (&a.account, &a.kind, a.created).cmp(&(&b.account, &b.kind, b.created)));
    if list.credentials.is_empty() {
        super::complain("there are none");
    } else {
        super::say(table(&list.credentials).trim_end());
    }
    if list.more {
        super::complain("and more: narrow it with --account, --link or --kind");
    }
    Ok(ExitCode::SUCCESS)
}

fn table(credentials: &[Listed]) -> String {
    let heads = ["ID", "KIND", "ACCOUNT", "LINK", "LAST USED", "ENDS", "FOR"].map(str::to_owned);
    let never = || "never".to_owned();
    let rows = credentials.iter().map(|listed| {
        let mut what: Vec<String> =
            listed.service.iter().map(|service| format!("service {service}")).collect();
        what.extend(listed.scopes.iter().flatten().cloned());
        what.extend(listed.client_id.iter().cloned());
        what.extend(listed.note.iter().cloned());
        let plain = |text: &str| text.chars().flat_map(char::escape_debug).collect::<String>();
        [
            listed.id.clone(),
            listed.kind.clone(),
            plain(&listed.account),
            plain(&listed.link),
            listed.used.map_or_else(never, |used| match &listed.used_from {
                Some(from) => format!("{used} from {}", plain(from)),
                None => used.to_string(),
            }),
            listed.ends.map_or_else(never, |ends| ends.to_string()),
            plain(&what.join("; ")),
        ]
    });
    let rows: Vec<[String; 7]> = std::iter::once(heads).chain(rows).collect();
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(|row| line(row) + "\n").collect()
}

fn take_away(config: &Path, which: &WhichCredentials, outside: &Outside) -> Result<ExitCode, ExitCode> {
    let Revoked { revoked } = command(config, "/tokens/revoke", which, outside)?;
    if revoked == 0 {
        return Err(super::failed(
            "nothing was revoked: there is no such credential; `dockgate tokens list` shows those that there are",
        ));
    }
    super::say(&format!("revoked: {revoked}"));
    Ok(ExitCode::SUCCESS)
}

/// One command; what went wrong has been said.
fn command<T: DeserializeOwned>(
    config: &Path,
    path: &'static str,
    wish: &impl Serialize,
    outside: &Outside,
) -> Result<T, ExitCode> {
    let options = AdminOptions { config: config.to_path_buf(), socket: None };
    let wish = serde_json::to_vec(wish).map_err(|error| super::failed(&error.to_string()))?;
    let (status, body) = admin::ask(&options, outside, Method::POST, path, Bytes::from(wish))?;
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).map_err(|_| admin::not_understood());
    }
    Err(admin::refused(status, &body))
}

fn say_json(value: &impl Serialize) -> Result<ExitCode, ExitCode> {
    let text = serde_json::to_string_pretty(value);
    super::say(&text.map_err(|error| super::failed(&format!("cannot write JSON: {error}")))?);
    Ok(ExitCode::SUCCESS)
}
