use proptest::prelude::*;
use regex::Regex;

use super::name::is_tag;
use super::*;

fn demanded_of(original: Original<'_>) -> Result<String, &'static str> {
    let demand = read(original).map_err(|not| not.0)?;
    let scopes = demand.scopes().scopes;
    let scopes: Vec<_> = scopes.iter().map(|scope| format!("{}:{}", scope.resource, scope.actions)).collect();
    Ok(if scopes.is_empty() { "login".to_owned() } else { scopes.join(" ") })
}

fn demanded(method: &str, target: &str) -> Result<String, &'static str> {
    demanded_of(Original { method, target, content_type: None })
}

fn each_demands(rows: &[(&str, &str, &str)]) {
    let digest = format!("sha256:{}", "a".repeat(64));
    for (method, target, demand) in rows {
        let target = target.replace("DIGEST", &digest).replace("IMAGE", &"0f".repeat(32));
        assert_eq!(demanded(method, &target).as_deref(), Ok(*demand), "{method} {target}");
    }
}

#[test]
fn what_a_registry_demands() {
    each_demands(&[
        ("GET", "/v2/", "login"),
        ("HEAD", "/v2", "login"),
        ("GET", "/v2/_catalog?n=10", "registry:catalog:*"),
        ("GET", "/v2/team/app/tags/list", "repository:team/app:pull"),
        ("HEAD", "/v2/app/manifests/latest", "repository:app:pull"),
        ("GET", "/v2/host.example.com:5000/app/manifests/1", "repository:host.example.com:5000/app:pull"),
        ("PUT", "/v2/app/manifests/latest", "repository:app:pull,push"),
        ("DELETE", "/v2/app/manifests/DIGEST", "repository:app:delete"),
        ("GET", "/v2/app/blobs/DIGEST", "repository:app:pull"),
        ("DELETE", "/v2/app/blobs/DIGEST", "repository:app:delete"),
        ("POST", "/v2/app/blobs/uploads/", "repository:app:pull,push"),
        ("POST", "/v2/app/blobs/uploads/?digest=DIGEST", "repository:app:pull,push"),
        ("PATCH", "/v2/app/blobs/uploads/1-2_3=?_state=x", "repository:app:pull,push"),
        ("GET", "/v2/app/blobs/uploads/1", "repository:app:pull"),
        ("DELETE", "/v2/app/blobs/uploads/1", "repository:app:delete"),
        ("GET", "/v2/app/referrers/DIGEST?artifactType=a%2Fb", "repository:app:pull"),
        ("GET", "/v2/%61pp/manifests/%6catest", "repository:app:pull"),
        ("GET", "/v2/app/blobs/sha256%3A0123456789abcdef0123456789abcdef", "repository:app:pull"),
    ]);
}

#[test]
fn who_takes_a_blob_over_reads_where_it_comes_from() {
    each_demands(&[
        (
            "POST",
            "/v2/app/blobs/uploads/?mount=DIGEST&from=other/app",
            "repository:app:pull,push repository:other/app:pull",
        ),
        (
            "POST",
            "/v2/app/blobs/uploads/?from=other%2Fapp&mount=sha256%3A0123456789abcdef0123456789abcdef&origin=h",
            "repository:app:pull,push repository:other/app:pull",
        ),
        (
            "POST",
            "/v2/app/blobs/uploads/?%66rom=other&m%6funt=DIGEST",
            "repository:app:pull,push repository:other:pull",
        ),
        ("POST", "/v2/app/blobs/uploads/?from=other", "repository:app:pull,push repository:other:pull"),
        ("POST", "/v2/app/blobs/uploads/?mount=DIGEST&from=app", "repository:app:pull,push"),
    ]);
}

#[test]
fn names_that_look_like_keywords_end_at_the_last_one() {
    each_demands(&[
        ("GET", "/v2/a/manifests/b/manifests/1", "repository:a/manifests/b:pull"),
        ("GET", "/v2/manifests/manifests/manifests", "repository:manifests:pull"),
        ("GET", "/v2/manifests/manifests/manifests/manifests", "repository:manifests/manifests:pull"),
        ("GET", "/v2/a/blobs/uploads/manifests/1", "repository:a/blobs/uploads:pull"),
        ("GET", "/v2/a/manifests/tags/list", "repository:a/manifests:pull"),
        ("GET", "/v2/a/tags/list/tags/list", "repository:a/tags/list:pull"),
        ("GET", "/v2/a/tags/list/manifests/list", "repository:a/tags/list:pull"),
        ("POST", "/v2/a/blobs/uploads/blobs/uploads/", "repository:a/blobs/uploads:pull,push"),
        ("PATCH", "/v2/a/blobs/uploads/blobs/uploads/x", "repository:a/blobs/uploads:pull,push"),
        ("GET", "/v2/a/blobs/uploads/blobs/DIGEST", "repository:a/blobs/uploads:pull"),
        ("GET", "/v2/v1/repositories/manifests/1", "repository:v1/repositories:pull"),
    ]);
}

