//! What surrounds every page.

use askama::Template;

/// What the configuration says of how pages look.
#[derive(Debug)]
pub(in crate::login) struct Look {
    pub(in crate::login) title: String,
    /// The path before every route.
    pub(in crate::login) base: String,
    pub(in crate::login) has_logo: bool,
    /// Of style sheet, script and logo.
    pub(in crate::login) version: String,
}

/// A whole document.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{{ heading }} · {{ look.title }}</title>
<link rel="stylesheet" href="{{ look.base }}/assets/style.css?v={{ look.version }}">
{%- if look.has_logo %}
<link rel="icon" href="{{ look.base }}/assets/logo?v={{ look.version }}">
{%- endif %}
<script src="{{ look.base }}/assets/copy.js?v={{ look.version }}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<a class="brand" href="{{ look.base }}/">
{%- if look.has_logo %}<img src="{{ look.base }}/assets/logo?v={{ look.version }}" alt="" width="32" height="32">{% endif -%}
<span>{{ look.title }}</span></a>
</header>
<main id="main" tabindex="-1">
<h1>{{ heading }}</h1>
{{ content|safe }}
</main>
<p id="said" class="quiet" role="status" aria-live="polite"></p>
</body>
</html>
"##
)]
pub(in crate::login) struct Layout<'a, C: Template> {
    pub(in crate::login) look: &'a Look,
    pub(in crate::login) heading: &'a str,
    pub(in crate::login) content: &'a C,
}
