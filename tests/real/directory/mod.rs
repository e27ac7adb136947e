//! Real directories: `OpenLDAP`, Samba's Active Directory, 389 Directory Server; and the DNS that names them.
//!
//! Each test starts its own. Who is in them stands in `tests/data/directory`.

mod authority;
mod backend;
mod conformance;
mod crowd;
mod dns;
mod ds389;
mod failover;
mod groups;
mod ldap;
mod logins;
mod outcomes;
mod samba;
mod slapd;
mod srv;
mod tap;
mod tls;
mod trouble;
