#!/bin/sh
# A password against PAM: the accounts of the machine, sssd, RADIUS, or whatever the PAM service asks. With pamtester
# (Debian: pamtester).
#
#   authn:
#     - ext_auth:
#         command: /etc/dockgate/hooks/pam.sh
#         args: [dockgate]              # /etc/pam.d/dockgate
#
# The module decides what the server must be allowed: pam_unix wants root, or the group shadow, for accounts but its own.
# Exit codes as in htpasswd_file.sh. Where the service ends in pam_deny, as Debian's common-auth does, an unknown account
# looks like a wrong password: make this the last link, or let `accounts:` say whose it is.

PATH=/usr/local/bin:/usr/bin:/bin
# What went wrong is told in words only; in this language they do not change.
LC_ALL=C
export PATH LC_ALL

service=${1:-}
# PAM would take the service `other` instead, which may be anything; it looks for names in small letters only.
case $service in '' | *[A-Z]* | */*) service= ;; esac
if [ -z "$service" ] || [ ! -r "/etc/pam.d/$service" ]; then
    echo "there is no PAM service '${1:-}'" >&2
    exit 3
fi

# As in htpasswd_file.sh.
input=$(tr '\000' '\n' && printf .) || exit 3
input=${input%.}
case $input in *' '*) ;; *) echo "no ACCOUNT SPACE PASSWORD on standard input" >&2; exit 3 ;; esac
account=${input%% *}
password=${input#* }

# PAM would ask who it is.
[ -n "$account" ] || exit 2
# PAM asks for a line of up to 511 bytes; what stands behind it would not be looked at.
case $password in '' | *'
'*) exit 1 ;; esac
[ "${#password}" -lt 512 ] || exit 1

# acct_mgmt: an account that is locked or expired has a right password, too.
said=$(printf '%s\n' "$password" | pamtester "$service" "$account" authenticate acct_mgmt 2>&1 >/dev/null) && exit 0
case $said in
    *"User not known to the underlying authentication module") exit 2 ;;
    *"Authentication failure" | *"Permission denied" | *"User account has expired" | \
        *"Authentication token expired" | *"Authentication token is no longer valid; new one required" | \
        *"Have exhausted maximum number of retries for service") exit 1 ;;
    *) echo "pamtester: $said" >&2; exit 3 ;;
esac
