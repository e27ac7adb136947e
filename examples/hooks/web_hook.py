#!/usr/bin/python3 -I
"""A web hook in twenty lines: robots, by tokens of 32 random bytes.

    authn: [{http_auth: {url: "http://127.0.0.1:8800/"}}]
    authz: [{http_authz: {url: "http://127.0.0.1:8800/"}}]

    web_hook.py 8800 robots.json        # {"ci-web": SHA-256 of the token in hexadecimal digits}

Whoever reaches the port may guess tokens: let it listen on a loopback address, or take web_hook_signed.py.
"""

import hashlib
import hmac
import http.server
import json
import sys


def decide(robots, question):
    if question["question"] == "authenticate":
        if question["account"] not in robots:
            return {"decision": "no_match"}
        given = hashlib.sha256(question["password"].encode()).hexdigest()
        return {"decision": "allow" if hmac.compare_digest(given, robots[question["account"]]) else "deny"}
    kind, name = question["resource"]["type"], question["resource"]["name"]
    own = kind == "repository" and question["identity"]["account"] == "ci-" + name.split("/")[0]
    return {"decision": "allow" if own else "no_match"}


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # the server keeps its connections
    disable_nagle_algorithm = True  # else every answer waits for 40 ms

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open(sys.argv[2], encoding="utf-8") as file:
            answer = json.dumps(decide(json.load(file), question)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)  # an exception on the way closes the connection: an error, not an answer


if __name__ == "__main__":
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Hook)
    print(f"listening on http://127.0.0.1:{hook.server_port}/", flush=True)
    hook.serve_forever()
