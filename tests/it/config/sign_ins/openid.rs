//! OpenID Connect, Google included: groups in the claims that each provider has them in.

use dockgate_testkit::provider::google::Google;
use dockgate_testkit::provider::openid::OpenId;
use serde_json::{Value, json};

use super::browser::PUBLIC;
use super::{Asked, Person, SECRET, clock, serve};

/// What somebody's claims are: their name, and their groups.
type Claims = fn(&str, &[&str]) -> Value;

/// dana administers, alice develops, bob is of no group, and eve of groups whose names are patterns, or nearly right.
const PEOPLE: [(&str, &[&str]); 4] = [
    ("dana", &["registry-admins"]),
    ("alice", &["developers"]),
    ("bob", &[]),
    ("eve", &["*", "**", "/.*/", "registry-admins/x", "Developers", "developers ", "${labels:groups}"]),
];

const GRANTS: [(usize, &str, &str); 11] = [
    (0, "repository:any/where:delete,pull,push", "delete,pull,push"),
    (0, "registry:catalog:*", "*"),
    (1, "repository:apps/web/app:delete,pull,push", "pull,push"),
    (1, "repository:other/app:pull", ""),
    (1, "registry:catalog:*", ""),
    (2, "repository:apps/app:delete,pull,push", "pull"),
    (2, "repository:other/app:pull", ""),
    (2, "repository:apps:pull", ""),
    (3, "repository:apps/app:delete,pull,push", "pull"),
    (3, "repository:other/app:pull,push", ""),
    (3, "registry:catalog:*", ""),
];

