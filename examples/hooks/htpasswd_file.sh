#!/bin/sh
# A password against an htpasswd file, with Apache's own program (Debian: apache2-utils).
#
#   authn:
#     - ext_auth:
#         command: /etc/dockgate/hooks/htpasswd_file.sh
#         args: [/etc/dockgate/users.htpasswd]
#
# Standard input is ACCOUNT SPACE PASSWORD, without a line's end. Exit code: 0 it is they, 1 a wrong password, 2 nobody
# of that name. Everything else is an error, and neither in nor out.
# A shell without `set -e`: it would end with the code of whatever failed, and 1 and 2 are answers.

PATH=/usr/local/bin:/usr/bin:/bin
LC_ALL=C
export PATH LC_ALL

file=${1:-}
[ -r "$file" ] || { echo "cannot read the file '$file'" >&2; exit 3; }

# A variable would lose a NUL, and line ends at its end. The one becomes a line end here, and the dot keeps the others.
input=$(tr '\000' '\n' && printf .) || exit 3
input=${input%.}
case $input in *' '*) ;; *) echo "no ACCOUNT SPACE PASSWORD on standard input" >&2; exit 3 ;; esac
account=${input%% *}
password=${input#* }

# Nobody in particular is nobody in the file.
[ -n "$account" ] || exit 2
# htpasswd takes off a line end, and bcrypt what stands behind 72 bytes: passwords that are not the right one would do.
case $password in '' | *'
'*) exit 1 ;; esac
[ "${#password}" -le 72 ] || exit 1

# `printf` is the shell's own: a program's arguments can be read by every user of the machine.
said=$(printf '%s' "$password" | htpasswd -v -i "$file" "$account" 2>&1)
case $? in
    0) exit 0 ;;
    3) exit 1 ;;
    6) exit 2 ;;
    *) echo "htpasswd: $said" >&2; exit 3 ;;
esac
