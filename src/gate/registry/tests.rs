use super::*;

fn demanded(method: &str, target: &str) -> Result<String, &'static str> {
    let demand = read(Original { method, target, content_type: None }).map_err(|not| not.0)?;
    let scopes = demand.scopes().scopes;
    let scopes: Vec<_> = scopes.iter().map(|scope| format!("{}:{}", scope.resource, scope.actions)).collect();
    Ok(if scopes.is_empty() { "login".to_owned() } else { scopes.join(" ") })
}

#[test]
fn what_a_registry_demands() {
    let digest = format!("sha256:{}", "a".repeat(64));
    for (method, target, demand) in [
        ("GET", "/v2/", "login"),
        ("GET", "/v2", "login"),
        ("GET", "/v2/_catalog?n=10", "registry:catalog:*"),
        ("GET", "/v2/team/app/tags/list", "repository:team/app:pull"),
        ("HEAD", "/v2/app/manifests/latest", "repository:app:pull"),
        ("PUT", "/v2/app/manifests/latest", "repository:app:pull,push"),
        ("DELETE", "/v2/app/manifests/DIGEST", "repository:app:delete"),
        ("GET", "/v2/app/blobs/DIGEST", "repository:app:pull"),
        ("POST", "/v2/app/blobs/uploads/", "repository:app:pull,push"),
        (
            "POST",
            "/v2/app/blobs/uploads/?mount=DIGEST&from=other/app",
            "repository:app:pull,push repository:other/app:pull",
        ),
        ("POST", "/v2/app/blobs/uploads/?mount=DIGEST&from=app", "repository:app:pull,push"),
        ("PATCH", "/v2/app/blobs/uploads/1-2_3=?_state=x", "repository:app:pull,push"),
        ("GET", "/v2/app/referrers/DIGEST", "repository:app:pull"),
        ("GET", "/v1/repositories/team/app/tags", "repository:team/app:pull"),
        ("PUT", "/v1/repositories/app/tags/latest", "repository:library/app:pull,push"),
        ("POST", "/v1/users/", "login"),
    ] {
        let target = target.replace("DIGEST", &digest);
        assert_eq!(demanded(method, &target).as_deref(), Ok(demand), "{method} {target}");
    }
}
