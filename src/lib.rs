//! Token authentication server for container registries.