/// A provider with these people beside the strangers, and its client.
fn provider(client: &str, route: &str, claims: Claims, strangers: &[(&'static str, Value)]) -> OpenId {
    let provider = OpenId::start();
    provider.follow(clock());
    provider.client(client, Some(SECRET), &[&format!("{PUBLIC}{route}")]);
    for (name, groups) in PEOPLE {
        provider.user(name, claims(name, groups));
    }
    for (name, claims) in strangers {
        provider.user(name, claims.clone());
    }
    provider
}

/// A sample that has its people from `issuer`, which is here a double's, and some lines more.
struct Sample {
    name: &'static str,
    issuer: &'static str,
    client: &'static str,
    claims: Claims,
    /// Claims that are in the answer of userinfo alone.
    userinfo: &'static [&'static str],
    strangers: Vec<(&'static str, Value)>,
    more: &'static str,
    by_mail: bool,
}

impl Sample {
    fn serve(self) -> Asked {
        let route = "/oidc_auth";
        let provider = provider(self.client, route, self.claims, &self.strangers);
        provider.userinfo_only(self.userinfo);
        let line = format!("      issuer: \"{}\"", self.issuer);
        let instead = format!("      issuer: \"{}\"{}", provider.issuer(), self.more);
        let (site, server) = serve(self.name, &[(&line, instead)], &[]);
        let strangers = self.strangers.iter().map(|(name, _)| Person { route, name, account: name });
        Asked {
            server,
            _site: site,
            strangers: strangers.collect(),
            providers: vec![(route, Box::new(move |url, name| provider.sign_in(url, name)))],
            grants: grants(route, self.by_mail),
            chief: person(route, 0, self.by_mail),
        }
    }
}

fn person(route: &'static str, number: usize, by_mail: bool) -> Person {
    let mails = ["dana@example.com", "alice@example.com", "bob@example.com", "eve@example.com"];
    let name = PEOPLE[number].0;
    Person { route, name, account: if by_mail { mails[number] } else { name } }
}

fn grants(route: &'static str, by_mail: bool) -> Vec<(Person, &'static str, &'static str)> {
    GRANTS.iter().map(|(who, scope, granted)| (person(route, *who, by_mail), *scope, *granted)).collect()
}

fn mail(name: &str) -> String {
    format!("{name}@example.com")
}

/// Where the account is `preferred_username`: whoever has none, or one that no account can be.
fn nameless() -> Vec<(&'static str, Value)> {
    vec![
        ("mallory", json!({"email": mail("dana"), "email_verified": true, "groups": ["registry-admins"]})),
        ("empty", json!({"preferred_username": "", "groups": ["registry-admins"]})),
        ("several", json!({"preferred_username": ["dana"], "groups": ["registry-admins"]})),
    ]
}

/// Where the account is a mail: those that are elsewhere, and those that nobody vouches for.
fn foreign() -> Vec<(&'static str, Value)> {
    let admin = ["registry-admins"];
    let with =
        |mail: &str, verified: Value| json!({"email": mail, "email_verified": verified, "groups": admin});
    vec![
        ("mallory", with("mallory@evil.example", json!(true))),
        ("unverified", with("dana@example.com", json!(false))),
        ("unsaid", json!({"email": "dana@example.com", "groups": admin})),
        ("suffix", with("mallory@evil-example.com", json!(true))),
        ("below", with("mallory@sub.example.com", json!(true))),
    ]
}

/// Groups in the claim `groups`, the account in `preferred_username`.
fn plain(name: &str, groups: &[&str]) -> Value {
    json!({"preferred_username": name, "groups": groups})
}

pub(super) fn keycloak() -> Asked {
    Sample {
        name: "keycloak.yml",
        issuer: "https://keycloak.example.com/realms/acme",
        client: "dockgate",
        claims: |name, roles| json!({"preferred_username": name, "realm_access": {"roles": roles}}),
        userinfo: &["realm_access"],
        strangers: nameless(),
        more: "",
        by_mail: false,
    }
    .serve()
}

/// The subject is `oid` where the issuer is Microsoft's.
pub(super) fn entra_id() -> Asked {
    Sample {
        name: "entra-id.yml",
        issuer: "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0",
        client: "11111111-1111-1111-1111-111111111111",
        claims: |name, roles| json!({"preferred_username": name, "oid": format!("oid of {name}"), "roles": roles}),
        userinfo: &[],
        strangers: [nameless(), vec![("no-oid", json!({"preferred_username": "dana"}))]].concat(),
        more: "\n      subject_claim: \"oid\"",
        by_mail: false,
    }
    .serve()
}

pub(super) fn okta() -> Asked {
    Sample {
        name: "okta.yml",
        issuer: "https://acme.okta.com",
        client: "0oa0123456789abcdef",
        claims: plain,
        userinfo: &[],
        strangers: nameless(),
        more: "",
        by_mail: false,
    }
    .serve()
}

pub(super) fn auth0() -> Asked {
    let claims: Claims = |name, roles| {
        let roles_claim = "https://registry.example.com/roles";
        json!({"email": mail(name), "email_verified": true, roles_claim: roles, "groups": ["registry-admins"]})
    };
    Sample {
        name: "auth0.yml",
        issuer: "https://acme.eu.auth0.com/",
        client: "0123456789abcdefghijklmnopqrstuv",
        claims,
        userinfo: &[],
        strangers: foreign(),
        more: "",
        by_mail: true,
    }
    .serve()
}

pub(super) fn authentik() -> Asked {
    Sample {
        name: "authentik.yml",
        issuer: "https://authentik.example.com/application/o/dockgate/",
        client: "dockgate",
        claims: plain,
        userinfo: &[],
        strangers: nameless(),
        more: "",
        by_mail: false,
    }
    .serve()
}

pub(super) fn dex() -> Asked {
    Sample {
        name: "dex.yml",
        issuer: "https://dex.example.com",
        client: "dockgate",
        claims: |name, groups| json!({"email": mail(name), "email_verified": true, "groups": groups}),
        userinfo: &[],
        strangers: foreign(),
        more: "",
        by_mail: true,
    }
    .serve()
}

/// Groups are the directory's and no claim's; `hd` says whose somebody is.
pub(super) fn google() -> Asked {
    let directory = Google::start("example.com");
    directory.follow(clock());
    for (name, groups) in PEOPLE {
        directory.user(&mail(name));
        for group in
            groups.iter().filter(|group| group.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        {
            directory.join(&mail(name), &mail(group));
        }
    }
    directory.join(&mail("eve"), "registry-admins@evil.example");
    let route = "/google_auth";
    let of = |hd: Value, verified: bool| json!({"email": mail("dana"), "email_verified": verified, "hd": hd});
    let strangers = [
        ("mallory", of(json!("evil.example"), true)),
        ("private", of(Value::Null, true)),
        ("unverified", of(json!("example.com"), false)),
    ];
    let claims: Claims = |name, _| json!({"email": mail(name), "email_verified": true, "hd": "example.com", "groups": ["registry-admins@example.com"]});
    let client = "123456789012-abcdef.apps.googleusercontent.com";
    let provider = provider(client, route, claims, &strangers);
    let lines = [
        (
            "      domain: \"example.com\"",
            format!("      domain: \"example.com\"\n      issuer: \"{}\"", provider.issuer()),
        ),
        (
            "        admin: \"groups-reader@example.com\"",
            format!(
                "        admin: \"admin@example.com\"\n        directory_uri: \"{}\"",
                directory.server().url()
            ),
        ),
    ];
    let files = [("service-account.json", directory.key_file().to_string())];
    let (site, server) = serve("google.yml", &lines, &files);
    Asked {
        server,
        _site: site,
        strangers: strangers.iter().map(|(name, _)| Person { route, name, account: name }).collect(),
        providers: vec![(
            route,
            Box::new(move |url, name| {
                let _lives_as_long = &directory;
                provider.sign_in(url, name)
            }),
        )],
        grants: grants(route, true),
        chief: person(route, 0, true),
    }
}
