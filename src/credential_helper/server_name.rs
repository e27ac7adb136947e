//! Under which name a server's credential is kept.

/// Docker Hub, as docker, podman and the registry itself call it.
const DOCKER_HUB: [&str; 3] = ["index.docker.io", "docker.io", "registry-1.docker.io"];

/// The host and port of a server, however a client writes it: with a scheme, with a path, in capitals. Clients compare
/// like that (docker's `ConvertToHostname`).
pub(crate) fn normalised(server: &str) -> String {
    let server = server.trim();
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    if DOCKER_HUB.contains(&host.as_str()) { "index.docker.io".to_owned() } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_however_it_is_written() {
        for (written, name) in [
            ("registry.example.com", "registry.example.com"),
            ("https://Registry.Example.com/v2/", "registry.example.com"),
            ("http://localhost:5000", "localhost:5000"),
            ("[::1]:5000/team", "[::1]:5000"),
            (" registry.example.com\n", "registry.example.com"),
            ("https://index.docker.io/v1/", "index.docker.io"),
            ("docker.io", "index.docker.io"),
            ("registry-1.docker.io", "index.docker.io"),
            ("", ""),
        ] {
            assert_eq!(normalised(written), name, "{written}");
        }
    }
}
