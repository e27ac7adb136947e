//! Commands with a copy button each.

use askama::Template;

use crate::login::commands::Commands;

/// The commands of each registry; the first registry's are open.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{%- for of in registries %}
<details class="commands"{% if loop.first %} open{% endif %}>
<summary>{{ of.registry }}</summary>
{%- if of.is_placeholder %}
<p class="quiet">Write your registry's name in place of <code>{{ of.registry }}</code>.</p>
{%- endif %}
{%- let number = loop.index %}
<dl>
{%- for (client, line) in of.lines %}
<div><dt>{{ client }}</dt>
<dd><code id="command-{{ number }}-{{ loop.index }}">{{ line }}</code>
<button type="button" class="copy" data-copy="command-{{ number }}-{{ loop.index }}" hidden>Copy<span class="unseen"> the command for {{ client }}</span></button></dd></div>
{%- endfor %}
</dl>
</details>
{%- endfor %}"##
)]
pub(in crate::login) struct CommandsPart {
    pub(in crate::login) registries: Vec<Commands>,
}
