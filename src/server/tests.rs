use std::sync::Weak;

use rcgen::{CertificateParams, KeyPair};

use super::*;
use crate::outside::Outside;
use crate::state::Lasting;

const CONFIG: &str = "\
server: {addr: 'dockgate.sock', net: unix}
token: {issuer: test, expiration: 900, certificate: cert.pem, key: key.pem}
authn: [{users: {alice: {}}}, {users_file: {path: people}}]
authz: [{acl: [{match: {}, actions: [pull]}]}]
";

/// A directory with a whole configuration, and a server that is made of it and stopped before it serves.
async fn bound(directory: &Path) -> Server {
    let pair = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&pair).unwrap();
    let socket = directory.join("dockgate.sock");
    let text = CONFIG.replace("dockgate.sock", socket.to_str().unwrap());
    for (name, text) in [
        ("auth.yml", text.as_str()),
        ("cert.pem", &certificate.pem()),
        ("key.pem", &pair.serialize_pem()),
        ("people", "bob:$2y$05$D5qI7Qp6hQqDqgWZrV2ogu7nOB3gDgsc0o8uO5TzQmvHo3xVQnhUW\n"),
    ] {
        std::fs::write(directory.join(name), text).unwrap();
    }
    let config = directory.join("auth.yml");
    let backends = Arc::new(Backends::builtin());
    let loaded = state::load(&config, &backends, &Outside::real(), &Lasting::default());
    let Ok(loaded) = loaded else { panic!("{:?}", loaded.err()) };
    Server::bind(&config, backends, loaded.state).await.unwrap()
}

async fn is_gone(state: &Weak<State>) -> bool {
    for _ in 0..500 {
        if state.strong_count() == 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_keeps_a_configuration_that_another_has_followed() {
    let directory = tempfile::tempdir().unwrap();
    let Server { config, backends, front, mut doors, prepared, asked } = bound(directory.path()).await;
    doors.commit(prepared, front.state().limits());
    let signals = Signals::listen();
    let mut current = Current {
        config,
        backends,
        front: front.clone(),
        doors: &mut doors,
        signals,
        asked,
        keeper: Some(Keeper::of(&front.state())),
        renewing: None,
        making: Making::new(MADE_WITHIN),
    };
    let mut before = Vec::new();
    for _ in 0..3 {
        let state = front.state();
        before.push(Arc::downgrade(&state));
        let (outcome, _) = current.reload(&state).await;
        assert!(matches!(outcome, Outcome::Swapped { .. }), "{outcome:?}");
        current.keeper = Some(Keeper::of(&front.state()));
    }
    for state in &before {
        assert!(is_gone(state).await, "an old configuration is still there");
    }
    assert!(!is_the_same(&before, &front.state()));
}

fn is_the_same(before: &[Weak<State>], state: &Arc<State>) -> bool {
    before.iter().any(|before| std::ptr::eq(before.as_ptr(), Arc::as_ptr(state)))
}
