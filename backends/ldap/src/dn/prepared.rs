//! When two texts are the same to a directory.

use icu_normalizer::ComposingNormalizerBorrowed;

/// A text as it is compared (caseIgnoreMatch, RFC 4518): in lower case, composed (NFC), without spaces at its ends and
/// with runs of them as one. Compatibility forms stay different: `ﬁ` is not `fi`, though many directories take it so.
pub(crate) fn prepared(text: &str) -> String {
    let folded = if text.is_ascii() { text.to_ascii_lowercase() } else { folded(text) };
    if folded.bytes().any(|byte| byte == b' ') {
        let words: Vec<_> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        return words.join(" ");
    }
    folded
}

/// Whether two texts are the same to a directory that compares without case.
pub(crate) fn same_text(one: &str, other: &str) -> bool {
    prepared(one) == prepared(other)
}

fn folded(text: &str) -> String {
    let normalizer = ComposingNormalizerBorrowed::new_nfc();
    // Each character by itself: that a sigma stands at the end must not matter.
    let lower = |c: char| c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c });
    let lower: String = normalizer.normalize(text).chars().flat_map(lower).collect();
    normalizer.normalize(&lower).into_owned()
}
