//! Who is who in these tests, and what they may do: an ACL in the manner of docker_auth's reference config.

use std::fmt::Write as _;

pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
    pub(crate) hash: &'static str,
}

pub(crate) const ADMIN: Account = Account {
    name: "admin",
    password: "admin-pass",
    hash: "$2b$05$O7Fwz3GZGeqI0NDLaigQZuN7ZEMAK9/7Zf0J2f09VR9pUVnIGTRpq",
};
pub(crate) const ALICE: Account = Account {
    name: "alice",
    password: "alice-pass",
    hash: "$2b$05$KpZffreFxKlJnf3u4O87BuCj.8bkd46JuBz/5IwMRFxPJlHd6gSgu",
};
pub(crate) const BOB: Account = Account {
    name: "bob",
    password: "bob-pass",
    hash: "$2b$05$6tkxG3KNS3zof46TG3BwNu1Ccz4eZEhZojql6xsqUlmAIvlxTof5K",
};
pub(crate) const READER: Account = Account {
    name: "reader",
    password: "reader-pass",
    hash: "$2b$05$Hk4rDRFZ3TKQVGnjb0o3xuDdKeELHfdouQgu3rTBdJ02YL7Q9IY1m",
};
pub(crate) const NOBODY: Account = Account {
    name: "nobody",
    password: "nobody-pass",
    hash: "$2b$05$lTNujdAGhZVP86alwLBfiumW6cGULvJlGNn3MvPIgqirpP8Td5fyG",
};
pub(crate) const AUDITOR: Account = Account {
    name: "auditor",
    password: "auditor-pass",
    hash: "$2b$05$SRWz7CpVC2LPt8R9T9lPku5Qe7uQml2Lxst8..QVMOVUN68uWeOde",
};
pub(crate) const JANITOR: Account = Account {
    name: "janitor",
    password: "janitor-pass",
    hash: "$2b$05$JPtarHNzNHJQpBEtNiSGGu82CAJZ7BQHzXuc3Tp65CdB5agBq8vFK",
};

const ALL: [&Account; 7] = [&ADMIN, &ALICE, &BOB, &READER, &NOBODY, &AUDITOR, &JANITOR];

const ACL: &str = r#"
acl:
  - match: {account: "admin"}
    actions: ["*"]
    comment: "Admin has full access to everything."
  - match: {account: "nobody"}
    actions: []
  - match: {account: "auditor", type: "registry", name: "catalog"}
    actions: ["*"]
    comment: "Sees which repositories there are, and none of their images."
  - match: {account: "janitor", type: "repository"}
    actions: ["pull", "delete"]
  - match: {account: "reader", type: "repository"}
    actions: ["pull"]
  - match: {account: "/.+/", name: "${account}/*"}
    actions: ["*"]
    comment: "Everyone who signed in owns the namespace of their name."
  - match: {account: "", name: "public/hello"}
    actions: ["pull"]
    comment: "Anonymous users may pull this one repository."
"#;

/// The sections `users` and `acl` of the server's configuration.
pub(crate) fn users_and_acl() -> String {
    let mut yaml = String::from("users:\n");
    for Account { name, hash, .. } in ALL {
        writeln!(yaml, "  \"{name}\": {{password: \"{hash}\"}}").unwrap();
    }
    yaml.push_str("  \"\": {}  # allow anonymous\n");
    yaml + ACL
}
