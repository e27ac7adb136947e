//! What the command says.

use std::path::Path;

/// Where to go, and what to type there.
pub(super) struct Typed<'a> {
    pub(super) url: &'a str,
    pub(super) code: &'a str,
    pub(super) minutes: u64,
}

pub(super) fn typed(typed: &Typed<'_>) -> String {
    let Typed { url, code, minutes } = typed;
    format!(
        "Open this page in a browser, on this or any other machine:\n\n    {url}\n\nand type this code, which is good for \
         {minutes} minutes:\n\n    {code}\n\nWaiting until somebody confirms it …"
    )
}

pub(super) fn done(account: &str, registries: &[String], docker: Option<&Path>) -> String {
    let mut text = format!("\nLogged in to {} as {account}.\n", registries.join(", "));
    if let Some(config) = docker {
        text.push_str(&format!(
            "docker, nerdctl, crane, oras and helm use it by {} from now on, and it renews itself.\n",
            config.display()
        ));
    }
    let helpers: Vec<String> = registries
        .iter()
        .map(|registry| format!("{}: \"dockgate\"", serde_json::Value::from(registry.as_str())))
        .collect();
    let helpers = helpers.join(", ");
    let elsewhere = match docker {
        Some(_) => {
            "podman, skopeo and buildah find it there too, unless they have a file of their own; then write there:"
        }
        None => {
            "Clients use it once this stands in docker's config.json, or in auth.json of podman, skopeo and buildah:"
        }
    };
    text.push_str(&format!("{elsewhere}\n\n    {{\"credHelpers\": {{{helpers}}}}}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_written_is_json() {
        let text = done("alice", &["a.example".to_owned(), "localhost:5000".to_owned()], None);
        let line = text.lines().find(|line| line.contains("credHelpers")).unwrap();
        let read: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(read["credHelpers"]["localhost:5000"], "dockgate");
        assert!(
            typed(&Typed { url: "https://a.example/device", code: "BCDF-GHJK", minutes: 10 })
                .contains("    BCDF-GHJK\n")
        );
    }
}
