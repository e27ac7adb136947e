#!/usr/bin/env bash
# Measures dockgate, and docker_auth beside it, under the same configuration: benches/README.md.
#
#   side_by_side.sh [RULES [ES256|RS256 [SECONDS [OPTION of dockgate-load ...]]]]
#
# DOCKER_AUTH names the auth_server of docker_auth, DOCKGATE another dockgate and LOAD another dockgate-load than those of
# this tree; USERS is how many accounts there are; REUSE is dockgate's `token.reuse`, such as 5s; TLS is ECDSA or RSA, the
# kind of certificate with which both serve https to a new client for every token. Both servers listen on 127.0.0.1 only,
# and end with the script.
set -euo pipefail

rules=${1:-100} algorithm=${2:-ES256} seconds=${3:-4}
shift "$(($# < 3 ? $# : 3))"
users=${USERS:-1} tls=${TLS:-} reuse=${REUSE:-} docker_auth=${DOCKER_AUTH:-}
here=$(cd "$(dirname "$0")/.." && pwd)
dockgate=${DOCKGATE:-$here/target/release/dockgate}

die() {
    echo "side_by_side.sh: $*" >&2
    exit 2
}
[[ $rules =~ ^[1-9][0-9]{0,5}$ ]] || die "RULES is a number from 1 to 999999"
[[ $users =~ ^[1-9][0-9]{0,3}$ ]] || die "USERS is a number from 1 to 9999"
case $algorithm in
    ES256) new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256) ;;
    RS256) new_key=(-newkey rsa:2048) ;;
    *) die "the algorithm is ES256 or RS256, which both servers have" ;;
esac
command -v openssl >/dev/null || die "openssl is missing; it makes the key"
[ -z "$docker_auth" ] || [ -x "$docker_auth" ] || die "$docker_auth is no program; DOCKER_AUTH names docker_auth's auth_server"

[ -n "${DOCKGATE:-}" ] || (cd "$here" && cargo build --release --bin dockgate)
[ -n "${LOAD:-}" ] || (cd "$here" && cargo build --release -p dockgate-load)
load=${LOAD:-$here/target/release/dockgate-load}

[[ $reuse =~ ^([0-9]+s)?$ ]] || die "REUSE is a time such as 5s"

. "$here/benches/site.sh"

openssl req -x509 -nodes "${new_key[@]}" -subj /CN=load -days 2 -keyout "$site/key.pem" -out "$site/cert.pem" 2>/dev/null

scheme=http host=127.0.0.1 server_keys="" options=()
if [ -n "$tls" ]; then
    case $tls in
        ECDSA) tls_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256) ;;
        RSA) tls_key=(-newkey rsa:2048) ;;
        *) die "TLS is ECDSA or RSA" ;;
    esac
    # Two certificates, as people have: a client is shown a leaf and trusts who issued it.
    openssl req -x509 -nodes "${tls_key[@]}" -subj "/CN=load CA" -days 2 -keyout "$site/ca.key" -out "$site/ca.pem" 2>/dev/null
    openssl req -nodes "${tls_key[@]}" -subj /CN=localhost -keyout "$site/tls.key" -out "$site/tls.csr" 2>/dev/null
    openssl x509 -req -in "$site/tls.csr" -CA "$site/ca.pem" -CAkey "$site/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName=DNS:localhost") -out "$site/tls.pem" 2>/dev/null
    scheme=https host=localhost options=(--ca "$site/ca.pem" --new-connection)
    server_keys=", certificate: \"$site/tls.pem\", key: \"$site/tls.key\""
fi

# Rules of five kinds, none of which fits what is asked; the last one does.
acl() {
    local n
    for ((n = 1; n < rules; n++)); do
        case $((n % 5)) in
            0) echo "  - {match: {account: \"dev$n\"}, actions: [\"*\"]}" ;;
            1) echo "  - {match: {name: \"team$n/*\"}, actions: [\"pull\", \"push\"]}" ;;
            2) echo "  - {match: {account: \"/^ci-$n-[0-9]+\$/\", name: \"builds/*\"}, actions: [\"pull\"]}" ;;
            3) echo "  - {match: {account: \"ops*\", name: \"\${account}/tools$n\"}, actions: [\"pull\"]}" ;;
            4) echo "  - {match: {ip: \"192.0.2.$((n % 255))\", name: \"mirror$n/*\"}, actions: [\"pull\"]}" ;;
        esac
    done
    echo '  - {match: {account: "/^user[0-9]+$/", name: "load/*"}, actions: ["pull"]}'
}

