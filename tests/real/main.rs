//! Real registries and real clients against the server's own binary.
//!
//! Every test has its own server, registry, ports and directories, so they run side by side. What has to be
//! installed is listed in `components.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends by panicking, and so do its helpers"
)]

mod accounts;
mod acme;
mod api;
mod bare_image;
mod client;
mod clients;
mod clients_table;
mod components;
mod dockgate;
mod harness;
mod home;
mod image;
mod keys;
mod registry;
mod site;

use clients::skopeo; // as the other tests name it

mod anonymous;
mod articles;
mod attack;
mod behind_nginx;
mod book;
mod browser;
mod catalog;
mod client_certificates;
mod container;
mod delete;
mod device_login;
mod directory;
mod every_client;
mod forward_auth;
mod identity_tokens;
mod kubernetes;
mod life;
mod login;
mod logrotate;
mod matrix;
mod monitoring;
mod mount;
mod programs;
mod providers;
mod proxy_protocol;
mod push_and_pull;
mod quickstart_engine;
mod replicas;
mod rights;
mod rotation;
mod shown;
mod signing;
mod store;
mod systemd;
mod tls_from_outside;
mod users_file;
mod web_hooks;
