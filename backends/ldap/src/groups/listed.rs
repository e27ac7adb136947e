//! Names in a message, as many as anybody reads.

/// Names of a message, and characters of a name.
const MOST_NAMES: usize = 20;
const LONGEST: usize = 200;

/// The names, and how many more there are; `none` if there are none.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let mut list: Vec<String> = names.by_ref().take(MOST_NAMES).map(shortened).collect();
    match (list.len(), names.count()) {
        (0, _) => return "none".to_owned(),
        (_, 0) => {}
        (_, more) => list.push(format!("and {more} more")),
    }
    list.join("; ")
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_there_are_the_text_is_short() {
        assert_eq!(listed([]), "none");
        assert_eq!(listed(["a", "b"]), "a; b");
        let many = vec!["ä".repeat(1_000); 10_000];
        let text = listed(many.iter().map(String::as_str));
        assert!(text.ends_with("…; and 9980 more") && text.chars().count() < 5_000, "{text}");
        assert_eq!(listed(["ä".repeat(200).as_str()]), "ä".repeat(200));
    }
}
