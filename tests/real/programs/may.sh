#!/bin/sh
# Says yes or no to everything that is asked of one repository at once, as a script of docker_auth does.
IFS= read -r asked || :
field() { printf '%s\n' "$asked" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
account=$(field Account) name=$(field Name)
case "$account" in
    "") ;;
    *) case "$name" in "$account"/*) exit 0 ;; esac ;;
esac
case "$asked" in
    *'"Actions":["pull"],'*'"groups":["pullers"]'*) case "$name" in vault/*) ;; *) exit 0 ;; esac ;;
esac
exit 1
