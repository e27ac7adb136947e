//! The doubles of providers that cannot run here, held to what their originals publish of themselves.

mod description;
mod github;
