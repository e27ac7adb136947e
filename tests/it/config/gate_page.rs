//! docs/forward-auth.md says of requests and of proxies what the gate makes of them.

use dockgate::gate::{Original, Preset, Source, registry};

const PAGE: &str = include_str!("../../../docs/forward-auth.md");

/// The rows of the table below a heading, each as its cells.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, below) = PAGE.split_once(heading).unwrap_or_else(|| panic!("no {heading:?}"));
    let rows = below.lines().skip_while(|row| !row.starts_with('|')).take_while(|row| row.starts_with('|'));
    rows.skip(2).map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// What stands in a cell between marks of code.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn a_request_demands_what_the_page_says() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let mut seen = 0;
    for row in table("## What a request demands") {
        let [requests, demands] = row.as_slice() else { panic!("{row:?}") };
        for (method, path) in code(requests).filter_map(|request| request.split_once(' ')) {
            let target =
                path.replace("NAME", "team/app").replace("REFERENCE", "1.0").replace("DIGEST", &digest);
            let read = registry::read(Original { method, target: &target, content_type: None });
            let demand = read.unwrap_or_else(|not| panic!("{method} {target}: {not:?}"));
            let scopes = demand.scopes().scopes;
            let scopes = scopes.iter().map(|scope| format!("{}:{}", scope.resource, scope.actions));
            let told: Vec<String> = code(demands).map(|scope| scope.replace("NAME", "team/app")).collect();
            assert_eq!(scopes.collect::<Vec<_>>(), told, "{method} {target}");
            seen += 1;
        }
    }
    assert!(seen >= 12, "only {seen} requests");
}

#[test]
fn a_preset_says_it_where_the_page_says() {
    let rows = table("## Proxy by proxy");
    assert_eq!(rows.len(), 6, "{rows:?}");
    for row in rows {
        let [_, preset, places] = row.as_slice() else { panic!("{row:?}") };
        let name = code(preset).next().unwrap();
        let preset: Preset = serde_json::from_value(name.into()).unwrap();
        let told: Vec<String> = code(places).map(str::to_lowercase).collect();
        match preset.headers().source {
            Source::Headers { method, uri, .. } => {
                assert_eq!(told, [method.as_str(), uri.as_str()], "{name}");
            }
            Source::RequestLine => assert!(places.contains("request line"), "{name}: {places}"),
        }
    }
}
