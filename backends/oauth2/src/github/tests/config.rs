use dockgate_api::Dialect;
use serde_json::{Value, json};

use super::section;
use crate::github::GithubAuthConfig;
use crate::testing::remarks;

fn refused(more: Value) -> String {
    remarks::<GithubAuthConfig>(Dialect::Native, section(more)).0
}

#[test]
fn what_is_wrong_is_said_with_its_key_and_the_cure() {
    for (more, key, cure) in [
        (json!({}), "organization:", "`allow_everybody: true`"),
        (json!({"organization": ""}), "organization:", "`allow_everybody: true`"),
        (json!({"allow_everybody": false}), "organization:", "`allow_everybody: true`"),
        (json!({"organization": "acme", "allow_everybody": true}), "allow_everybody:", "take this away"),
        (json!({"organization": "acme", "organizations": ["labs"]}), "organization:", "write it there"),
        (json!({"organizations": ["acme", "ACME"]}), "organizations:", "twice"),
        (json!({"organization": "ac/me"}), "organization:", "address of its page"),
        (json!({"organization": ".."}), "organization:", "address of its page"),
        (json!({"organization": "acme", "teams": ["labs/web"]}), "teams:", "add the organization"),
        (json!({"organizations": ["acme", "labs"], "teams": ["web"]}), "teams:", "`ORGANIZATION/TEAM`"),
        (json!({"organization": "acme", "teams": ["acme/"]}), "teams:", "`ORGANIZATION/TEAM`"),
        (json!({"organization": "acme", "client_id": ""}), "client_id:", "the client's id"),
        (json!({"organization": "acme", "client_secret": null}), "client_secret:", "`client_secret_file`"),
        (json!({"organization": "acme", "github_web_uri": "github"}), "github_web_uri:", "`https://HOST`"),
        (
            json!({"organization": "acme", "github_web_uri": "http://git.example.com"}),
            "github_web_uri:",
            "write `https://`",
        ),
        (
            json!({"organization": "acme", "github_api_uri": "http://git.example.com"}),
            "github_api_uri:",
            "write `https://`",
        ),
        (
            json!({"organization": "acme", "github_api_uri": "ftp://git.example.com"}),
            "github_api_uri:",
            "begins with `https://`",
        ),
        (
            json!({"organization": "acme", "github_web_uri": "https://a:b@git.example.com"}),
            "github_web_uri:",
            "no user",
        ),
        (
            json!({"organization": "acme", "github_web_uri": "https://git.example.com/?a"}),
            "github_web_uri:",
            "follows `?`",
        ),
        (json!({"organization": "acme", "redirect_uri": "/github_auth"}), "redirect_uri:", "`https://HOST`"),
        (
            json!({"organization": "acme", "redirect_uri": "https://a.example.com/#b"}),
            "redirect_uri:",
            "never sent",
        ),
        (json!({"organization": "acme", "revalidate_after": "169h"}), "revalidate_after:", "at most 168h"),
    ] {
        let text = refused(more.clone());
        assert!(text.starts_with(key) && text.contains(cure), "{more}: {text}");
        assert_eq!(text.lines().count(), 1, "{more}: {text}");
    }
    let many: Vec<String> = (0..21).map(|number| format!("o{number}")).collect();
    assert!(refused(json!({"organizations": many})).contains("at most 20"));
}

#[test]
fn what_is_right_is_taken_without_a_word() {
    for more in [
        json!({"organization": "acme"}),
        json!({"organizations": ["acme", "la-bs_1"], "teams": ["ACME/web"]}),
        json!({"organization": "acme", "teams": ["web", "acme/docs"]}),
        json!({"allow_everybody": true}),
        json!({"organization": "acme", "http_timeout": "0", "revalidate_after": "0", "registry_url": ""}),
        json!({"organization": "acme", "github_web_uri": "http://127.0.0.1:3000", "redirect_uri": ""}),
        json!({"organization": "acme", "redirect_uri": "https://auth.example.com/github_auth"}),
    ] {
        let said = remarks::<GithubAuthConfig>(Dialect::Native, section(more.clone()));
        assert_eq!(said, (String::new(), Vec::new()), "{more}");
    }
}

#[test]
fn a_file_of_docker_auths_loads_and_is_told_what_it_does() {
    let flat = |more| remarks::<GithubAuthConfig>(Dialect::DockerAuth, section(more));
    let (refused, warnings) = flat(json!({"http_timeout": "10s", "revalidate_after": "1h"}));
    assert_eq!(refused, "");
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings
            .iter()
            .all(|text| text.starts_with("organization: ") && text.contains("everybody with an account"))
    );
    let (refused, warnings) =
        flat(json!({"organization": "acme", "github_web_uri": "http://git.example.com"}));
    assert_eq!(refused, "");
    assert_eq!(warnings.len(), 2, "its API is there too: {warnings:?}");
    assert_eq!(flat(json!({"organization": "acme"})), (String::new(), Vec::new()));
}
