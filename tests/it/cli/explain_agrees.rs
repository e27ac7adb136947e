//! What `explain` says is what the server does, whatever the rules are.

use std::time::{Duration, Instant};

use dockgate::access::explanation::{Explanation, Outcome};
use dockgate::access::{Decided, Question};
use dockgate::lockout::Standing;
use dockgate::scope::RequestedScopes;
use dockgate::state::ExplainRequest;
use dockgate_api::secrecy::SecretString;
use dockgate_api::{Call, Credential, Login, RequestId};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::support::{ALICE, Ask, BOB, TestServer, hash};

const NAMES: [&str; 5] = ["web/app", "web/a/b", "alice/x", "mobile", "releases/1"];

const ACTIONS: [&[&str]; 5] = [&["*"], &["pull"], &["pull", "push"], &[], &["delete", "pull"]];

fn pattern(of: &'static [&'static str]) -> impl Strategy<Value = Option<&'static str>> {
    prop::option::weighted(0.5, select(of))
}

fn rule() -> impl Strategy<Value = Value> {
    let conditions = (
        pattern(&["alice", "bob", "", "/.+/", "/^(al).*$/", "*"]),
        pattern(&["repository", "registry", "*"]),
        pattern(&["web/**", "web/*", "${account}/*", "${labels:team}/**", "*", "/^releases\\//", "mobile"]),
        pattern(&["registry", "test-service", "test-*"]),
        pattern(&["10.0.0.0/8", "127.0.0.1"]),
        pattern(&["web", "w*", "mobile"]),
        pattern(&["users", "u*", "other"]),
    );
    let actions = select(&ACTIONS[..]);
    let valid = select(&["", "", "", "until-past", "until-soon", "from-soon", "from-later", "disabled"][..]);
    (conditions, actions, valid).prop_map(
        |((account, kind, name, service, ip, label, backend), actions, valid)| {
            let fields = [
                ("account", account),
                ("type", kind),
                ("name", name),
                ("service", service),
                ("ip", ip),
                ("backend", backend),
            ];
            let mut conditions: Map<String, Value> =
                fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))).collect();
            if let Some(label) = label {
                conditions.insert("labels".to_owned(), json!({"team": label}));
            }
            let mut rule = json!({"match": conditions, "actions": actions});
            match valid {
                "until-past" => rule["valid"] = json!({"until": "2025-12-31"}),
                "until-soon" => rule["valid"] = json!({"until": "2026-01-01T12:03:00Z"}),
                "from-soon" => rule["valid"] = json!({"from": "2026-01-01T12:02:00Z"}),
                "from-later" => rule["valid"] = json!({"from": "2026-02-01"}),
                "disabled" => rule["disabled"] = true.into(),
                _ => {}
            }
            rule
        },
    )
}

/// An account with its password, a scope, and whether it comes from 10.0.0.1.
fn request() -> impl Strategy<Value = (Option<(&'static str, &'static str)>, Vec<String>, bool)> {
    let who = select(
        &[
            None,
            Some(ALICE),
            Some(BOB),
            Some(("alice", "wrong")),
            Some(("carol", "any")),
            Some(("door", "any")),
        ][..],
    );
    let scope = (select(&NAMES[..]), select(&["pull", "pull,push", "*", "delete"][..]))
        .prop_map(|(name, actions)| format!("repository:{name}:{actions}"));
    let scope = prop_oneof![9 => scope, 1 => Just("registry:catalog:*".to_owned())];
    (who, prop::collection::vec(scope, 0..4), any::<bool>())
}

fn server(rules: &[Value]) -> TestServer {
    let alice = format!("{{password: \"{}\", labels: {{team: [web]}}}}", hash(ALICE.1));
    let bob = format!("{{password: \"{}\", valid: {{until: '2026-01-01T12:04:00Z'}}}}", hash(BOB.1));
    let users = format!("{{alice: {alice}, bob: {bob}, door: {{}}, \"\": {{}}}}");
    let acl = serde_json::to_string(rules).unwrap();
    TestServer::new(&format!("authn: [{{users: {users}}}]\nauthz: [{{acl: {acl}}}]"))
}

