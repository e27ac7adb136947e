//! From attributes to labels.
