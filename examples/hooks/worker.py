#!/usr/bin/python3 -I
"""A worker that stays: who somebody is, and what they may do, by one file of people.

    authn:
      - ext_auth: {command: /etc/dockgate/hooks/worker.py, args: [/etc/dockgate/people.json], protocol: lines, workers: 2}
    authz:
      - ext_authz: {command: /etc/dockgate/hooks/worker.py, args: [/etc/dockgate/people.json], protocol: lines}

The file: {"alice": {"salt": HEX, "scrypt": HEX, "teams": ["web"]}}. `worker.py --hash` makes the first two of a password
on standard input. One question a line comes in, one answer a line goes out, in the order in which they are ready.
"""

import concurrent.futures
import hashlib
import hmac
import json
import os
import sys
import threading

THREADS = 4  # scrypt lets the others run; each takes 16 MiB
writing = threading.Lock()


def scrypt(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt, n=16384, r=8, p=1)


def authenticate(people, question):
    person = people.get(question["account"])
    if person is None:
        return {"decision": "no_match"}
    given = scrypt(question["password"], bytes.fromhex(person["salt"]))
    if not hmac.compare_digest(given, bytes.fromhex(person["scrypt"])):
        return {"decision": "deny", "reason": "wrong password"}
    return {"decision": "allow", "labels": {"teams": person["teams"]}}


def authorize(_people, question):
    teams = question["identity"]["labels"].get("teams", [])
    team, slash, _ = question["resource"]["name"].partition("/")
    if question["resource"]["type"] == "repository" and slash and team in teams:
        return {"actions": question["actions"], "reason": f"a repository of {team}"}
    return {"decision": "no_match"}


def answer(path, line):
    try:
        question = json.loads(line)
        with open(path, encoding="utf-8") as file:  # each time: who was taken out of it is out
            people = json.load(file)
        decide = {"authenticate": authenticate, "authorize": authorize}[question["question"]]
        text = json.dumps({"id": question["id"], **decide(people, question)})
    except Exception as error:
        # There is no answer for "I cannot tell". The end is one: everybody who waits gets 503, and a new worker starts.
        print(f"cannot answer: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    with writing:  # two threads must not write into one line
        print(text, flush=True)  # what stays in a buffer is an answer that never comes


def main(path):
    with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
        for line in sys.stdin:  # ends when the server closes it
            threads.submit(answer, path, line)


if __name__ == "__main__":
    if sys.argv[1] == "--hash":
        salt = os.urandom(16)
        print(json.dumps({"salt": salt.hex(), "scrypt": scrypt(sys.stdin.readline().rstrip("\n"), salt).hex()}))
    else:
        main(sys.argv[1])
