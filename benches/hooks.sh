#!/usr/bin/env bash
# Measures what it costs to let a program or a web hook decide: benches/README.md.
#
#   hooks.sh [SECONDS [OPTION of dockgate-load ...]]
#
# One server with every way of asking, one after another: rules alone, /bin/sh and a Rust program once a question, Python
# once a question, a Python worker, a Python web hook. What they decide takes no time. Beside them: what it takes a shell to
# start the same programs one after another. DOCKGATE, LOAD and OWN_PLACE name other builds than the release builds of this
# tree. Everything listens on 127.0.0.1 and ends with the script.
set -euo pipefail

seconds=${1:-4}
shift "$(($# < 1 ? $# : 1))"
here=$(cd "$(dirname "$0")/.." && pwd)
die() {
    echo "hooks.sh: $*" >&2
    exit 2
}
[[ $seconds =~ ^[1-9][0-9]?$ ]] || die "SECONDS is a number from 1 to 99"
for tool in openssl python3; do command -v "$tool" >/dev/null || die "$tool is missing"; done
[ -n "${DOCKGATE:-}" ] || (cd "$here" && cargo build --release --bin dockgate)
[ -n "${LOAD:-}" ] || (cd "$here" && cargo build --release -p dockgate-load)
[ -n "${OWN_PLACE:-}" ] || (cd "$here" && cargo build --release --example own_place)
dockgate=${DOCKGATE:-$here/target/release/dockgate} load=${LOAD:-$here/target/release/dockgate-load}
own_place=${OWN_PLACE:-$here/target/release/examples/own_place}

. "$here/benches/site.sh"

openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=load -days 2 -keyout "$site/key.pem" -out "$site/cert.pem" 2>/dev/null
cp "$own_place" "$site/rust"
cat >"$site/sh" <<'SH'
#!/bin/sh
exit 0
SH
cat >"$site/python" <<'PYTHON'
#!/usr/bin/python3 -I
import json, sys
json.load(sys.stdin)
print('{"decision": "allow"}')
PYTHON
cat >"$site/worker" <<'PYTHON'
#!/usr/bin/python3 -I
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "decision": "allow"}), flush=True)
PYTHON
cat >"$site/hook" <<'PYTHON'
#!/usr/bin/python3 -I
import http.server, json
class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    def do_POST(self):
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "21")
        self.end_headers()
        self.wfile.write(b'{"decision": "allow"}')
    def log_message(self, *_):
        pass
hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
print(f"port={hook.server_port}", flush=True)
hook.serve_forever()
PYTHON
chmod 755 "$site"/{sh,python,worker,hook}

"$site/hook" >"$site/logs/hook" &
pids+=($!)
says "$site/logs/hook" $! port= || die "the web hook does not start"
hook_port=$(sed -n 's/^port=//p' "$site/logs/hook")

# name authz: one row.
measure() {
    local name=$1 log="$site/logs/$1.log" pid port
    printf 'server: {addr: "127.0.0.1:0"}\ntoken: {issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}\nauthn: [{users: {"": {}}}]\nauthz: [%s]\n' "$2" >"$site/$name.yml"
    (cd "$site" && exec "$dockgate" "$name.yml") 2>"$log" &
    pid=$!
    pids+=("$pid")
    says "$log" "$pid" "address=" || { tail -n 20 "$log" >&2 && die "dockgate does not start"; }
    port=$(sed -n 's/.*address=127\.0\.0\.1:\([0-9]*\).*/\1/p' "$log" | head -n 1)
    printf '\n== %s\n' "$name"
    "$load" --url "http://127.0.0.1:$port/auth?service=load&scope=repository:load/app:pull" --seconds "$seconds" --rounds 3 "${@:3}"
    kill "$pid" && wait "$pid" 2>/dev/null || true
}

measure rules '{acl: [{match: {}, actions: [pull]}]}' "$@"
measure sh '{ext_authz: {command: ./sh}}' "$@"
measure rust '{ext_authz: {command: ./rust, args: [home], protocol: json}}' "$@"
measure python '{ext_authz: {command: ./python, protocol: json}}' "$@"
measure worker '{ext_authz: {command: ./worker, protocol: lines, workers: 1}}' "$@"
measure workers '{ext_authz: {command: ./worker, protocol: lines, workers: 2}}' "$@"
measure web-hook "{http_authz: {url: \"http://127.0.0.1:$hook_port/\"}}" "$@"

printf '\n== starting them, from a shell, one after another\n'
for program in sh rust python; do
    started=$EPOCHREALTIME
    for ((i = 0; i < 500; i++)); do "$site/$program" home </dev/null >/dev/null 2>&1 || true; done
    ended=$EPOCHREALTIME
    printf '%-8s %6.0f us\n' "$program" "$(((${ended/./} - ${started/./}) / 500))"
done
