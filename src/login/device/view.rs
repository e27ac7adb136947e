//! What whoever confirms sees. Everything that the program says of itself is shown as its own word.

use askama::Template;
use dockgate_api::Identity;
use dockgate_api::config::Moment;

use super::{Request, UserCode};
use crate::login::{Session, Visit};

/// The form for the code.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p>Signed in as <strong>{{ account }}</strong>. A program that you started on another machine, such as <code>dockgate login</code>, shows a code: type it here.</p>
<form method="post" action="{{ base }}/device" class="card">
<input type="hidden" name="csrf" value="{{ csrf }}">
<p><label for="code">Code</label>
<input id="code" name="code" type="text" required maxlength="20" placeholder="XXXX-XXXX" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="code-hint{% if error.is_some() %} code-error{% endif %}"{% if error.is_some() %} aria-invalid="true"{% endif %}>
<span id="code-hint" class="quiet">Eight letters. Capitals and the hyphen do not matter.</span>
{%- if let Some(error) = error %}
<span id="code-error" class="error" role="alert">{{ error }}</span>
{%- endif %}</p>
<p><button type="submit">Continue</button></p>
</form>
<p class="quiet">Did somebody else send you a code? Do not type it: it would let them in as you.</p>"##
)]
pub(super) struct TypePage<'a> {
    pub(super) base: &'a str,
    pub(super) csrf: &'a str,
    pub(super) account: &'a str,
    pub(super) error: Option<&'a str>,
}

/// What asks, and the question.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p>A program asks to be let in to the registry as <strong>{{ account }}</strong>, with the code <code>{{ code }}</code>.</p>
<dl class="card">
<div><dt>It calls itself</dt><dd>{{ name }} <span class="quiet">({{ client_id }}; nobody has checked that)</span></dd></div>
<div><dt>It asks from</dt><dd>{{ from }} <span class="quiet">{{ whose }}</span></dd></div>
<div><dt>It asked at</dt><dd><time datetime="{{ asked }}">{{ asked }}</time> <span class="quiet">{{ ago }}</span></dd></div>
<div><dt>It gets</dt><dd>{% if scopes.is_empty() %}all that you may do{% else %}<ul>{% for scope in scopes %}<li><code>{{ scope }}</code></li>{% endfor %}</ul>{% endif %}</dd></div>
</dl>
<p><strong>Confirm only if you started this login yourself, just now, and see the same code there.</strong> Nobody who wants to help you needs you to confirm; whoever sent you the code would be let in as you.</p>
<form method="post" action="{{ base }}/device/decision">
<input type="hidden" name="csrf" value="{{ csrf }}">
<input type="hidden" name="code" value="{{ code }}">
<p><button type="submit" name="decision" value="refuse" class="danger">No, refuse it</button>
<button type="submit" name="decision" value="confirm">Yes, I started it</button></p>
</form>"##
)]
pub(super) struct AskPage<'a> {
    base: &'a str,
    csrf: &'a str,
    account: &'a str,
    code: String,
    name: &'a str,
    client_id: &'a str,
    from: &'a str,
    whose: &'static str,
    asked: String,
    ago: String,
    scopes: Vec<String>,
}

impl<'a> AskPage<'a> {
    pub(super) fn new(
        visit: &'a Visit,
        session: &'a Session,
        identity: &'a Identity,
        code: &UserCode,
        request: &'a Request,
    ) -> Self {
        let here = visit.client.map(|client| client.to_string());
        let since = visit.cx.now().duration_since(request.asked).unwrap_or_default().as_secs();
        Self {
            base: visit.login.base(),
            csrf: session.csrf(),
            account: &identity.account,
            code: code.to_string(),
            name: request.name(),
            client_id: &request.client_id,
            from: request.from.as_deref().unwrap_or("this server itself"),
            whose: if here == request.from {
                "the same address as this browser's"
            } else {
                "another address than this browser's: is the machine somewhere else?"
            },
            asked: Moment(request.asked).to_string(),
            ago: if since < 60 {
                format!("{since} seconds ago")
            } else {
                format!("{} minutes ago", since / 60)
            },
            scopes: request.scopes.iter().map(crate::credentials::Limit::text).collect(),
        }
    }
}

/// What was said.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{%- if is_yes %}
<p class="card" role="status">{{ name }} is let in within seconds. You can close this page.</p>
<p>What it got is one of <a href="{{ base }}/">your app passwords</a>: there you see when it was last used, and can revoke it.</p>
{%- else %}
<p class="card" role="status">{{ name }} is not let in.</p>
<p>If you did not start it, somebody may have wanted to be let in as you: tell whoever runs this server.</p>
{%- endif %}"##
)]
pub(super) struct DonePage<'a> {
    pub(super) base: &'a str,
    pub(super) name: &'a str,
    pub(super) is_yes: bool,
}
