#!/usr/bin/env bash
# Measures what a login through a directory costs: benches/README.md.
#
#   ldap.sh [SECONDS [CONNECTIONS]]
#
# A slapd of its own with 1,000 users, whose passwords are salted SHA-1. Against it, in turns: the crate ldap3 alone, doing the
# same searches and binds on connections that stay; `ldap_auth` alone, with its pools; a whole dockgate, with HTTP, rules and a
# signed token for each login; and ldapwhoami, which makes a connection for each bind. DOCKGATE, LOAD, BARE and POOLED name
# other builds than the release builds of this tree. Everything listens on 127.0.0.1 and ends with the script.
set -euo pipefail

seconds=${1:-5} connections=${2:-16}
here=$(cd "$(dirname "$0")/.." && pwd)
die() {
    echo "ldap.sh: $*" >&2
    exit 2
}
[[ $seconds =~ ^[1-9][0-9]?$ && $connections =~ ^[1-9][0-9]?$ ]] || die "SECONDS and CONNECTIONS are numbers from 1 to 99"
PATH=$PATH:/usr/sbin
for tool in openssl python3 slapd slapadd ldapwhoami; do command -v "$tool" >/dev/null || die "$tool is missing"; done
[ -n "${DOCKGATE:-}" ] || (cd "$here" && cargo build --release --bin dockgate)
[ -n "${LOAD:-}" ] || (cd "$here" && cargo build --release -p dockgate-load)
[ -n "${BARE:-}" ] && [ -n "${POOLED:-}" ] || (cd "$here" && cargo build --release -p dockgate-ldap --examples)
dockgate=${DOCKGATE:-$here/target/release/dockgate} load=${LOAD:-$here/target/release/dockgate-load}
bare=${BARE:-$here/target/release/examples/bare_logins} pooled=${POOLED:-$here/target/release/examples/pooled_logins}

. "$here/benches/site.sh"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=load -days 2 -keyout "$site/key.pem" -out "$site/cert.pem" 2>/dev/null
printf service-password >"$site/bind.password"
mkdir "$site/db"
cat >"$site/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit 500
database mdb
suffix dc=example,dc=com
rootdn cn=service,dc=example,dc=com
rootpw service-password
directory $site/db
maxsize 104857600
index uid,objectClass eq
CONF
python3 - >"$site/people.ldif" <<'PYTHON'
import base64, hashlib, os
print("dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\no: example\ndc: example\n")
print("dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n")
for number in range(1000):
    salt = os.urandom(8)
    digest = hashlib.sha1(f"password{number}".encode() + salt).digest()
    password = base64.b64encode(b"{SSHA}" + base64.b64encode(digest + salt)).decode()
    print(f"dn: uid=user{number},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: user{number}\n"
          f"cn: User {number}\nsn: {number}\nuserPassword:: {password}\n")
PYTHON
slapadd -q -f "$site/slapd.conf" -l "$site/people.ldif"
port=$(free_port)
slapd -f "$site/slapd.conf" -h "ldap://127.0.0.1:$port/" -d 0 >"$site/logs/slapd" 2>&1 &
slapd=$!
pids+=("$slapd")
for ((tries = 0; tries < 100; tries++)); do
    ldapwhoami -x -H "ldap://127.0.0.1:$port" >/dev/null 2>&1 && break
    kill -0 "$slapd" 2>/dev/null || die "slapd does not start: $(cat "$site/logs/slapd")"
    sleep 0.1
done

cat >"$site/auth.yml" <<YML
server: {addr: "127.0.0.1:0"}
token: {issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}
authn:
  - ldap_auth:
      addr: "127.0.0.1:$port"
      bind_dn: cn=service,dc=example,dc=com
      bind_password_file: bind.password
      base: ou=people,dc=example,dc=com
      filter: "(uid=\${account})"
      pool: {max_connections: $connections}
authz: [{acl: [{match: {}, actions: [pull]}]}]
YML
(cd "$site" && exec "$dockgate" auth.yml) 2>"$site/logs/dockgate" &
server=$!
pids+=("$server")
says "$site/logs/dockgate" "$server" "address=" || { tail -n 20 "$site/logs/dockgate" >&2 && die "dockgate does not start"; }
ours=$(sed -n 's/.*address=127\.0\.0\.1:\([0-9]*\).*/\1/p' "$site/logs/dockgate" | head -n 1)

cpu() { awk '{print $14 + $15}' "/proc/$1/stat"; }

for round in 1 2 3; do
    printf '\n== round %s\n' "$round"
    before=$(cpu "$slapd")
    printf 'ldap3 alone   '
    "$bare" "ldap://127.0.0.1:$port" 1000 "$connections" "$seconds"
    printf 'slapd used %s ms of processor\n' "$((($(cpu "$slapd") - before) * 10))"
    before=$(cpu "$slapd")
    printf 'ldap_auth     '
    "$pooled" "127.0.0.1:$port" 1000 "$connections" "$seconds"
    printf 'slapd used %s ms of processor\n' "$((($(cpu "$slapd") - before) * 10))"
    before=$(cpu "$slapd")
    "$load" --url "http://127.0.0.1:$ours/auth?service=load&scope=repository:load/app:pull" --user 'user{n}:password{n}' \
        --accounts 1000 --seconds "$seconds" --rounds 1 --connections "$connections"
    printf 'slapd used %s ms of processor\n' "$((($(cpu "$slapd") - before) * 10))"
done

printf '\n== ldapwhoami, one after another\n'
started=$EPOCHREALTIME
for ((i = 0; i < 300; i++)); do
    ldapwhoami -x -H "ldap://127.0.0.1:$port" -D "uid=user$i,ou=people,dc=example,dc=com" -w "password$i" >/dev/null
done
ended=$EPOCHREALTIME
printf '%.1f ms each\n' "$(((${ended/./} - ${started/./}) / 300))e-3"