# The parts that are the same for both.
{
    echo "users:"
    for ((n = 0; n < users; n++)); do
        echo "  user$n: {password: \"$(printf 'password%s' "$n" | "$dockgate" hash --cost 5)\"}"
    done
    echo "acl:"
    acl
} >"$site/common.yml"

# port name more: `more` stands behind the keys of `token`.
config() {
    {
        echo "server: {addr: \"127.0.0.1:$1\"$server_keys}"
        echo "token: {issuer: load, expiration: 900, certificate: \"$site/cert.pem\", key: \"$site/key.pem\"${3:-}}"
        cat "$site/common.yml"
    } >"$site/$2.yml"
}

config 0 dockgate "${reuse:+, reuse: $reuse}"
# Else whoever guesses is refused after a few tries, which docker_auth does not do, and so are those who are right.
echo "lockout: {enabled: false}" >>"$site/dockgate.yml"
"$dockgate" "$site/dockgate.yml" 2>"$site/logs/dockgate.log" &
pids+=($!)
says "$site/logs/dockgate.log" $! "address=" || { tail -n 20 "$site/logs/dockgate.log" >&2 && die "dockgate does not start"; }
ports=("$(sed -n 's/.*address=127\.0\.0\.1:\([0-9]*\).*/\1/p' "$site/logs/dockgate.log" | head -n 1)")

if [ -z "$docker_auth" ]; then
    echo "DOCKER_AUTH is not set: dockgate is measured alone (benches/README.md)" >&2
else
    # It does not say which port it got: one after another is tried.
    for ((try = 1; try <= 20; try++)); do
        port=$((20000 + RANDOM % 10000))
        config "$port" docker_auth
        "$docker_auth" -logtostderr "$site/docker_auth.yml" >/dev/null 2>"$site/logs/docker_auth.log" &
        pids[1]=$!
        if says "$site/logs/docker_auth.log" "${pids[1]}" "Serving on"; then
            ports+=("$port")
            break
        fi
        kill "${pids[1]}" 2>/dev/null || true
        grep -q "address already in use" "$site/logs/docker_auth.log" || break
    done
    [ "${#ports[@]}" = 2 ] || { tail -n 20 "$site/logs/docker_auth.log" >&2 && die "docker_auth does not start"; }
fi

asked="/auth?service=load&scope=repository:load/app:pull"

# port: asks for a token as user0, and prints the answer.
exchange() {
    local request
    request=$(printf 'GET %s HTTP/1.0\r\nHost: localhost\r\nAuthorization: Basic %s\r\n\r\n.' "$asked" "$(printf user0:password0 | base64)")
    if [ -n "$tls" ]; then
        # The input stays open until the answer is there: at its end openssl would hang up.
        { printf '%s' "${request%.}"; sleep 2; } |
            openssl s_client -quiet -connect "127.0.0.1:$1" -servername localhost -CAfile "$site/ca.pem" 2>/dev/null || true
    else
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf '%s' "${request%.}" >&3
        cat <&3
        exec 3>&-
    fi
}

# port: the claims of a token for user0.
claims() {
    local part
    part=$(exchange "$1" | sed -n 's/.*"token": *"[^.]*\.\([^.]*\)\..*/\1/p' | tr -- '-_' '+/')
    printf '%s==' "$part" | base64 -d 2>/dev/null || true
}

arguments=(--user 'user{n}:password{n}' --accounts "$users" --seconds "$seconds")
for index in "${!pids[@]}"; do
    claims "${ports[index]}" | grep -q '"actions":\["pull"\]' || die "no token with pull from the server on port ${ports[index]}"
    arguments+=(--url "$scheme://$host:${ports[index]}$asked" --pid "${pids[index]}")
done

echo "$rules rules, $algorithm, $users users, bcrypt 5${tls:+, TLS $tls}; first dockgate$([ "${#pids[@]}" = 1 ] || echo ", second docker_auth")"
"$load" "${arguments[@]}" "${options[@]}" "$@"