fn explained(
    server: &TestServer,
    who: Option<(&str, &str)>,
    scopes: &[String],
    ip: &str,
    with_password: bool,
) -> Explanation {
    let request = ExplainRequest {
        account: who.map_or(String::new(), |who| who.0.to_owned()),
        scopes: scopes.to_vec(),
        service: "test-service".to_owned(),
        ip: Some(ip.parse().unwrap()),
        password: who.filter(|_| with_password).map(|who| SecretString::from(who.1.to_owned())),
        ..ExplainRequest::default()
    };
    server.with_state(async |state| state.explain(request).await.unwrap())
}

/// `repository:web/app:pull`, as in a token.
fn access(explanation: &Explanation) -> Vec<String> {
    explanation.scopes.iter().map(|scope| format!("{}:{}", scope.resource, scope.granted.join(","))).collect()
}

/// Which rule or link decided each scope, in the words of the decision.
fn because(
    server: &TestServer,
    who: Option<(&str, &str)>,
    scopes: &[String],
    ip: &str,
) -> Vec<(&'static str, String)> {
    let (account, credential) =
        who.map_or((String::new(), Credential::None), |who| (who.0.to_owned(), Credential::password(who.1)));
    let login =
        Login::new(account, credential).for_service("test-service").from_ip(Some(ip.parse().unwrap()));
    let scopes = RequestedScopes::parse(scopes.iter().map(String::as_str), 100).unwrap();
    server.with_state(async |state| {
        let cx = Call::new(state.now(), Instant::now() + Duration::from_secs(60), RequestId::from_bits(1));
        let grant = state
            .access()
            .answer(&cx, &Question { login, scopes, standing: Standing::default() })
            .await
            .unwrap();
        let decided = grant.access().iter().map(|scope| match scope.decided() {
            Decided::By(_, because) => ("rule", because.place.to_string()),
            Decided::Refused(_, reason) => ("refusal", reason.to_string()),
            Decided::Nobody => ("nobody", String::new()),
        });
        decided.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_explained_is_what_is_answered(
        rules in prop::collection::vec(rule(), 0..8),
        requests in prop::collection::vec(request(), 1..6),
    ) {
        let server = server(&rules);
        for (who, scopes, far) in requests {
            let ip = if far { "10.0.0.1" } else { "127.0.0.1" };
            let mut ask = scopes.iter().fold(Ask::auth(), |ask, scope| ask.scope(scope)).from(Some(ip.parse().unwrap()));
            if let Some(who) = who {
                ask = ask.basic(who);
            }
            let answer = server.ask(&ask);
            let told = explained(&server, who, &scopes, ip, true);
            prop_assert_eq!(told.status, Some(answer.status), "{:#?}", told);
            if told.status != Some(200) {
                prop_assert!(told.token.is_none() && told.scopes.is_empty() && told.outcome == Outcome::Refused);
                continue;
            }
            let token = server.read(&answer);
            prop_assert_eq!(access(&told), token.access(), "{:#?}", told);
            let foretold = told.token.as_ref().unwrap();
            prop_assert_eq!(foretold.expires_in, token.expires_in());
            prop_assert_eq!(&foretold.subject, token.account());
            prop_assert_eq!(foretold.key_id.as_deref(), token.header["kid"].as_str());
            prop_assert_eq!(Some(foretold.algorithm.as_ref()), token.header["alg"].as_str());
            prop_assert_eq!(foretold.x5c, token.header.get("x5c").is_some());
            prop_assert_eq!(told.outcome == Outcome::Granted, told.scopes.iter().all(|scope| scope.missing.is_empty()));

            let decided = because(&server, who, &scopes, ip);
            for (scope, (by, because)) in told.scopes.iter().zip(&decided) {
                prop_assert_eq!(scope.decided.by.as_ref(), *by);
                prop_assert_eq!(scope.decided.because.clone().unwrap_or_default(), because.as_str());
                let decides: Vec<&str> =
                    scope.rules.iter().filter(|rule| rule.role == "decides").map(|rule| rule.place.as_str()).collect();
                prop_assert_eq!(decides, if *by == "rule" { vec![because.as_str()] } else { vec![] });
            }
            // Without the password it is the same.
            let taken_for_granted = explained(&server, who, &scopes, ip, false);
            prop_assert_eq!(access(&taken_for_granted), access(&told));
            prop_assert_eq!(taken_for_granted.token.unwrap().expires_in, foretold.expires_in);
        }
    }
}
