//! What a configuration file may say, and what it is told when it may not.

mod articles;
mod attacks;
mod directories;
mod docker_auth;
mod docker_auth_examples;
mod docker_auth_rules;
mod gate_page;
mod gates;
mod reference;
mod reference_page;
pub(crate) mod refusal;
mod refused_acme;
mod refused_audit;
mod refused_chains;
mod refused_doors;
mod refused_files;
mod refused_keys;
mod refused_lockout;
mod refused_outbound;
mod refused_sections;
mod refused_store;
mod refused_together;
mod refused_users;
mod refused_yaml;
mod samples;
mod sign_ins;
mod token_dbs;
