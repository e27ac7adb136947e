//! Groups of a directory decide in front of real registries.

use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{link, with};
use super::slapd::{GROUPS, Options, PEOPLE, Slapd};
use crate::accounts::{ALICE, Account, BOB, READER};
use crate::client::{Client, Login, with_clients};
use crate::components::Component;
use crate::image::Image;
use crate::registry::VERSIONS;
use crate::site::Site;
use crate::web_hooks::decides;

const CAROL: Account = Account { name: "carol", password: "carol-pass", hash: "" };

with_clients!([skopeo Skopeo, crane Crane, docker Docker], a_group_may_push);
with_clients!([skopeo Skopeo, podman Podman, oras Oras, regctl Regctl], a_directory_decides);

fn site(slapd: &Slapd, clients: &[Component], rules: Value) -> Option<Site> {
    let section = with(&slapd.section(), json!({"groups": {"nested": "recursive"}}));
    let authn = json!([{"users": {"": {}}}, link(&section)]);
    // Two lines of JSON are YAML.
    let chains = format!("authn: {authn}\nauthz: {}\n", json!([{"acl": rules}]));
    Site::deciding(VERSIONS[2], clients, &chains)
}

/// The flow of all that decides.
fn a_directory_decides<C: Client>() {
    let Some(slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    let rules = json!([
        {"match": {"name": "vault/**"}, "actions": []},
        {"match": {"labels": {"groups": "registry-readers"}}, "actions": ["pull"]},
        {"match": {"account": "/.+/", "name": "${account}/**"}, "actions": ["*"]},
    ]);
    let Some(site) = site(&slapd, C::COMPONENTS, rules) else { return };
    decides::<C>(&site, &site.client_of(&READER), &site.client_of(&ALICE));
}

/// Whoever is in a group, over whatever other groups, pushes to what is its; until they are in it no more.
fn a_group_may_push<C: Client>() {
    let Some(slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    let rules = json!([
        {"match": {"name": "${labels:groups}/**"}, "actions": ["pull", "push"]},
        {"match": {"account": "/.+/"}, "actions": ["pull"]},
    ]);
    let Some(site) = site(&slapd, C::COMPONENTS, rules) else { return };
    let image = Image::of(&["hello"]);
    let carol: C = site.client_of(&CAROL);
    carol.push(&image, "engineering/app:1").succeeds();
    assert_eq!(carol.pulled("engineering/app:1"), image);

    let bob = carol.beside(site.home());
    bob.sign_in(&BOB);
    bob.push(&image, "engineering/app:2").fails_with(C::DENIED);
    bob.push(&image, "testers/app:1").fails_with(C::DENIED);
    bob.push(&image, "interns/app:1").fails_with(C::DENIED);
    if C::LOGIN == Login::Checked {
        carol.beside(site.home()).login(BOB.name, "wrong").fails();
    }

    // In the next token the group is not, and then it is again.
    let interns = |member: &str| {
        slapd.change(&format!(
            "dn: cn=interns,{GROUPS}\nchangetype: modify\nreplace: member\nmember: uid={member},{PEOPLE}\n"
        ));
    };
    interns("dave");
    let other = Image::of(&["other"]);
    carol.push(&other, "engineering/app:1").fails_with(C::DENIED);
    assert_eq!(carol.pulled("engineering/app:1"), image, "it is still what it was");
    interns("carol");
    carol.push(&other, "engineering/app:1").succeeds();
}
