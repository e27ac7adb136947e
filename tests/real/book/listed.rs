//! Blocks that the runner leaves alone, each with the reason and the test that runs what it shows.

/// A block, by its page and its first line.
pub(super) struct Listed {
    pub(super) page: &'static str,
    pub(super) first_line: &'static str,
    pub(super) reason: &'static str,
    /// `FILE::FUNCTION`.
    pub(super) covered_by: &'static str,
}

const fn listed(
    page: &'static str,
    first_line: &'static str,
    reason: &'static str,
    covered_by: &'static str,
) -> Listed {
    Listed { page, first_line, reason, covered_by }
}

/// A build within a build would take half an hour.
const BUILDS: &str = "builds the workspace";

/// It would change the machine that runs the tests, where no systemd runs.
const OF_THE_MACHINE: &str = "makes files and accounts in this machine's places, and wants systemd";
const BASE_IMAGES: &str = "wants images of a registry in the network; the test packs ones of its own";
const CLUSTER: &str = "wants a cluster; the test renders and decodes what would go there";

pub(super) const LISTED: &[Listed] = &[
    listed(
        "README.md",
        "make run     # installs what is missing, builds, and serves a registry guarded by dockgate",
        BUILDS,
        "tests/it/cli/quickstart_registry.rs::a_registry_runs_beside_it_trusts_its_tokens_and_ends_with_it",
    ),
    listed(
        "README.md",
        "make test    # installs what the tests need and passes them, real registries and clients included",
        "it is what runs this",
        "tests/real/book/blocks.rs::every_shell_block_is_run_or_listed",
    ),
    listed(
        "examples/README.md",
        "cargo run --example custom_backend -- check FILE     # the configuration in the file's first lines",
        BUILDS,
        "tests/it/custom_backend.rs::the_server_lets_badges_in",
    ),
    listed(
        "benches/README.md",
        "cargo build --release -p dockgate-load",
        BUILDS,
        "tests/real/book/benches.rs::side_by_side_measures_what_the_page_says",
    ),
    listed(
        "benches/README.md",
        "DOCKER_AUTH=/path/to/auth_server benches/side_by_side.sh 100 ES256 4        # rules, algorithm, seconds of a round",
        "takes minutes, and a release build; the test takes short rounds, and debug builds",
        "tests/real/book/benches.rs::side_by_side_measures_what_the_page_says",
    ),
    listed(
        "benches/README.md",
        "dockgate CONFIG                       # server: {addr: \"127.0.0.1:5001\"}",
        "docker_auth is not installed by the tests; the script does the same",
        "tests/real/book/benches.rs::side_by_side_measures_what_the_page_says",
    ),
    listed(
        "benches/README.md",
        "cargo build --profile profiling",
        "wants a profiler, and the right to use it",
        "tests/real/book/benches.rs::the_profile_has_names_and_the_benches_use_it",
    ),
    listed(
        "docs/performance.md",
        "cargo build --release --bin dockgate",
        BUILDS,
        "tests/real/attack/guesses.rs::wrong_passwords",
    ),
    listed(
        "docs/install.md",
        "cargo build --release --locked",
        BUILDS,
        "tests/real/container/served.rs::a_registry_takes_the_tokens_of_a_container_that_can_do_nothing_else",
    ),
    listed(
        "docs/install.md",
        "install -D -m 0644 examples/systemd/sysusers.conf /etc/sysusers.d/dockgate.conf",
        OF_THE_MACHINE,
        "tests/real/systemd.rs::the_account_is_made",
    ),
    listed(
        "docs/install.md",
        "runuser -u dockgate -- dockgate check /etc/dockgate/dockgate.yml",
        OF_THE_MACHINE,
        "tests/real/systemd.rs::the_unit_is_understood_and_hardened",
    ),
    listed(
        "docs/install.md",
        "docker build -t dockgate .",
        BASE_IMAGES,
        "tests/real/container/served.rs::a_registry_takes_the_tokens_of_a_container_that_can_do_nothing_else",
    ),
    listed(
        "docs/install.md",
        "dockgate keys init keys",
        CLUSTER,
        "tests/real/kubernetes/mod.rs::dockgate_takes_the_configuration_in_it",
    ),
    listed(
        "examples/compose/README.md",
        "docker build -t dockgate ../..",
        BASE_IMAGES,
        "tests/real/container/composed.rs::the_example_of_compose_works_as_it_is_written",
    ),
    listed(
        "examples/compose/README.md",
        "docker login localhost:5000",
        BASE_IMAGES,
        "tests/real/container/composed.rs::the_example_of_compose_works_as_it_is_written",
    ),
    listed(
        "examples/kubernetes/README.md",
        "dockgate keys init keys",
        CLUSTER,
        "tests/real/kubernetes/mod.rs::the_chart_makes_what_it_made",
    ),
    listed(
        "docs/monitoring.md",
        "jq -c 'select(.event == \"token\") | {account, jti, scope: .granted[] | select(.actions == [])}' audit.log",
        "jq is somebody else's; the test holds the fields that it picks",
        "tests/it/audit/page.rs::every_field_of_a_scope_stands_on_the_page",
    ),
    listed(
        "examples/monitoring/README.md",
        "promtool check config prometheus.yml",
        "wants Prometheus, which its own test starts",
        "tests/real/monitoring.rs::promtool_finds_no_fault",
    ),
];
