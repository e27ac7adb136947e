#!/usr/bin/python3 -I
"""A password against a web API, and the groups that it names as labels.

    authn:
      - ext_auth:
          command: /etc/dockgate/hooks/groups_from_api.py
          args: ["https://api.example.com/me"]
          protocol: json
          cache: {ttl: 60s}             # the API is asked once a minute for each person, not at each pull

The API takes the account's own password (Basic) and answers {"login": "alice", "groups": ["dev"]}; 401 says that the
password is wrong, 404 that nobody has this name. Rules see the groups: match: {labels: {groups: "dev"}}.

Whatever else happens ends this program with a message and exit code 1, which under `protocol: json` is an error: 503.
"""

import base64
import json
import sys
import urllib.error
import urllib.request

LONGEST = 1 << 20  # bytes of an answer
SECONDS = 5  # less than `timeout`, so that the log says what was slow


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """The password would go along to wherever the answer points."""

    def redirect_request(self, *args):
        return None


def decide(api, account, password):
    # In Basic the account ends at the first colon: `alice:x` with `y` would be `alice` with `x:y`.
    if not account or ":" in account:
        return {"decision": "no_match"}
    basic = base64.b64encode(f"{account}:{password}".encode()).decode()
    request = urllib.request.Request(api, headers={"Authorization": f"Basic {basic}"})
    try:
        with urllib.request.build_opener(NoRedirects).open(request, timeout=SECONDS) as answer:
            person = json.loads(answer.read(LONGEST))
    except urllib.error.HTTPError as error:
        if error.code == 401:
            return {"decision": "deny", "reason": "the API says that the password is wrong"}
        if error.code == 404:
            return {"decision": "no_match"}
        raise
    # Some know people under several names; rules are written for one.
    if person["login"] != account:
        return {"decision": "deny", "reason": f"the API calls this account {person['login']}"}
    return {"decision": "allow", "labels": {"groups": person["groups"]}}


if __name__ == "__main__":
    question = json.load(sys.stdin)
    print(json.dumps(decide(sys.argv[1], question["account"], question["password"])))
