//! Where the next page of a list is.

use url::Url;

/// The target of the link `next` (RFC 8288), if the answer has one.
///
/// # Errors
/// If it leads elsewhere than `from` is: the token goes with it.
pub(crate) fn next_page(headers: &[(String, String)], from: &Url) -> Result<Option<Url>, String> {
    let values = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("link"));
    let Some(target) = values.flat_map(|(_, value)| links(value)).find(|link| link.is_next) else {
        return Ok(None);
    };
    let next = from.join(target.target).map_err(|_| "the next page has no URL".to_owned())?;
    let own = next.username().is_empty() && next.password().is_none();
    if next.origin() != from.origin() || !own {
        let elsewhere = next.host_str().unwrap_or_default();
        return Err(format!("the next page is said to be at another server, {elsewhere:?}"));
    }
    Ok(Some(next))
}

#[derive(Debug, PartialEq, Eq)]
struct Link<'a> {
    target: &'a str,
    is_next: bool,
}

/// The links of one header. What cannot be read ends the list.
fn links(value: &str) -> impl Iterator<Item = Link<'_>> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let (parameters, after) = split_unquoted(after, ',');
        rest = after;
        // Only the first `rel` counts (section 3.3).
        let rel = parameters_of(parameters).find(|(name, _)| name.eq_ignore_ascii_case("rel"));
        let is_next = rel.is_some_and(|(_, rel)| rel.split_ascii_whitespace().any(is_next_word));
        Some(Link { target, is_next })
    })
}

fn is_next_word(word: &str) -> bool {
    word.eq_ignore_ascii_case("next")
}

fn parameters_of(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (one, after) = split_unquoted(rest, ';');
        rest = after;
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        Some((name.trim(), value.trim().trim_matches('"')))
    })
}

/// What stands before a character that is in no quotes, and what after it.
fn split_unquoted(text: &str, at: char) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    for (place, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == at && !quoted => {
                let (before, rest) = text.split_at(place);
                return (before, rest.strip_prefix(at).unwrap_or_default());
            }
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FROM: &str = "https://api.example.com/v3";

    fn next(values: &[&str]) -> Result<Option<String>, String> {
        let headers: Vec<(String, String)> =
            values.iter().map(|value| ("Link".to_owned(), (*value).to_owned())).collect();
        let found = next_page(&headers, &Url::parse(FROM).unwrap());
        found.map(|url| url.map(Into::into))
    }

    fn found(values: &[&str]) -> Option<String> {
        next(values).unwrap()
    }

    #[test]
    fn the_next_page_is_found_however_it_is_written() {
        let wanted = Some("https://api.example.com/a?page=2".to_owned());
        for values in [
            &["<https://api.example.com/a?page=2>; rel=\"next\""][..],
            &["<https://api.example.com/a?page=2>;rel=next"],
            &["</a?page=2>; title=\"x, <y>; rel=\\\"z\"; REL=Next"],
            &["</a?page=1>; rel=\"prev\", </a?page=2>; rel=\"next\", </a?page=9>; rel=\"last\""],
            &["</a?page=1>; rel=prev", "</a?page=2>; rel=\"up next\""],
            &["<https://API.example.com:443/a?page=2>; rel=next"],
        ] {
            assert_eq!(found(values), wanted, "{values:?}");
        }
    }

    #[test]
    fn what_is_none_is_none() {
        for values in [
            &[][..],
            &[""],
            &["</a>; rel=last"],
            &["</a>; rel=\"nextish\""],
            &["</a>; title=\"; rel=next\""],
            &["</a>; rel=prev; rel=next"],
            &["</a; rel=next"],
            &["/a; rel=next"],
        ] {
            assert_eq!(found(values), None, "{values:?}");
        }
    }

    #[test]
    fn it_leads_nowhere_else() {
        for target in [
            "https://evil.example.com/a",
            "//evil.example.com/a",
            "http://api.example.com/a",
            "https://api.example.com:8443/a",
            "https://api.example.com.evil.example/a",
            "https://api.example.com@evil.example.com/a",
            "https://user:word@api.example.com/a",
            "\\\\evil.example.com/a",
            "data:text/plain,a",
        ] {
            assert!(next(&[&format!("<{target}>; rel=next")]).is_err(), "{target}");
        }
    }

    proptest! {
        #[test]
        fn a_link_that_is_followed_is_of_the_same_origin(text in "[<>;,=\" a-z:/@.?\\\\]{0,60}(rel=next)?") {
            if let Ok(Some(url)) = next(&[&text]) {
                prop_assert_eq!(Url::parse(&url).unwrap().origin(), Url::parse(FROM).unwrap().origin());
            }
        }

        #[test]
        fn what_is_written_is_read(
            targets in proptest::collection::vec("[a-z0-9?&=,;]{0,12}", 1..5),
            title in "[ -!#-\\[\\]-~]{0,12}",
            which in 0_usize..5,
        ) {
            let links: Vec<String> = targets.iter().enumerate().map(|(place, target)| {
                let rel = if place == which { "next" } else { "other" };
                format!("</{target}>; title=\"{title}\"; rel=\"{rel}\"")
            }).collect();
            let wanted = targets.get(which).map(|target| format!("https://api.example.com/{target}"));
            prop_assert_eq!(found(&[&links.join(", ")]), wanted);
        }
    }
}
