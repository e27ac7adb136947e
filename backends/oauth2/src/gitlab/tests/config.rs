use dockgate_api::{AuthorizeRequest, Dialect};
use dockgate_testkit::fakes::{ScriptedHttp, World};
use serde_json::{Value, json};

use super::section;
use crate::gitlab::GitlabAuthConfig;
use crate::testing::{build, context, remarks};

#[test]
fn what_is_wrong_is_said_with_its_key_and_the_cure() {
    for (more, key, cure) in [
        (json!({}), "organization:", "`allow_everybody: true`"),
        (json!({"organization": "acme", "allow_everybody": true}), "allow_everybody:", "take this away"),
        (json!({"organization": "acme", "organizations": ["labs"]}), "organization:", "write it there"),
        (json!({"organizations": ["acme/a", "ACME/A"]}), "organizations:", "twice"),
        (json!({"organization": "/acme"}), "organization:", "`group/subgroup`"),
        (json!({"organization": "Acme Works"}), "organization:", "`group/subgroup`"),
        (json!({"organization": "acme", "groups": false}), "groups:", "take this away"),
        (json!({"organization": "acme", "grant_type": "password"}), "grant_type:", "`authorization_code`"),
        (json!({"organization": "acme", "client_secret": null}), "client_secret:", "`client_secret_file`"),
        (
            json!({"organization": "acme", "gitlab_web_uri": "http://git.example.com"}),
            "gitlab_web_uri:",
            "write `https://`",
        ),
        (
            json!({"organization": "acme", "gitlab_api_uri": "git.example.com"}),
            "gitlab_api_uri:",
            "`https://HOST`",
        ),
        (json!({"organization": "acme", "redirect_uri": "x"}), "redirect_uri:", "`https://HOST`"),
    ] {
        let text = remarks::<GitlabAuthConfig>(Dialect::Native, section(more.clone())).0;
        assert!(text.starts_with(key) && text.contains(cure), "{more}: {text}");
        assert_eq!(text.lines().count(), 1, "{more}: {text}");
    }
}

#[test]
fn what_is_right_is_taken_without_a_word() {
    for more in [
        json!({"organization": "acme/web"}),
        json!({"organization": "acme", "groups": true, "grant_type": "authorization_code"}),
        json!({"allow_everybody": true, "groups": false}),
        json!({"organization": "acme", "grant_type": "", "gitlab_api_uri": "https://git.example.com/api/v4"}),
    ] {
        let said = remarks::<GitlabAuthConfig>(Dialect::Native, section(more.clone()));
        assert_eq!(said, (String::new(), Vec::new()), "{more}");
    }
}

fn flat(more: Value) -> (String, Vec<String>) {
    remarks::<GitlabAuthConfig>(Dialect::DockerAuth, section(more))
}

#[test]
fn a_file_of_docker_auths_loads() {
    let (refused, warnings) = flat(json!({
        "grant_type": "authorization_code", "redirect_uri": "https://auth.example.com/gitlab_auth", "http_timeout": "10s",
        "gitlab_api_uri": "https://git.example.com/api/v4", "revalidate_after": "1h", "registry_url": "localhost:5000",
    }));
    assert_eq!(refused, "");
    assert_eq!(warnings.len(), 1);
    assert!(warnings.iter().all(|text| text.starts_with("organization: ")), "{warnings:?}");
    assert_eq!(flat(json!({"organization": "acme"})), (String::new(), Vec::new()));
}

/// Applications that were registered for docker_auth may have no other scope.
#[tokio::test]
async fn a_file_of_docker_auths_without_organization_asks_for_no_more_than_docker_auth() {
    for (dialect, more, scope) in [
        (Dialect::DockerAuth, json!({}), "scope=read_user"),
        (Dialect::DockerAuth, json!({"groups": true}), "scope=read_api"),
        (Dialect::DockerAuth, json!({"organization": "acme"}), "scope=read_api"),
        (Dialect::Native, json!({"allow_everybody": true}), "scope=read_api"),
    ] {
        let (world, http) = (World::new(), ScriptedHttp::new());
        let backend = build::<GitlabAuthConfig>(&context(&world, &http, dialect), section(more)).unwrap();
        let [state, challenge, nonce, callback] =
            ["s", "c", "n", "https://auth.example.com/gitlab_auth"].map(str::to_owned);
        let request = AuthorizeRequest::new(state, challenge, nonce, callback);
        let sent = backend.login_flow().unwrap().redirect(&world.call(), &request).await.unwrap();
        assert!(sent.url.contains(scope), "{}", sent.url);
    }
}
