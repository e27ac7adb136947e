//! What did not work.

use askama::Template;

/// What happened, what to do, and how the log calls the request.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<div class="card" role="alert">
<p>{{ what }}</p>
<p>{{ todo }}</p>
</div>
<p><a class="button" href="{{ base }}/">To the first page</a></p>
<p class="quiet">Number of this request: <code>{{ request_id }}</code></p>"##
)]
pub(in crate::login) struct TroublePage<'a> {
    pub(in crate::login) base: &'a str,
    pub(in crate::login) what: &'a str,
    pub(in crate::login) todo: &'a str,
    pub(in crate::login) request_id: &'a str,
}
