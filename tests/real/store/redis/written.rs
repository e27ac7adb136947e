//! What is wrong with a section is told where it stands.

use ::dockgate::config::yaml;
use dockgate_api::config::KeyPath;
use dockgate_store::{StoreConfig, StoreHandle};
use dockgate_testkit::fakes::build_context;

/// What is said of a section `redis`, whose first line is the second of the file.
fn problems(redis: &str) -> String {
    let lines: String = redis.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("redis:\n{lines}");
    let node = yaml::parse("store.yml", &text, &mut Vec::new()).unwrap();
    let path = KeyPath::root().key("store");
    let problems = match node.decode::<StoreConfig>(&path) {
        Ok(config) => match StoreHandle::new(config, &build_context()) {
            Ok(_) => Vec::new(),
            Err(error) => error.into_problems(&node, &path),
        },
        Err(problems) => problems,
    };
    // What records are signed with is no part of this.
    let problems = problems.iter().map(ToString::to_string).filter(|problem| !problem.contains("secret"));
    problems.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_problem_names_its_place() {
    let cases = [
        ("addr: redis.example.com", ""),
        ("addr: a\ntls: true", ""),
        ("addr: a\ntls: false", ""),
        ("addr: a\ntls: {server_name: redis.example.com}", ""),
        ("cluster: [a, b]", ""),
        ("addr: redis://u:Secret1@a", "store.yml:2:9: store.redis.addr: this is a URL"),
        ("addr: a\nprefix: \"{\"", "store.yml:3:11: store.redis.prefix: write 1 to 64"),
        ("cluster: [a, a]", "store.yml:2:16: store.redis.cluster: a:6379 is there twice"),
        ("addr: a\ntls:\n  certificate: c", "store.yml:4:18: store.redis.tls.certificate: `key` is missing"),
        ("addr: a\ntls:\n  insecure: true", "unknown field `insecure`"),
        ("addr: a\ntls: perhaps", "store.redis.tls: "),
        ("addr: a\nurl: x", "store.redis.url"),
        ("addr: a\ndurability: some", "store.yml:3:15: store.redis.durability: "),
        ("addr: a\ntimeouts: {answer: 2d}", "store.redis.timeouts.answer: "),
        ("username: u", "store.redis.username: its password is missing"),
        ("database: 1", "store.redis: say where Redis is"),
    ];
    for (section, part) in cases {
        let said = problems(section);
        assert!(!said.contains("Secret1"), "{said}");
        if part.is_empty() {
            assert_eq!(said, "", "{section}");
        } else {
            assert!(said.contains(part), "{section}: {said}");
        }
    }
}
