//! Where somebody signs in.

use askama::Template;

use crate::login::Provider;

/// Links and no form: a form could lead nowhere but to us.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p>Sign in with an account that you already have. You then get a password for <code>docker login</code> and other clients.</p>
<ul class="providers">
{%- for provider in providers %}
<li><a class="button" href="{{ base }}{{ provider.route }}{{ query }}">Sign in with {{ provider.title }}</a></li>
{%- endfor %}
</ul>"##
)]
pub(in crate::login) struct ChoosePage<'a> {
    pub(in crate::login) base: &'a str,
    pub(in crate::login) providers: &'a [Provider],
    /// What the links carry along.
    pub(in crate::login) query: &'a str,
}
