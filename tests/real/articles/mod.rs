//! The articles in `examples/articles`, each started as it stands there.
