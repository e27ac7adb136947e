use std::sync::Mutex;

use dockgate_api::{Step, TraceSink};
use dockgate_testkit::directory::{Authority, RunningDirectory};
use rustls::{ClientConfig, RootCertStore};

use super::*;

/// A client that trusts the authority.
fn trusting(authority: &Authority) -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Some(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn protected(server: &RunningDirectory, security: Security, authority: &Authority) -> Settings {
    let settings = settings(&[]);
    let endpoint = Endpoint { security, ..endpoint(server) };
    let dialer = Dialer { tls: trusting(authority), server_name: None };
    Settings { servers: Servers::Listed(vec![endpoint]), dialer, referrals: Referrals::Follow, ..settings }
}

#[derive(Clone, Default)]
struct Steps(Arc<Mutex<Vec<String>>>);

impl TraceSink for Steps {
    fn note(&self, step: Step) {
        self.0.lock().unwrap().push(step.text);
    }
}

impl Steps {
    async fn of_a_login(directory: &Directory) -> String {
        let steps = Self::default();
        let deadline = Instant::now() + PATIENCE;
        let cx = Call::traced(noon(), deadline, RequestId::from_bits(1), Box::new(steps.clone()));
        names(directory, &cx, "alice").await.unwrap();
        drop(directory.bind(&cx, ALICE, &SecretString::from("alice-password")).await.unwrap());
        let steps = steps.0.lock().unwrap();
        steps.join("\n")
    }
}

#[tokio::test]
async fn the_administrator_is_told_all_but_passwords() {
    let authority = Authority::new();
    let identity = authority.server(&["127.0.0.1"]);
    for (security, kit) in
        [(Security::Tls, kit().ldaps(&identity)), (Security::StartTls, kit().start_tls(&identity))]
    {
        let (world, server) = (World::new(), kit.start().await);
        let directory = started(&world, protected(&server, security, &authority));
        let steps = Steps::of_a_login(&directory).await;
        let url = server.url();
        let (to_search, to_bind) = (format!("connected to {url} "), "to bind users: ");
        let told =
            [&to_search, "to search: ", "TLS 1.3", SERVICE, "(uid=alice): 1 entry", &to_search, to_bind];
        let mut rest = steps.as_str();
        for part in told {
            let found = rest.split_once(part);
            (_, rest) = found.unwrap_or_else(|| panic!("{part} in {steps}"));
        }
        assert_eq!(steps.contains("StartTLS"), security == Security::StartTls, "{steps}");
        assert!(!steps.contains("-password"), "{steps}");
        // On connections that are open already there is nothing new to tell of them.
        let again = Steps::of_a_login(&directory).await;
        assert!(again.contains(": 1 entry") && !again.contains("connected"), "{again}");
        assert!(server.binds().iter().all(|bind| bind.tls));
    }
}

#[tokio::test]
async fn a_reference_is_asked_with_the_same_protection_or_not_at_all() {
    let authority = Authority::new();
    let identity = authority.server(&["127.0.0.1"]);
    let base = "ou=far,dc=example,dc=test";
    for (far, works) in [(kit().base(base).start_tls(&identity), true), (kit().base(base), false)] {
        let (world, far) = (World::new(), far.start().await);
        let url = format!("ldap://{}/{base}??sub", far.addr);
        let near = kit().referral(base, &[&url]).ldaps(&identity).start().await;
        let directory = started(&world, protected(&near, Security::Tls, &authority));
        let found = names(&*directory, &call(), "alice").await;
        assert_eq!(found.is_ok(), works, "{found:?}");
        assert_eq!(far.binds().len(), usize::from(works));
        assert!(far.binds().iter().all(|bind| bind.tls));
    }
}

#[tokio::test]
async fn a_server_that_cannot_protect_rests_and_nothing_is_sent_to_it() {
    let authority = Authority::new();
    let (world, plain) = (World::new(), kit().start().await);
    let directory = started(&world, protected(&plain, Security::StartTls, &authority));
    let error = names(&*directory, &call(), "alice").await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
    assert!(matches!(directory.health(), dockgate_api::Health::Down(_)));
    assert!(plain.binds().is_empty() && plain.searches().is_empty());
}
