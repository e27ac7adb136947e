//! placeholder
use std::path::PathBuf;
/// placeholder
#[derive(Debug)]
pub struct Watcher;
impl Watcher {
    /// placeholder
    pub fn new(_: impl IntoIterator<Item = PathBuf>) -> Self {
        Self
    }
    /// placeholder
    pub async fn changed(&mut self) {
        std::future::pending::<()>().await;
    }
}
