#!/usr/bin/python3
"""Makes the password of an account one of the year 2001: aged.py SMB_CONF DN

Over LDAP nobody may say when a password was set; in the stopped server's own database the administrator may.
"""

import sys

import ldb
from samba import dsdb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

settings = LoadParm()
settings.load(sys.argv[1])
directory = SamDB(url=settings.private_path("sam.ldb"), session_info=system_session(), lp=settings)
change = ldb.Message(ldb.Dn(directory, sys.argv[2]))
change["set"] = ldb.MessageElement("126543168000000000", ldb.FLAG_MOD_REPLACE, "pwdLastSet")
directory.modify(change, controls=["local_oid:%s:0" % dsdb.DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID])
