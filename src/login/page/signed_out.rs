//! After signing out.

use askama::Template;

/// Signed out here; perhaps not yet at the provider.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p>You are signed out here. Your app passwords go on to work.</p>
{%- if let Some(there) = there %}
<p>You may still be signed in to {{ provider }}: on a computer that others use, sign out there too.</p>
<p><a class="button" href="{{ there }}" rel="noreferrer">Sign out of {{ provider }}</a></p>
{%- else if !provider.is_empty() %}
<p>You may still be signed in to {{ provider }}: on a computer that others use, sign out there too.</p>
{%- endif %}
<p><a href="{{ base }}/">Sign in again</a></p>"##
)]
pub(in crate::login) struct SignedOutPage<'a> {
    pub(in crate::login) base: &'a str,
    pub(in crate::login) provider: &'a str,
    /// The provider's page that ends the session there.
    pub(in crate::login) there: Option<&'a str>,
}
