#!/usr/bin/env bash
# Measures what a request costs that has to ask the gate first: benches/README.md.
#
#   gate.sh [SECONDS [CONNECTIONS]]
#
# One nginx in front of an upstream that answers at once, five ways: open; with its own auth_basic (bcrypt, cost 10, and cost 5
# as old guides have it); with auth_basic and the trick of user names that begin with `admin`, as a subrequest; with the gate
# by password (the same bcrypt hash of cost 10); with the gate by a token (ES256). All by the same client, in turns, three
# times. DOCKGATE names another build than the release build of this tree. Everything listens on 127.0.0.1 and ends with the
# script.
set -euo pipefail

seconds=${1:-5} connections=${2:-16}
here=$(cd "$(dirname "$0")/.." && pwd)
die() {
    echo "gate.sh: $*" >&2
    exit 2
}
[[ $seconds =~ ^[1-9][0-9]?$ && $connections =~ ^[1-9][0-9]?$ ]] || die "SECONDS and CONNECTIONS are numbers from 1 to 99"
PATH=$PATH:/usr/sbin
for tool in ab curl htpasswd nginx openssl python3; do command -v "$tool" >/dev/null || die "$tool is missing"; done
[ -n "${DOCKGATE:-}" ] || (cd "$here" && cargo build --release --bin dockgate)
dockgate=${DOCKGATE:-$here/target/release/dockgate}

. "$here/benches/site.sh"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

secret=$(openssl rand -hex 32)
openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=load -days 2 -keyout "$site/key.pem" -out "$site/cert.pem" 2>/dev/null
hash=$(htpasswd -nbB -C 10 "" badmin | tr -d ':\n')
printf 'admin:%s\n' "$hash" >"$site/cost10"
printf 'admin:%s\n' "$(htpasswd -nbB -C 5 "" badmin | tr -d ':\n')" >"$site/cost5"
chmod 711 "$site" && chmod 644 "$site"/cost*
cat >"$site/auth.yml" <<YML
server: {addr: "127.0.0.1:0"}
token: {issuer: bench, expiration: 3600, certificate: cert.pem, key: key.pem}
forward_auth:
  preset: nginx
  mode: both
  service: registry
  secret: $secret
  trusted_proxies: [127.0.0.1]
  public_url: http://localhost
authn: [{users: {admin: {password: "$hash"}}}]
authz: [{acl: [{match: {account: admin}, actions: ["*"]}]}]
YML
(cd "$site" && exec "$dockgate" auth.yml) 2>"$site/logs/dockgate" &
gate=$!
pids+=("$gate")
says "$site/logs/dockgate" "$gate" "address=" || { tail -n 20 "$site/logs/dockgate" >&2 && die "dockgate does not start"; }
gate_port=$(sed -n 's/.*address=127\.0\.0\.1:\([0-9]*\).*/\1/p' "$site/logs/dockgate" | head -n 1)

