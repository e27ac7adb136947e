//! A new app password, shown once.

use askama::Template;

use super::{CommandsPart, Row};

/// The secret, and where it goes.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<div class="card" role="status">
<p>This is the password “{{ row.name }}”. It is shown this once: copy it now.</p>
<p class="secret"><code id="secret">{{ secret }}</code>
<button type="button" class="copy" data-copy="secret" hidden>Copy<span class="unseen"> the password</span></button></p>
<p class="quiet">{% if let Some(ends) = row.ends %}It works until <time datetime="{{ ends.machine }}">{{ ends.people }}</time>.{% endif %}
{%- if !row.scopes.is_empty() %} It is good for {% for scope in row.scopes %}{% if !loop.first %}, {% endif %}<code>{{ scope }}</code>{% endfor %} alone.{% endif %}</p>
</div>
<h2>Use it</h2>
<p>Type one of these commands, press Enter, paste the password, press Enter and then Ctrl+D.</p>
{{ commands|safe }}
<p><a class="button" href="{{ base }}/">I have copied it</a></p>"##
)]
pub(in crate::login) struct CreatedPage<'a> {
    pub(in crate::login) base: &'a str,
    pub(in crate::login) row: Row,
    pub(in crate::login) secret: &'a str,
    pub(in crate::login) commands: CommandsPart,
}
