#!/bin/sh
# Installs the registry and the clients that the tests and the quickstart use, where they are missing.
# Debian and its kin, as root; elsewhere it says what is missing.
set -eu

missing=""
for pair in docker-registry:docker-registry skopeo:skopeo podman:podman openssl:openssl; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0
case " $missing " in *" podman "*) missing="$missing crun" ;; esac
case " $missing " in *" skopeo "* | *" podman "*) missing="$missing golang-github-containers-common" ;; esac

if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
    echo "missing:$missing -- install them with your package manager (Debian: apt-get install$missing)" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A first try now and then reads a broken archive; the second is good.
# shellcheck disable=SC2086
apt-get install -qq -y --no-install-recommends $missing >/dev/null ||
    apt-get install -qq -y --no-install-recommends $missing >/dev/null
