//! Which files a configuration comes from, and which configuration it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};

/// Enough to tell configurations apart, short enough to read out over the telephone.
const SHOWN_BYTES: usize = 8;

/// Gathered while a configuration is read.
pub(super) struct Origin {
    files: Vec<PathBuf>,
    texts: Context,
}

impl Origin {
    pub(super) fn new() -> Self {
        Self { files: Vec::new(), texts: Context::new(&SHA256) }
    }

    /// A file whose change may change the configuration; for a directory, what stands in it.
    pub(super) fn depends_on(&mut self, file: &Path) {
        if !self.files.iter().any(|known| known == file) {
            self.files.push(file.to_path_buf());
        }
    }

    /// A text that is part of the configuration. The length goes first, so that no two rows of texts look alike.
    pub(super) fn holds(&mut self, text: &str) {
        self.texts.update(&(text.len() as u64).to_be_bytes());
        self.texts.update(text.as_bytes());
    }

    /// The files, and the configuration's hash: the first eight bytes of the SHA-256 of its texts, as hexadecimal digits.
    /// It is taken before `${env:NAME}` is replaced, so that it gives no secret away.
    pub(super) fn finish(self) -> (Vec<PathBuf>, Arc<str>) {
        let digest = self.texts.finish();
        let hash: String =
            digest.as_ref().iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
        (self.files, hash.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(texts: &[&str]) -> String {
        let mut origin = Origin::new();
        for text in texts {
            origin.holds(text);
        }
        origin.finish().1.to_string()
    }

    #[test]
    fn equal_texts_have_equal_hashes_and_others_have_others() {
        assert_eq!(hash(&["ab", "c"]), hash(&["ab", "c"]));
        let all = [hash(&[]), hash(&[""]), hash(&["abc"]), hash(&["ab", "c"]), hash(&["a", "bc"])];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(one.len(), 16);
            assert!(!all[..at].contains(one), "{all:?}");
        }
    }

    #[test]
    fn a_file_counts_once() {
        let mut origin = Origin::new();
        for file in ["a", "b", "a"] {
            origin.depends_on(Path::new(file));
        }
        assert_eq!(origin.finish().0, [Path::new("a"), Path::new("b")]);
    }
}
