#!/bin/sh
# Says who somebody is, as a script of docker_auth does: "ACCOUNT SPACE PASSWORD" comes in, the exit code goes out.
IFS= read -r line || :
case "$line" in
    "alice alice-pass") ;;
    "reader reader-pass") echo '{"labels": {"groups": ["pullers"]}}' ;;
    "alice "* | "reader "*) exit 1 ;;
    *) exit 2 ;;
esac
