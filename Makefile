# The two commands of the README, and what they are made of.

.PHONY: run test components lint deny docs pictures prove bench load

# Installs what is missing, builds, and serves a registry guarded by dockgate.
run:
	tests/real/install.sh quickstart
	cargo run -- quickstart --with-registry

# Installs what the tests need and passes them, the real registry and clients included.
test: components
	cargo test --workspace --all-targets
	cargo test --workspace --doc

components:
	tests/real/install.sh

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

# Other people's crates: which may not be here, their licences, where they come from (deny.toml).
deny:
	cargo fetch --locked
	PATH="$(CURDIR)/target/components/bin:$$PATH" \
	    cargo deny --offline --locked check --hide-inclusion-graph bans licenses sources

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# The pictures of the page in the book, taken anew.
pictures: components
	UPDATE_PICTURES=1 cargo test --test real -- browser::pictures

# How long things take; see benches/README.md.
bench:
	cargo bench --workspace --bench '*'

# The index of rules against the list, a million random lists: half an hour. Escapes, filters, names and the guard in front
# of directories' answers, with a hundred thousand of each.
prove:
	PROPTEST_CASES=1000000 cargo test --release -p dockgate-rules --lib index
	PROPTEST_CASES=100000 cargo test --release -p dockgate-ldap --lib

# A running server, and docker_auth beside it if DOCKER_AUTH names its program.
RULES ?= 100
ALGORITHM ?= ES256
ROUND ?= 4
load:
	benches/side_by_side.sh $(RULES) $(ALGORITHM) $(ROUND)
