//! Groups of a domain decide in front of real registries who may push.

use serde_json::json;

use super::authority::Authority;
use super::backend::{link, with};
use super::samba::{GROUPS, Samba};
use super::samba_link::section;
use crate::accounts::{ALICE, BOB, READER};
use crate::client::Client as _;
use crate::image::Image;
use crate::registry::VERSIONS;
use crate::site::Site;
use crate::skopeo::Skopeo;
use crate::web_hooks::decides;

/// Who is in `engineering`, by whatever groups, owns the names of their own; readers pull anything but the vault.
const RULES: &str = r#"
authz:
  - acl:
      - match: {name: "vault/**"}
        actions: []
      - match: {labels: {groups: "engineering"}, name: "${account}/**"}
        actions: ["*"]
      - match: {labels: {groups: "registry-readers"}}
        actions: ["pull"]
"#;

#[test]
fn nested_groups_decide_who_may_push() {
    let Some(samba) = Samba::start(&Authority::new()) else { return };
    let section = with(&section(&samba), json!({"groups": {"nested": "matching_rule"}}));
    let chains = format!("authn: [{{users: {{\"\": {{}}}}}}, {}]{RULES}", link(&section));
    let image = Image::of(&["hello"]);
    for version in VERSIONS {
        let Some(site) = Site::deciding(version, Skopeo::COMPONENTS, &chains) else { return };
        let alice: Skopeo = site.client_of(&ALICE);
        decides(&site, &site.client_of(&READER), &alice);
        // Another group is not enough.
        site.client_of::<Skopeo>(&BOB).push(&image, "bob/app:1").fails_with(Skopeo::DENIED);
    }

    let Some(site) = Site::deciding(VERSIONS[2], Skopeo::COMPONENTS, &chains) else { return };
    let alice: Skopeo = site.client_of(&ALICE);
    alice.push(&image, "alice/app:1").succeeds();
    let developers = format!("member: CN=developers,{GROUPS}");
    let engineering = |what: &str| {
        samba.change(&format!(
            "dn: CN=engineering,{GROUPS}\nchangetype: modify\n{what}: member\n{developers}\n"
        ));
    };
    engineering("delete");
    alice.push(&Image::of(&["other"]), "alice/app:1").fails_with(Skopeo::DENIED);
    engineering("add");
    alice.push(&Image::of(&["other"]), "alice/app:1").succeeds();
}
