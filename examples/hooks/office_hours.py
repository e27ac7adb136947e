#!/usr/bin/python3 -I
"""Nobody changes anything outside office hours; the links behind this one decide the rest.

    authz:
      - ext_authz:
          command: /etc/dockgate/hooks/office_hours.py
          args: [Europe/Berlin, 1-5, 8-18]      # time zone, days (1 is Monday), hours: from 8:00:00 to 17:59:59
          protocol: json
      - acl: [{match: {name: "${account}/**"}, actions: ["*"]}]

No answer may be remembered: at 18:00 the one of 17:59 is wrong. Hence "cache": false, whatever the configuration says.
What was signed at 17:59 lives to its end: `token.expiration` is how late a push may come.
"""

import datetime
import json
import sys
import zoneinfo


def is_open(now, days, hours):
    first, last = map(int, days.split("-"))
    begin, end = map(int, hours.split("-"))
    return first <= now.isoweekday() <= last and begin <= now.hour < end


def decide(question, now, days, hours):
    changes = set(question["actions"]) - {"pull"}
    if question["resource"]["type"] == "repository" and changes and not is_open(now, days, hours):
        reason = f"closed: days {days}, hours {hours}, and it is {now:%A %H:%M}"
        return {"decision": "deny", "reason": reason, "cache": False}
    return {"decision": "no_match", "cache": False}


if __name__ == "__main__":
    # An unknown zone is an error here. `TZ=… date` in a shell would take it for UTC.
    zone, days, hours = sys.argv[1:]
    now = datetime.datetime.now(zoneinfo.ZoneInfo(zone))
    print(json.dumps(decide(json.load(sys.stdin), now, days, hours)))
