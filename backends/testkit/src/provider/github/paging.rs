//! Lists come in pages, with links to the others (RFC 8288).

use serde_json::Value;

use super::super::{Asked, Reply};

const USUAL: usize = 30;
const MOST: usize = 100;

/// The page that was asked for: `page` and `per_page`, 30 if not said and never more than 100.
pub(super) fn page(origin: &str, asked: &Asked, all: Vec<Value>) -> Reply {
    let number = |name: &str| asked.param(name).and_then(|text| text.parse::<usize>().ok());
    let per_page = number("per_page").unwrap_or(USUAL).clamp(1, MOST);
    let page = number("page").unwrap_or(1).max(1);
    let last = all.len().div_ceil(per_page).max(1);
    let shown: Vec<Value> = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    let link = |page: usize, rel: &str| {
        format!("<{origin}{}>; rel=\"{rel}\"", asked.target_with("page", &page.to_string()))
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(link(page - 1, "prev"));
    }
    if page < last {
        links.extend([link(page + 1, "next"), link(last, "last")]);
    }
    if page > 1 {
        links.push(link(1, "first"));
    }
    let reply = Reply::json(200, &Value::Array(shown));
    if links.is_empty() { reply } else { reply.with("link", &links.join(", ")) }
}