#[test]
fn what_the_first_registry_would_have_demanded() {
    each_demands(&[
        ("GET", "/v1/_ping", "login"),
        ("GET", "/v1/", "login"),
        ("POST", "/v1/users/", "login"),
        ("GET", "/v1/users", "login"),
        ("GET", "/v1/search?q=a", "registry:catalog:*"),
        ("PUT", "/v1/repositories/app", "repository:library/app:pull,push"),
        ("PUT", "/v1/repositories/team/app/", "repository:team/app:pull,push"),
        ("DELETE", "/v1/repositories/team/app/", "repository:team/app:delete"),
        ("GET", "/v1/repositories/team/app/tags", "repository:team/app:pull"),
        ("GET", "/v1/repositories/team/app/images", "repository:team/app:pull"),
        ("PUT", "/v1/repositories/app/images", "repository:library/app:pull,push"),
        ("PUT", "/v1/repositories/app/tags/latest", "repository:library/app:pull,push"),
        ("GET", "/v1/repositories/app/tags/latest/json", "repository:library/app:pull"),
        ("PUT", "/v1/repositories/app/auth", "repository:library/app:pull,push"),
        ("GET", "/v1/images/IMAGE/layer", "registry:v1-images:pull"),
        ("PUT", "/v1/images/IMAGE/json", "registry:v1-images:pull,push"),
    ]);
}

/// It takes `team/tags` for a name where no route for `team` and its tags fits.
#[test]
fn what_the_first_registry_reads_in_another_way_is_refused() {
    for (method, path) in [
        ("PUT", "team/tags"),
        ("PUT", "team/json"),
        ("PUT", "team/images/"),
        ("PUT", "team/images/x"),
        ("PUT", "team/app/tags"),
        ("DELETE", "team/auth/"),
        ("DELETE", "team/json"),
        ("DELETE", "team/tags/"),
        ("GET", "team/tags/tags"),
        ("PUT", "team/tags/images"),
        ("GET", "tags/tags"),
        ("GET", "team/app"),
        ("POST", "team/app"),
        ("PUT", "team/app/more"),
    ] {
        let read = demanded(method, &format!("/v1/repositories/{path}"));
        assert!(read.is_err(), "{method} {path}: {read:?}");
    }
}

/// Every character is a byte.
#[derive(serde::Deserialize)]
struct Attack {
    name: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

/// What is wrong with the rest stands in their headers.
#[test]
fn attacks_by_method_and_target_are_no_requests() {
    let rows = include_str!("../../../tests/data/gate_attacks.jsonl").lines();
    let rows: Vec<Attack> = rows.map(|row| serde_json::from_str(row).unwrap()).collect();
    let content_type = |row: &Attack| {
        let mut types = row.headers.iter().filter(|(name, _)| name == "Content-Type");
        types.next_back().map(|(_, value)| value.clone())
    };
    let (mut refused, mut read) = (0, Vec::new());
    for row in &rows {
        let content_type = content_type(row);
        if row.headers.is_empty() || content_type.is_some() {
            let original =
                Original { method: &row.method, target: &row.target, content_type: content_type.as_deref() };
            match demanded_of(original) {
                Ok(demand) => read.push(format!("{}: {demand}", row.name)),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read.is_empty(), "{read:?}");
    assert!(refused > 150, "{refused}");
}

/// The grammar as distribution writes it.
struct Grammar {
    name: Regex,
    tag: Regex,
    digest: Regex,
    upload: Regex,
}

impl Grammar {
    fn new() -> Self {
        let component = "[a-z0-9]+(?:(?:[._]|__|[-]*)[a-z0-9]+)*";
        let host = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
        let domain = format!(r"{host}(?:\.{host})*(?::[0-9]+)?");
        let whole = |regex: &str| Regex::new(&format!(r"\A(?:{regex})\z")).unwrap();
        Self {
            name: whole(&format!("(?:{domain}/)?{component}(?:/{component})*")),
            tag: whole(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}"),
            digest: whole("[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][0-9A-Fa-f]{32,}"),
            upload: whole("[a-zA-Z0-9-_.=]+"),
        }
    }
}

/// Texts that are near the grammar's edges, and some that are not.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "0",
        "Z",
        "-",
        "--",
        "_",
        "__",
        "___",
        ".",
        "..",
        "/",
        "//",
        ":",
        "5000",
        "=",
        "+",
        "app",
        "sha256:",
        "0123456789abcdef",
        "0123456789abcdef0123456789abcdeF",
        "%2f",
        "%",
        " ",
        "\0",
        "ü",
        "\n",
        "~",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat()),
        "[a-z0-9._/-]{0,12}",
        "[A-Za-z0-9.:/-]{0,20}",
        any::<String>(),
        (120_usize..140).prop_map(|length| "t".repeat(length)),
        (250_usize..260).prop_map(|length| "n".repeat(length)),
    ]
}

