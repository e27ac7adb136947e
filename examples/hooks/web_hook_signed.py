#!/usr/bin/python3 -I
"""A web hook that answers nobody but its own server: nothing is pushed to frozen repositories.

    authz:
      - http_authz:
          url: https://hooks.example.com/
          signing_key_file: /etc/dockgate/hook.key      # whsec_…: openssl rand -base64 32, with whsec_ in front
      - acl: [{match: {name: "${account}/**"}, actions: ["*"]}]

    web_hook_signed.py 8800 hook.key frozen.txt         # behind a proxy that speaks TLS; a repository a line

Requests are signed as the Standard Webhooks specification says: HMAC-SHA256 over "ID.TIMESTAMP.BODY".
"""

import base64
import hmac
import http.server
import json
import sys
import time

LONGEST = 1 << 20  # bytes of a question
OLDEST = 300  # seconds: what was recorded once is of no use later


def is_signed(key, headers, body, now):
    identifier, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and abs(now - int(timestamp)) <= OLDEST):
        return False
    digest = hmac.digest(key, f"{identifier}.{timestamp}.".encode() + body, "sha256")
    expected = "v1," + base64.b64encode(digest).decode()
    # Several while keys change; in constant time, which `==` is not.
    signatures = headers.get("webhook-signature", "").encode().split()
    return any([hmac.compare_digest(expected.encode(), signature) for signature in signatures])


def decide(frozen, question):
    writes = set(question["actions"]) - {"pull"}
    if question["resource"]["name"] in frozen and writes:
        return {"decision": "deny", "reason": "frozen"}
    return {"decision": "no_match"}


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120  # of a connection on which nothing happens

    def do_POST(self):
        length = int(self.headers.get("Content-Length", LONGEST + 1))
        body = self.rfile.read(length) if 0 <= length <= LONGEST else b""
        if not is_signed(read_key(), self.headers, body, time.time()):
            self.close_connection = True
            self.send_error(401)
            return
        with open(sys.argv[3], encoding="utf-8") as file:
            frozen = set(file.read().split())
        answer = json.dumps(decide(frozen, json.loads(body))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def read_key():
    with open(sys.argv[2], encoding="ascii") as file:
        return base64.b64decode(file.read().strip().removeprefix("whsec_"), validate=True)


if __name__ == "__main__":
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Hook)
    print(f"listening on http://127.0.0.1:{hook.server_port}/", flush=True)
    hook.serve_forever()
