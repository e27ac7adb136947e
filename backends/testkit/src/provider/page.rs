//! The page where somebody says who they are: a button for each.

use super::{Asked, Reply};

/// The field that the buttons send.
pub(super) const WHO: &str = "login";
/// What the button sends that refuses.
pub(super) const NOBODY: &str = "-nobody-";

/// Buttons that send the same request again, as a POST with a choice.
pub(super) fn choice(provider: &str, asked: &Asked, people: &[String]) -> Reply {
    let action = escaped(&asked.target_with("shown", "1"));
    let button = |who: &String| {
        let who = escaped(who);
        format!("<p><button name=\"{WHO}\" value=\"{who}\">Continue as {who}</button></p>\n")
    };
    let buttons: String = people.iter().map(button).collect();
    Reply::html(
        200,
        &format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign in to {provider}</title></head>\n\
             <body><h1>Sign in to {provider}</h1>\n<form method=\"post\" action=\"{action}\">\n{buttons}\
             <p><button name=\"{WHO}\" value=\"{NOBODY}\">Cancel</button></p>\n</form></body></html>\n"
        ),
    )
}

/// A page that says what is wrong.
pub(super) fn complaint(status: u16, text: &str) -> Reply {
    Reply::html(
        status,
        &format!("<!doctype html>\n<html lang=\"en\"><title>Error</title><p>{}</p></html>\n", escaped(text)),
    )
}

/// The callback with these parameters, and the state that came.
pub(super) fn callback(asked: &Asked, parameters: &[(&str, &str)]) -> Reply {
    let uri = asked.param("redirect_uri").unwrap_or_default();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    if let Some(state) = asked.param("state") {
        query.append_pair("state", state);
    }
    let separator = if uri.contains('?') { '&' } else { '?' };
    Reply::redirect(&format!("{uri}{separator}{}", query.finish()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
