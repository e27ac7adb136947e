//! The articles in `examples/articles`, each started as it stands there.

mod composed;
mod docker_auth_compose;
mod mongodb_labels;
mod push_group;
mod read_write_control;
mod registry_docs_direct;
mod site;
