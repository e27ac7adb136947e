//! Real directories: `OpenLDAP`, Samba's Active Directory, 389 Directory Server; and the DNS that names them.
//!
//! Each test starts its own. Who is in them stands in `tests/data/directory`.

pub(crate) mod authority;
pub(crate) mod backend;
mod conformance;
mod crowd;
mod dns;
mod ds389;
mod ds389_logins;
mod failover;
mod groups;
mod ldap;
mod ldap_test;
mod logins;
mod outcomes;
mod pushes;
mod reload;
mod samba;
mod samba_conformance;
mod samba_groups;
mod samba_link;
mod samba_outcomes;
mod samba_references;
mod samba_registry;
mod samba_reload;
mod samba_samples;
mod samba_ways;
mod sample;
mod samples;
pub(crate) mod slapd;
mod srv;
pub(crate) mod tap;
mod tls;
mod trouble;
