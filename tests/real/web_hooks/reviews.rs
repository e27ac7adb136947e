//! Kubernetes' own types read our reviews and write the answers (`tests/real/reviews`).

use std::process::Command;

use tempfile::TempDir;

use super::{decides, status};
use crate::accounts::{ALICE, Account, READER};
use crate::client::{Client, with_each_client};
use crate::components::{self, REVIEWS};
use crate::harness::process::Process;
use crate::registry::VERSIONS;
use crate::site::Site;
use crate::skopeo::Skopeo;

with_each_client!(reviews_decide);

/// Whose name has a colon, as those of service accounts have.
const ROBOT: Account = Account { name: "token", password: "robot-token", hash: "" };

fn start() -> Option<(Process, String, TempDir)> {
    if !components::installed(&[REVIEWS]) {
        return None;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-reviews-").tempdir().unwrap();
    let users = [
        format!("{}=alice,system:authenticated", ALICE.password),
        format!("{}=reader,system:authenticated,pullers", READER.password),
        format!("{}=system:serviceaccount:ci:robot,pullers", ROBOT.password),
    ];
    let (reviews, port) = Process::listening("listening", |port| {
        let mut command = Command::new(REVIEWS.program);
        command.args([&format!("127.0.0.1:{port}"), "dockgate"]).args(&users);
        Process::start(&mut command, dir.path(), "reviews")
    });
    Some((reviews, format!("127.0.0.1:{port}"), dir))
}

fn chains(host: &str) -> String {
    format!(
        "authn:\n  - users: {{\"\": {{}}}}\n  - http_auth:\n      url: \"http://{host}/apis/authentication.k8s.io/v1/tokenreviews\"\n      \
         format: token_review\n      audiences: [dockgate]\n\
         authz:\n  - http_authz:\n      url: \"http://{host}/apis/authorization.k8s.io/v1/subjectaccessreviews\"\n      \
         format: subject_access_review\n"
    )
}

fn reviews_decide<C: Client>() {
    let Some((reviews, host, _dir)) = start() else { return };
    let Some(site) = Site::deciding(VERSIONS[2], C::COMPONENTS, &chains(&host)) else { return };
    decides::<C>(&site, &site.client_of(&READER), &site.client_of(&ALICE));
    let image = crate::image::Image::of(&["hello"]);
    assert_eq!(site.client_of::<C>(&ROBOT).pulled("alice/app:1"), image);
    assert!(!reviews.log().contains("refused"), "{}", reviews.log());
}

#[test]
fn a_token_is_for_its_user_and_its_audience() {
    let Some((reviews, host, _dir)) = start() else { return };
    let Some(site) = Site::deciding(VERSIONS[0], Skopeo::COMPONENTS, &chains(&host)) else { return };
    let wrong = Account { password: "wrong", ..ALICE };
    let borrowed = Account { password: READER.password, ..ALICE };
    assert_eq!(
        [&ALICE, &ROBOT, &wrong, &borrowed].map(|account| status(&site, account)),
        [200, 200, 401, 401]
    );
    let elsewhere = chains(&host).replace("[dockgate]", "[elsewhere]");
    let Some(site) = Site::deciding(VERSIONS[0], Skopeo::COMPONENTS, &elsewhere) else { return };
    assert_eq!(status(&site, &ALICE), 401);
    assert!(!reviews.log().contains("refused"), "{}", reviews.log());
}
