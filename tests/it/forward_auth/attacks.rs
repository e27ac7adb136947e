//! The table of attacks: whoever asks may do everything, and is refused all the same, by every preset.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request};
use serde::Deserialize;

use super::gate::{CLIENT, MANIFEST, SECRET, people, section};
use crate::support::{ALICE, Answer, Setup, TestServer, basic};

/// A line of the table. Every character is a byte.
#[derive(Deserialize)]
struct Attack {
    name: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

const PRESETS: [&str; 6] = ["nginx", "ingress-nginx", "traefik", "caddy", "envoy", "haproxy"];

fn attacks() -> Vec<Attack> {
    let rows = include_str!("../../data/gate_attacks.jsonl").lines();
    rows.map(|row| serde_json::from_str(row).unwrap_or_else(|error| panic!("{error}: {row}"))).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).expect("a byte")).collect()
}

/// What a proxy of that kind asks; none if no question of its can hold such bytes.
fn question(preset: &str, method: &str, target: &str, headers: &[(String, String)]) -> Option<Request<Body>> {
    let mut said = vec![("x-dockgate-secret", bytes(SECRET)), ("x-forwarded-for", bytes(CLIENT))];
    let mut line = ("GET".as_bytes().to_vec(), b"/forward-auth".to_vec());
    let (method, target) = (bytes(method), bytes(target));
    match preset {
        "nginx" | "haproxy" => said.extend([("x-original-method", method), ("x-original-uri", target)]),
        "ingress-nginx" => {
            let url = [b"https://registry.example.com", target.as_slice()].concat();
            said.extend([("x-original-method", method), ("x-original-url", url)]);
        }
        "traefik" | "caddy" => said.extend([("x-forwarded-method", method), ("x-forwarded-uri", target)]),
        // What reads the request line drops what stands behind it; Envoy refuses such paths itself.
        _ if target.contains(&b'#') => return None,
        _ => line = (method, [line.1, target].concat()),
    }
    let mut request = Request::builder().method(line.0.as_slice()).uri(line.1.as_slice());
    for (name, value) in said {
        request = request.header(name, HeaderValue::from_bytes(&value).ok()?);
    }
    request = request.header("authorization", basic(ALICE.0, ALICE.1));
    for (name, value) in headers {
        request =
            request.header(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(&bytes(value)).ok()?);
    }
    request.body(Body::empty()).ok()
}

fn almighty(preset: &str) -> TestServer {
    let section = section(&format!("preset: {preset}"));
    TestServer::of(Setup::new(format!("{section}{}acl: [{{match: {{}}, actions: ['*']}}]\n", people())))
}

fn ask(server: &TestServer, request: Request<Body>) -> Answer {
    server.send(request, Some([127, 0, 0, 1].into()))
}

#[test]
fn every_row_is_refused_by_every_preset() {
    let attacks = attacks();
    assert!(attacks.len() > 200, "{}", attacks.len());
    for preset in PRESETS {
        let server = almighty(preset);
        let (mut asked, mut wrong) = (0, Vec::new());
        for attack in &attacks {
            let Some(question) = question(preset, &attack.method, &attack.target, &attack.headers) else {
                continue;
            };
            asked += 1;
            let answer = ask(&server, question);
            // Envoy's question is at another path then, where no gate is.
            let is_elsewhere = preset == "envoy" && answer.status == 404;
            if !is_elsewhere && (answer.status, answer.header("x-auth-user")) != (403, "") {
                wrong.push(format!("{}: {}", attack.name, answer.status));
            }
        }
        assert!(wrong.is_empty(), "{preset}: {wrong:#?}");
        assert!(asked > attacks.len() * 4 / 5, "{preset}: only {asked} could be asked");
        // The table proves something only if all else is as it should be.
        let sound = ask(&server, question(preset, "GET", MANIFEST, &[]).unwrap());
        assert_eq!((sound.status, sound.header("x-auth-user")), (200, "alice"), "{preset}");
    }
}

/// A row of the table is no other row.
#[test]
fn rows_have_names_of_their_own() {
    let mut names: Vec<String> = attacks().into_iter().map(|attack| attack.name).collect();
    let number = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), number);
}
