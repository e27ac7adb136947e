//! What exit codes and outputs mean.

use dockgate_api::{
    AccessRequest, Answer, Credential, Decision, Health, Identity, LabelValue, Login, Resource,
};
use dockgate_testkit::fakes::call;

use super::Script;

const PASSWORD: &str = "secret-password-2";

async fn login(script: &Script, account: &str) -> Answer<Identity> {
    let login = Login::new(account, Credential::password(PASSWORD));
    script.authenticator().authenticate(&call(), &login).await
}

async fn shown(script: &Script) -> String {
    match login(script, "alice").await {
        Ok(Decision::Allow(identity)) => {
            let groups = identity.labels.values("groups").iter().map(LabelValue::as_str);
            format!("allow {}", groups.collect::<Vec<_>>().join(","))
        }
        Ok(Decision::Deny(reason)) => format!("deny {reason}"),
        Ok(Decision::NoMatch) => "no match".to_owned(),
        Err(error) => format!("error {error}"),
    }
}

#[tokio::test]
async fn exit_codes_are_those_of_docker_auth() {
    for (script, expected) in [
        ("exit 0", "allow "),
        (r#"echo '{"labels": {"groups": ["a", "b"]}}'"#, "allow a,b"),
        (r#"echo '{"labels": {"groups": ["a"]}}'; exit 1"#, "deny bad_credentials: hook says no"),
        ("exit 1", "deny bad_credentials: hook says no"),
        ("exit 2", "no match"),
        ("exit 3", "error unusable answer: hook: exit code 3, which decides nothing"),
        ("exit 127", "error unusable answer: hook: exit code 127, which decides nothing"),
        ("kill -TERM $$", "error unusable answer: hook was ended by signal 15"),
        (
            "echo welcome",
            "error unusable answer: hook: output that is no labels: expected value at line 1 column 1",
        ),
        (
            // Whatever it repeats of the password is not repeated.
            "read account password; echo '{\"labels\": \"'$password'\"}'",
            "error unusable answer: hook: output that is no labels: labels: invalid type: string \"[redacted]\", \
             expected a map at line 1 column 19",
        ),
        ("if", "no match"),
    ] {
        assert_eq!(shown(&Script::sh(script)).await, expected, "{script}");
    }
}

#[tokio::test]
async fn documents_and_exit_codes_do_not_contradict_each_other() {
    let contradiction =
        "error unusable answer: hook: exit code 2 says `no_match`, the document says something else";
    for (script, expected) in [
        (r#"echo '{"decision": "allow", "labels": {"groups": ["a"]}}'"#, "allow a"),
        (r#"echo '{"decision": "deny", "reason": "on leave"}'"#, "deny bad_credentials: on leave"),
        (r#"echo '{"decision": "no_match"}'"#, "no match"),
        (r#"echo '{"decision": "no_match"}'; exit 2"#, "no match"),
        (r#"echo '{"decision": "allow"}'; exit 2"#, contradiction),
        (r#"echo '{"decision": "deny"}'; exit 2"#, contradiction),
        (
            r#"echo '{"decision": "deny"}'; exit 1"#,
            "error unusable answer: hook: exit code 1: with a document it is 0",
        ),
        (
            "exit 2",
            "error unusable answer: hook: an empty answer: write a document such as {\"decision\": \"deny\"}",
        ),
        (
            "exit 0",
            "error unusable answer: hook: an empty answer: write a document such as {\"decision\": \"deny\"}",
        ),
    ] {
        assert_eq!(shown(&Script::sh(script).json()).await, expected, "{script}");
    }
}

#[tokio::test]
async fn an_account_with_white_space_never_reaches_a_plain_program() {
    let counting = Script::sh("echo asked >> $1/asked; exit 0");
    for account in ["alice admin", "alice\u{a0}", "\talice"] {
        assert!(matches!(login(&counting, account).await, Ok(Decision::Deny(_))), "{account:?}");
    }
    assert_eq!(counting.lines("asked"), 0);
    assert!(matches!(login(&counting, "alice").await, Ok(Decision::Allow(_))));
    assert_eq!(counting.lines("asked"), 1);
    let document = Script::sh(r#"cat > /dev/null; echo '{"decision": "allow"}'"#).json();
    let answer = login(&document, "alice admin").await.unwrap();
    assert_eq!(answer.allowed().unwrap().account, "alice admin", "a document can tell them apart");
}

#[tokio::test]
async fn in_a_list_the_environment_is_what_is_configured() {
    let script = Script::sh(
        "env | grep -v -e '^PWD=' -e '^_=' -e '^SHLVL=' -e '^OLDPWD=' | cut -d= -f1 | sort > $1/names",
    );
    let script = script.with("environment", serde_json::json!({"PATH": "/usr/bin:/bin", "LIMIT": "3"}));
    login(&script, "alice").await.unwrap().allowed().unwrap();
    let names = std::fs::read_to_string(script.directory.path().join("names")).unwrap();
    assert_eq!(names, "DOCKGATE_RUN\nLIMIT\nPATH\n");
}

#[tokio::test]
async fn what_is_remembered_is_not_asked_again() {
    let script =
        Script::sh(r#"cat > /dev/null; echo asked >> $1/asked; echo '{"decision": "allow"}'"#).json();
    let script = script.with("cache", serde_json::json!({"ttl": "1m"}));
    let backend = script.authenticator();
    for (account, asked) in [("alice", 1), ("alice", 1), ("bob", 2)] {
        let login = Login::new(account, Credential::password(PASSWORD));
        backend.authenticate(&call(), &login).await.unwrap().allowed().unwrap();
        assert_eq!(script.lines("asked"), asked);
    }
}

#[tokio::test]
async fn health_is_how_the_last_question_went_also_of_workers_that_stay() {
    let worker = r#"while read -r line; do
        id=${line#*'"id":"'} decision=allow
        case "$line" in *'"account":"nonsense"'*) decision=perhaps ;; esac
        printf '{"id":"%s","decision":"%s"}\n' "${id%%\"*}" "$decision"
    done"#;
    let document = r#"read -r line
        case "$line" in *'"account":"nonsense"'*) echo '{"decision":"perhaps"}' ;; *) echo '{"decision":"allow"}' ;; esac"#;
    for script in [Script::sh(worker).with("protocol", "lines"), Script::sh(document).json()] {
        let backend = script.authenticator();
        assert_eq!(backend.health(&call()).await, Health::Up);
        for account in ["alice", "nonsense", "alice"] {
            let login = Login::new(account, Credential::password(PASSWORD));
            let answer = backend.authenticate(&call(), &login).await;
            let health = backend.health(&call()).await;
            let is_well = matches!((&answer, &health), (Ok(Decision::Allow(_)), Health::Up));
            let is_not =
                matches!((&answer, &health), (Err(_), Health::Degraded(why)) if why.contains("perhaps"));
            assert!(if account == "alice" { is_well } else { is_not }, "{account}: {answer:?} {health:?}");
        }
    }
}

#[tokio::test]
async fn the_rights_of_a_plain_program_are_all_or_nothing_and_its_output_does_not_count() {
    let (identity, resource) = (Identity::new("alice"), Resource::repository("team/app"));
    let actions = ["pull", "push"].into_iter().collect();
    let request = AccessRequest::new(&identity, "registry", &resource, &actions);
    for (script, expected) in [
        ("exit 0", "pull,push hook"),
        (r#"echo '{"actions": []}'"#, "pull,push hook"),
        ("exit 1", "forbidden: hook says no"),
        ("exit 2", "unusable answer: hook: exit code 2, which decides nothing"),
        ("if", "unusable answer: hook: exit code 2, which decides nothing"),
    ] {
        let answer = Script::sh(script).authorizer().authorize(&call(), &request).await;
        let shown = match answer {
            Ok(Decision::Allow(granted)) => {
                format!("{} {}", granted.actions.grant(&actions), granted.because)
            }
            Ok(Decision::Deny(reason)) => reason.to_string(),
            Ok(Decision::NoMatch) => "no match".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{script}");
    }
}

/// A worker that lives and answers, and what it answers decides nothing.
const SENSELESS: &str = r#"while read -r line; do
    id=${line#*'"id":"'}
    printf '{"id": "%s", "decision": "perhaps"}\n' "${id%%'"'*}"
done"#;

#[tokio::test]
async fn health_tells_of_the_last_question_whichever_the_protocol() {
    for script in
        [Script::sh("exit 3"), Script::sh("exit 3").json(), Script::sh(SENSELESS).with("protocol", "lines")]
    {
        let authenticator = script.authenticator();
        assert_eq!(authenticator.health(&call()).await, Health::Up);
        let login = Login::new("alice", Credential::password(PASSWORD));
        let error = authenticator.authenticate(&call(), &login).await.unwrap_err();
        let Health::Degraded(why) = authenticator.health(&call()).await else { panic!("{error}") };
        assert_eq!(why, format!("the last question: {error}"));
    }
}
