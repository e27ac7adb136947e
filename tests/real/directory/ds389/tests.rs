//! What Debian's clients see of it: who reads a failure of another test knows that the directory is not to blame.

use std::time::Instant;

use super::*;
use crate::directory::ldap::values;

fn person(account: &str) -> String {
    format!("uid={account},{USERS}")
}

#[test]
fn people_and_groups() {
    let authority = Authority::new();
    let before = Instant::now();
    let Some(server) = Ds389::start(&authority) else { return };
    eprintln!("389 Directory Server after {:?}", before.elapsed());
    for client in [server.client(), server.plain_client(), server.plain_client().with(&["-ZZ"])] {
        client.bound(SERVICE.0, SERVICE.1).whoami().succeeds();
    }
    server.client().bound(&person("alice"), "alice-pass").whoami().succeeds();
    server.client().bound(&person("alice"), "wrong").whoami().fails_with("Invalid credentials (49)");
    server.client().bound(&person("nobody"), "wrong").whoami().fails_with("Invalid credentials (49)");
    server.client().bound(&person("alice"), "").whoami().fails_with("Unauthenticated binds are not allowed");
    let nobody = server.client().search(SUFFIX, "(uid=alice)", &["uid"]);
    assert_eq!(values(&nobody, "uid").len(), 0, "{nobody}");

    let client = server.client().bound(SERVICE.0, SERVICE.1);
    let groups = |account: &str| {
        let filter = format!("(uid={account})");
        let mut groups = values(&client.search(SUFFIX, &filter, &["memberOf"]).succeeds(), "memberOf");
        groups.sort();
        groups
    };
    let dns = |names: &[&str]| names.iter().map(|name| format!("cn={name},{GROUPS}")).collect::<Vec<_>>();
    assert_eq!(groups("erin"), dns(&[]));
    // Nested ones too.
    assert_eq!(groups("carol"), dns(&["developers", "engineering", "interns"]));
    assert_eq!(groups("dave"), dns(&["loop-a", "loop-b", "loop-c"]));
    assert_eq!(
        groups("odd"),
        dns(&[r"Smith\2C John's team", r"plus\2Bequals\3D", r"the \22quoted\22", "Übersicht"])
    );
    let pages = client.clone().with(&["-E", "pr=3/noprompt"]);
    let everybody =
        |client: &Ldap| values(&client.search(USERS, "(uid=*)", &["uid"]).succeeds(), "uid").len();
    assert_eq!(everybody(&pages), everybody(&client));
}

#[test]
fn accounts_in_trouble() {
    let Some(server) = Ds389::start(&Authority::new()) else { return };
    let bind = |account: &str, password: &str| {
        server.client().with(&["-e", "ppolicy"]).bound(&person(account), password).whoami()
    };
    bind("disabled", "disabled-pass").fails_with("(53); Account locked");
    bind("expired", "expired-pass").fails_with("(49); Password expired");
    // The bind succeeds; all that may follow is the change.
    bind("must-change", "must-change-pass").fails_with("Success (0); Password must be changed");
    for _ in 0..5 {
        bind("locked", "wrong").fails_with("Invalid credentials (49)");
    }
    bind("locked", "locked-pass").fails_with("Constraint violation (19); Account locked");
}
