#!/usr/bin/env python3
"""Decides by documents: one question (no argument), line by line (`lines`), or over HTTP (`http PORT`)."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PEOPLE = {"alice": ("alice-pass", []), "reader": ("reader-pass", ["pullers"])}


def who(asked):
    if asked["account"] not in PEOPLE:
        return {"decision": "no_match"}
    password, groups = PEOPLE[asked["account"]]
    if asked["password"] != password:
        return {"decision": "deny", "reason": "wrong password"}
    return {"decision": "allow", "labels": {"groups": groups}}


def may(asked):
    account, name = asked["identity"]["account"], asked["resource"]["name"]
    if account and name.startswith(account + "/"):
        return {"actions": asked["actions"]}
    pulls = "pullers" in asked["identity"]["labels"].get("groups", []) and not name.startswith("vault/")
    return {"actions": [action for action in asked["actions"] if pulls and action == "pull"]}


def answer(asked):
    return who(asked) if asked["question"] == "authenticate" else may(asked)


class Hook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(answer(asked)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


how = sys.argv[1:]
if not how:
    print(json.dumps(answer(json.load(sys.stdin))))
elif how[0] == "lines":
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps({"id": asked["id"], **answer(asked)}), flush=True)
else:
    server = ThreadingHTTPServer(("127.0.0.1", int(how[1])), Hook)
    print("listening", flush=True)
    server.serve_forever()
