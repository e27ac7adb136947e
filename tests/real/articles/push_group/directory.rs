//! As the article's text has it: an enterprise, and its directory.

use std::fs;

use super::{ASK_DIRECTORY, Site, TESTUSER, set_up};
use crate::accounts::{Account, READER};
use crate::client::{Client, with_clients};
use crate::components::Component;
use crate::directory::authority::Authority;
use crate::directory::slapd::{GROUPS, Options, PEOPLE, SUFFIX, Slapd};
use crate::image::Image;

const SERVICE: &str = "cn=dockgate,ou=services,dc=example,dc=test";
const PASSWORD: &str = "dockgate-service-pass";

with_clients!([skopeo Skopeo, podman Podman, crane Crane], members_push, members_push_by_token);

/// A directory as the variants name it, with the article's user in the group.
pub(super) fn directory() -> Option<Slapd> {
    let slapd = Slapd::start(&Authority::new(), Options { chatty: true, ..Options::default() })?;
    slapd.change(&format!(
        "dn: {SERVICE}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: dockgate\n\
         userPassword: {PASSWORD}\n\n\
         dn: uid={name},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n\
         userPassword: {password}\n\n\
         dn: cn=Push,{GROUPS}\nobjectClass: groupOfNames\ncn: Push\nmember: uid={name},{PEOPLE}\n",
        name = TESTUSER.name,
        password = TESTUSER.password,
    ));
    Some(slapd)
}

/// `variant` before it.
pub(super) fn start(slapd: &Slapd, variant: &str, clients: &[Component]) -> Option<Site> {
    let set_up = set_up(clients, &[])?;
    fs::copy(&slapd.authority.certificate, set_up.path("config/ldap-ca.pem")).unwrap();
    fs::write(set_up.path("config/ldap.password"), format!("{PASSWORD}\n")).unwrap();
    let places = [("ldap.example.com:636", &*slapd.tls_uri()), ("dc=example,dc=com", SUFFIX)];
    Some(Site::start(set_up, variant, &places))
}

/// Takes whoever is in the group out of it, and puts somebody else in.
fn group_becomes(slapd: &Slapd, member: &Account) {
    slapd.change(&format!(
        "dn: cn=Push,{GROUPS}\nchangetype: modify\nreplace: member\nmember: uid={},{PEOPLE}\n",
        member.name
    ));
}

fn members_push<C: Client>() {
    let Some(slapd) = directory() else { return };
    let Some(site) = start(&slapd, "ldap", C::COMPONENTS) else { return };
    site.only_the_group_pushes::<C>(&READER);

    // With the next request.
    let (testuser, reader): (C, C) = (site.client_of(&TESTUSER), site.client_of(&READER));
    let image = Image::of(&["later"]);
    group_becomes(&slapd, &READER);
    testuser.push(&image, "test:2").fails_with("denied");
    reader.push(&image, "test:2").succeeds();
    assert_eq!(testuser.pulled("test:2"), image);
}

fn members_push_by_token<C: Client>() {
    let Some(slapd) = directory() else { return };
    let Some(site) = start(&slapd, "ldap-bearer", C::COMPONENTS) else { return };
    site.only_the_group_pushes::<C>(&READER);

    // With the next token, which a new command asks for.
    let (testuser, reader): (C, C) = (site.client_of(&TESTUSER), site.client_of(&READER));
    let image = Image::of(&["later"]);
    group_becomes(&slapd, &READER);
    testuser.push(&image, "test:2").fails_with(C::DENIED);
    reader.push(&image, "test:2").succeeds();
    assert_eq!(testuser.pulled("test:2"), image);
}

const UPLOADS: &str = "/v2/test/blobs/uploads/";
const NOTHING: &str = "Accept: */*";

/// As the README asks it, which then says that this is the variant.
#[test]
fn the_directory_is_asked_before_anything_is_served() {
    let Some(slapd) = directory() else { return };
    let Some(site) = start(&slapd, "ldap", &[]) else { return };
    let told = site.set_up.follow(ASK_DIRECTORY).stdout;
    assert!(told.contains("Label groups: push "), "{told}");
    assert!(site.set_up.composed().contains("- /config/ldap.yml\n"), "{}", site.set_up.composed());
}

/// The registry is told who came, by the gate and nobody else, and is not told the password.
#[test]
fn the_registry_is_told_of_the_group() {
    let Some(slapd) = directory() else { return };
    let Some(site) = start(&slapd, "ldap", &[]) else { return };
    assert_eq!(site.curl(Some(&READER), "GET", "/v2/", NOTHING), 200);
    assert!(site.registry.heard("X-Auth-User: reader\r\n"));
    assert!(site.registry.heard("X-Auth-Groups: registry-readers\r\n"));
    for header in ["X-Auth-Groups: push", "X-Auth-User: testuser", "X_Auth_Groups: push"] {
        assert_eq!(site.curl(Some(&READER), "POST", UPLOADS, header), 403, "{header}");
    }
    assert!(!site.registry.heard("push"));
    assert_eq!(site.curl(Some(&TESTUSER), "POST", UPLOADS, NOTHING), 202);
    assert!(site.registry.heard("X-Auth-User: testuser\r\n"));
    assert!(site.registry.heard("X-Auth-Groups: push\r\n"));
    assert!(!site.registry.heard("Authorization") && !site.registry.heard("Basic "));
}

/// What cannot be asked is neither allowed nor somebody's wrong password.
#[test]
fn without_the_directory_nobody_passes_and_nobody_is_refused() {
    let Some(mut slapd) = directory() else { return };
    let Some(site) = start(&slapd, "ldap", &[]) else { return };
    assert_eq!(site.curl(Some(&TESTUSER), "GET", "/v2/", NOTHING), 200);
    slapd.stop();
    assert_eq!(site.curl(Some(&TESTUSER), "GET", "/v2/", NOTHING), 503, "{}", site.gate.log());
    assert_eq!(site.curl(Some(&TESTUSER), "POST", UPLOADS, NOTHING), 503);
}
