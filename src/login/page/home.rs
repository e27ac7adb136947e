//! Somebody who is signed in: the commands, the app passwords, the form for one more.

use askama::Template;

use super::{CommandsPart, Row};
use crate::login::app_passwords::Asked;

/// The first page of somebody who is signed in.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<div class="who">
<p>Signed in as <strong>{{ account }}</strong> with {{ provider }}.</p>
<form method="post" action="{{ base }}/sign-out"><input type="hidden" name="csrf" value="{{ csrf }}"><button type="submit" class="plain">Sign out</button></form>
</div>
{%- if let Some(notice) = notice %}
<p class="card" role="status">{{ notice }}</p>
{%- endif %}

<section aria-labelledby="commands">
<h2 id="commands">Log in from a terminal</h2>
<p>Type the command of your client, press Enter, paste an app password, press Enter and then Ctrl+D. The password of your {{ provider }} account does not work there.</p>
{{ commands|safe }}
</section>

<section aria-labelledby="list">
<h2 id="list">Your app passwords</h2>
{%- if rows.is_empty() %}
<p>You have none yet.</p>
{%- else %}
<p class="quiet">{{ rows.len() }} of at most {{ most }}.</p>
<div class="table" role="region" aria-label="The list of your app passwords" tabindex="0">
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Good for</th><th scope="col">Created</th><th scope="col">Last used</th><th scope="col">Expires</th><th scope="col"><span class="unseen">Revoke</span></th></tr></thead>
<tbody>
{%- for row in rows %}
<tr>
<th scope="row">{{ row.name }}</th>
<td>{% if row.scopes.is_empty() %}all that you may do{% else %}<ul>{% for scope in row.scopes %}<li><code>{{ scope }}</code></li>{% endfor %}</ul>{% endif %}</td>
<td><time datetime="{{ row.created.machine }}">{{ row.created.people }}</time></td>
<td>{% if let Some(used) = row.used %}<time datetime="{{ used.machine }}">{{ used.people }}</time>{% if let Some(from) = row.used_from %} from {{ from }}{% endif %}{% else %}never{% endif %}</td>
<td>{% if let Some(ends) = row.ends %}<time datetime="{{ ends.machine }}">{{ ends.people }}</time>{% else %}never{% endif %}</td>
<td><form method="post" action="{{ base }}/app-passwords/revoke"><input type="hidden" name="csrf" value="{{ csrf }}"><input type="hidden" name="id" value="{{ row.id }}"><button type="submit" class="danger">Revoke<span class="unseen"> {{ row.name }}</span></button></form></td>
</tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
</section>

<section aria-labelledby="new">
<h2 id="new">New app password</h2>
<form method="post" action="{{ base }}/app-passwords" class="card">
<input type="hidden" name="csrf" value="{{ csrf }}">
{%- if let Some(error) = asked.error %}
<p class="error" role="alert">{{ error }}</p>
{%- endif %}
<p><label for="name">Name</label>
<input id="name" name="name" type="text" required maxlength="100" autocomplete="off" value="{{ asked.name }}" aria-describedby="name-hint{% if asked.name_error.is_some() %} name-error{% endif %}"{% if asked.name_error.is_some() %} aria-invalid="true"{% endif %}>
<span id="name-hint" class="quiet">What it is for: “laptop”, “build server”.</span>
{%- if let Some(error) = asked.name_error %}
<span id="name-error" class="error" role="alert">{{ error }}</span>
{%- endif %}</p>
<p><label for="lifetime">Expires after</label>
<select id="lifetime" name="lifetime"{% if asked.lifetime_error.is_some() %} aria-invalid="true" aria-describedby="lifetime-error"{% endif %}>
{%- for (value, words, chosen) in asked.lifetimes %}
<option value="{{ value }}"{% if *chosen %} selected{% endif %}>{{ words }}</option>
{%- endfor %}
</select>
{%- if let Some(error) = asked.lifetime_error %}
<span id="lifetime-error" class="error" role="alert">{{ error }}</span>
{%- endif %}</p>
<p class="check"><input id="pull" name="pull" type="checkbox" value="1"{% if asked.pull_only %} checked{% endif %}>
<label for="pull">Only for pulling</label></p>
<p><label for="patterns">Only for these repositories</label>
<textarea id="patterns" name="patterns" rows="3" spellcheck="false" autocapitalize="off" aria-describedby="patterns-hint{% if asked.patterns_error.is_some() %} patterns-error{% endif %}"{% if asked.patterns_error.is_some() %} aria-invalid="true"{% endif %}>
{{ asked.patterns }}</textarea>
<span id="patterns-hint" class="quiet">One a line, such as <code>team/app</code>, <code>team/*</code> or <code>team/**</code>. Empty: all that you may use.</span>
{%- if let Some(error) = asked.patterns_error %}
<span id="patterns-error" class="error" role="alert">{{ error }}</span>
{%- endif %}</p>
<p><button type="submit">Create app password</button></p>
</form>
</section>"##
)]
pub(in crate::login) struct HomePage<'a> {
    pub(in crate::login) base: &'a str,
    pub(in crate::login) csrf: &'a str,
    pub(in crate::login) account: &'a str,
    /// What people call where they signed in.
    pub(in crate::login) provider: &'a str,
    /// What was done just now.
    pub(in crate::login) notice: Option<&'a str>,
    pub(in crate::login) commands: CommandsPart,
    pub(in crate::login) rows: Vec<Row>,
    pub(in crate::login) most: usize,
    pub(in crate::login) asked: &'a Asked,
}