read -r open cost5 cost10 prefix gated upstream < <(for _ in 1 2 3 4 5 6; do free_port; done | tr '\n' ' ' && echo)
cat >"$site/nginx.conf" <<CONF
daemon off;
master_process off;
pid $site/nginx.pid;
error_log $site/logs/error warn;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $site/body; proxy_temp_path $site/proxy; fastcgi_temp_path $site/fastcgi;
  uwsgi_temp_path $site/uwsgi; scgi_temp_path $site/scgi;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  upstream registry { server 127.0.0.1:$upstream; keepalive 64; }
  upstream gate { server 127.0.0.1:$gate_port; keepalive 64; }
  server { listen 127.0.0.1:$upstream; location / { return 200; } }
  server { listen 127.0.0.1:$open; location / { proxy_pass http://registry; } }
  server {
    listen 127.0.0.1:$cost5;
    location / { auth_basic registry; auth_basic_user_file $site/cost5; proxy_pass http://registry; }
  }
  server {
    listen 127.0.0.1:$cost10;
    location / { auth_basic registry; auth_basic_user_file $site/cost10; proxy_pass http://registry; }
  }
  server {
    listen 127.0.0.1:$prefix;
    auth_basic registry; auth_basic_user_file $site/cost10;
    location / { auth_request /_auth; proxy_pass http://registry; }
    location = /_auth {
      internal;
      if (\$remote_user ~ "^admin(-.*)?\$") { return 200; }
      if (\$request_method ~ "^(GET|HEAD)\$") { return 200; }
      return 403;
    }
  }
  server {
    listen 127.0.0.1:$gated;
    location / { auth_request /_gate; proxy_pass http://registry; }
    location = /_gate {
      internal;
      proxy_pass http://gate/forward-auth;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_set_header X-Dockgate-Secret $secret;
      proxy_set_header X-Original-Method \$request_method;
      proxy_set_header X-Original-URI \$request_uri;
      proxy_set_header X-Forwarded-For \$remote_addr;
    }
  }
}
CONF
nginx -e "$site/logs/error" -p "$site" -c "$site/nginx.conf" >"$site/logs/nginx" 2>&1 &
nginx=$!
pids+=("$nginx")
target=/v2/team/app/manifests/1
for ((tries = 0; tries < 100; tries++)); do
    curl -fsS -m 5 -o /dev/null "http://127.0.0.1:$open$target" 2>/dev/null && break
    kill -0 "$nginx" 2>/dev/null || die "nginx does not start: $(cat "$site/logs/nginx" "$site/logs/error")"
    sleep 0.1
done

basic="Authorization: Basic $(printf admin:badmin | base64)"
token=$(curl -fsS -m 5 -u admin:badmin "http://127.0.0.1:$gate_port/auth?service=registry&scope=repository:team/app:pull,push" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')

cpu() { awk '{print $14 + $15}' "/proc/$1/stat"; }

# name port header: the line of one way.
measure() {
    local status before_nginx before_gate answer count
    status=$(curl -s -m 10 -o /dev/null -w '%{http_code}' -H "$3" "http://127.0.0.1:$2$target")
    [ "$status" = 200 ] || die "$1: $status instead of 200"
    before_nginx=$(cpu "$nginx") before_gate=$(cpu "$gate")
    answer=$(ab -q -k -c "$connections" -t "$seconds" -n 100000000 -H "$3" "http://127.0.0.1:$2$target" 2>&1)
    count=$(awk '/^Complete requests/ {print $3}' <<<"$answer")
    ! grep -q 'Non-2xx\|^Failed requests: *[1-9]' <<<"$answer" || die "$1: not all were let through: $answer"
    awk -v name="$1" -v count="$count" -v nginx="$(($(cpu "$nginx") - before_nginx))" -v gate="$(($(cpu "$gate") - before_gate))" \
        -v rate="$(awk '/^Requests per second/ {print $4}' <<<"$answer")" -v half="$(awk '/^ *50%/ {print $2}' <<<"$answer")" \
        -v most="$(awk '/^ *99%/ {print $2}' <<<"$answer")" \
        'BEGIN {printf "%-32s %9.0f requests/s  %8.0f us nginx  %6.0f us dockgate  %4d ms half  %4d ms 99%%\n", name, rate, nginx * 10000 / count, gate * 10000 / count, half, most}'
}

for round in 1 2 3; do
    printf '\n== round %s, %s connections\n' "$round" "$connections"
    measure "open" "$open" "$basic"
    measure "auth_basic, bcrypt cost 5" "$cost5" "$basic"
    measure "auth_basic, bcrypt cost 10" "$cost10" "$basic"
    measure "auth_basic and admin prefix" "$prefix" "$basic"
    measure "gate, password (bcrypt cost 10)" "$gated" "$basic"
    measure "gate, token (ES256)" "$gated" "Authorization: Bearer $token"
done