/// Targets that are near a registry's.
fn targets() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "/",
        "//",
        "v2",
        "/v2/",
        "/v1/",
        "v1",
        "app",
        "/team/app",
        "/manifests/",
        "/blobs/",
        "/blobs/uploads/",
        "/tags/list",
        "/referrers/",
        "sha256:0123456789abcdef0123456789abcdef",
        "latest",
        "..",
        "/../",
        ".",
        "%2e",
        "%2f",
        "%61",
        "%25",
        "%00",
        "%",
        "?",
        "mount=",
        "&",
        "from=",
        "repositories",
        "/images/",
        "tags",
        "/_catalog",
        "\\",
        ";",
        "#",
        " ",
        "\t",
        "ü",
    ]);
    let near = prop::collection::vec(pieces, 0..10).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => near.clone().prop_map(|rest| format!("/v2/{rest}")), 2 => near, 1 => any::<String>()]
}

fn methods() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "get", ""])
}

proptest! {
    #[test]
    fn names_and_references_are_those_of_distribution(text in texts()) {
        let grammar = Grammar::new();
        let first = text.split('/').next().unwrap();
        // A host that only its capitals tell from a name.
        let is_mere_word = first.contains(|c: char| c.is_ascii_uppercase()) && !first.contains(['.', ':']);
        let is_theirs = text.len() <= 255 && grammar.name.is_match(&text);
        prop_assert_eq!(is_name(&text), is_theirs && !is_mere_word, "name");
        prop_assert_eq!(is_tag(&text), grammar.tag.is_match(&text), "tag");
        prop_assert_eq!(is_digest(&text), text.len() <= 255 && grammar.digest.is_match(&text), "digest");
        let is_step = matches!(text.as_str(), "." | "..");
        prop_assert_eq!(is_upload(&text), text.len() <= 512 && !is_step && grammar.upload.is_match(&text), "upload");
    }

    #[test]
    fn what_is_read_can_be_read_in_one_way_only(target in targets(), method in methods()) {
        let original = Original { method, target: &target, content_type: None };
        let Ok(demand) = read(original) else { return Ok(()) };
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let decoded = percent_decoded(path);
        prop_assert!(decoded.bytes().all(|byte| byte.is_ascii_graphic() && !b"%\\?#;".contains(&byte)));
        prop_assert_eq!(decoded.matches('/').count(), path.matches('/').count());
        let mut segments: Vec<&str> = decoded.split('/').skip(1).collect();
        if segments.last() == Some(&"") {
            segments.pop();
        }
        prop_assert!(segments.iter().all(|segment| !matches!(*segment, "" | "." | "..")), "{segments:?}");
        // Who decodes once more, or not at all, sees the same.
        let again = if query.is_empty() { decoded } else { format!("{decoded}?{query}") };
        prop_assert_eq!(read(Original { target: &again, ..original }), Ok(demand.clone()));
        for scope in demand.scopes().scopes {
            if scope.resource.kind == "repository" {
                prop_assert!(Grammar::new().name.is_match(&scope.resource.name));
            }
            prop_assert!(!scope.actions.is_empty());
        }
    }

    /// The name that distribution's greedy routes find is the name that is asked for.
    #[test]
    fn the_name_is_the_one_that_greedy_routes_find(
        name in "(?:manifests|blobs|uploads|tags|list|a)(?:/(?:manifests|blobs|uploads|tags|list|a)){0,4}",
        end in prop::sample::select(vec![
            "/manifests/1", "/manifests/list", "/tags/list", "/blobs/sha256:0123456789abcdef0123456789abcdef",
            "/blobs/uploads/x", "/blobs/uploads/list", "/referrers/sha256:0123456789abcdef0123456789abcdef",
        ]),
    ) {
        let read = demanded("GET", &format!("/v2/{name}{end}"));
        prop_assert_eq!(read, Ok(format!("repository:{name}:pull")));
    }
}

fn percent_decoded(path: &str) -> String {
    // A plus sign is itself in a path.
    let pair = format!("path={}", path.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).next().unwrap().1.into_owned()
}
