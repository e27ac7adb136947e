# The image of dockgate: the program, the C library, nothing else; docs/install.md says how to run it.
#
#   docker build -t dockgate .                       # no shell in it
#   docker build -t dockgate:shell --target shell .  # with one, for hooks and programs of your own
#
# The images below it can be exchanged, and pinned by their digests, with --build-arg.
ARG BUILDER_IMAGE=docker.io/library/rust:1.95-slim-bookworm
# As old as the builder's, or younger: the program is linked to the builder's C library.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot
ARG SHELL_IMAGE=docker.io/library/debian:bookworm-slim
# `compiled` builds the program here; `given` takes the file `dockgate` of the context, which was built elsewhere.
ARG BINARY=compiled

# What other people's crates depend on, and nothing of what they do not: the layer that compiles them is built anew when
# a Cargo.toml or Cargo.lock changes, not with every line of ours.
FROM ${BUILDER_IMAGE} AS manifests
COPY . /source
WORKDIR /source
RUN set -eu; \
    find . -name '*.rs' ! -path '*/src/lib.rs' ! -path '*/src/main.rs' ! -path '*/src/bin/*' ! -path '*/benches/*' -delete; \
    find . -name '*.rs' | while read -r file; do echo 'fn main() {}' > "$file"; done; \
    find . -type f ! -name '*.rs' ! -name Cargo.toml ! -name Cargo.lock -delete; \
    find . -depth -type d -empty -delete; \
    chmod -R u=rwX,go=rX .

FROM ${BUILDER_IMAGE} AS compiled
# The profile of Cargo.toml; `release` optimises across all crates, which takes minutes and 3 GiB of memory.
ARG PROFILE=release
WORKDIR /source
COPY --from=manifests /source .
RUN cargo build --locked --profile "$PROFILE" --bin dockgate
COPY . .
# Older than the empty ones they replace, cargo would take these for built.
RUN set -eu; \
    find . -name '*.rs' ! -path './target/*' -exec touch {} +; \
    cargo build --locked --profile "$PROFILE" --bin dockgate; \
    find target -maxdepth 2 -name dockgate -type f -exec cp {} /dockgate \;

FROM scratch AS given
COPY dockgate /dockgate

FROM ${BINARY} AS binary

# Empty directories: a volume that is mounted there for the first time takes their owner over.
FROM scratch AS directories
WORKDIR /lib/dockgate
WORKDIR /run/dockgate

# For hooks: as the plain one, on a Debian. Programs of your own come in with a Dockerfile of yours, FROM this one.
FROM ${SHELL_IMAGE} AS shell
COPY --from=directories --chown=65532:65532 /lib/ /var/lib/
COPY --from=directories --chown=65532:65532 /run/ /run/
COPY --from=binary /dockgate /usr/bin/dockgate
USER 65532:65532
WORKDIR /
EXPOSE 5001
ENTRYPOINT ["/usr/bin/dockgate"]
CMD ["/config/auth_config.yml"]
LABEL org.opencontainers.image.title="dockgate" \
      org.opencontainers.image.description="Token authentication server for container registries, with a shell" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"

FROM ${RUNTIME_IMAGE} AS plain
# What is kept: signing keys that renew themselves, say. And sockets.
COPY --from=directories --chown=65532:65532 /lib/ /var/lib/
COPY --from=directories --chown=65532:65532 /run/ /run/
COPY --from=binary /dockgate /usr/bin/dockgate
# `nonroot` of distroless, which many policies know; by number, so that Kubernetes can see that it is not root.
USER 65532:65532
# Relative paths in docker_auth's form start here, as in its image.
WORKDIR /
EXPOSE 5001
ENTRYPOINT ["/usr/bin/dockgate"]
# Where docker_auth's image looks.
CMD ["/config/auth_config.yml"]
LABEL org.opencontainers.image.title="dockgate" \
      org.opencontainers.image.description="Token authentication server for container registries" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
