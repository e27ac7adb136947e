//! placeholder
use super::{Certificate, PublicKey, SigningKey};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
/// placeholder
#[derive(Debug)]
pub struct ManagedKeys;
/// placeholder
#[derive(Debug)]
pub struct Current {
    #[allow(missing_docs)]
    pub leaf: SigningKey,
    #[allow(missing_docs)]
    pub previous: Option<PublicKey>,
    #[allow(missing_docs)]
    pub authorities: Vec<Certificate>,
    #[allow(missing_docs)]
    pub renew_at: SystemTime,
    #[allow(missing_docs)]
    pub notices: Vec<String>,
}
impl ManagedKeys {
    /// placeholder
    pub fn open(_: &Path) -> Result<Self, String> {
        Err("x".into())
    }
    /// placeholder
    pub fn current(&self, _: SystemTime, _: Duration) -> Result<Current, String> {
        Err("x".into())
    }
    /// placeholder
    pub fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}
