//! A tiny image in OCI layout (OCI image specification 1.0, `image-layout.md`), so that there is something to push
//! where no other image can be had.

use std::fs;
use std::io;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

const BLOCK: usize = 512;

/// Writes the layout; its one image is tagged `latest`.
///
/// # Errors
/// The file system's.
pub(super) fn write(directory: &Path) -> io::Result<()> {
    // Never into somebody's directory.
    fs::create_dir(directory)?;
    let blobs = directory.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let layer = tar("hello.txt", b"Hello from behind dockgate.\n");
    let config = serde_json::to_vec(&json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [hash(&layer)]},
    }))?;
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
    }))?;
    let mut listed = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    if let Some(listed) = listed.as_object_mut() {
        listed.insert("annotations".to_owned(), json!({"org.opencontainers.image.ref.name": "latest"}));
    }
    for blob in [&layer, &config, &manifest] {
        let name = hash(blob);
        fs::write(blobs.join(name.trim_start_matches("sha256:")), blob)?;
    }
    fs::write(directory.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let index = json!({"schemaVersion": 2, "manifests": [listed]});
    fs::write(directory.join("index.json"), serde_json::to_vec(&index)?)
}

fn descriptor(media_type: &str, blob: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": hash(blob), "size": blob.len()})
}

fn hash(blob: &[u8]) -> String {
    format!("sha256:{}", HEXLOWER.encode(digest(&SHA256, blob).as_ref()))
}

/// An archive of one small file (POSIX.1-1988 ustar).
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(BLOCK);
    let mut field = |text: &str, width: usize| {
        let text = text.as_bytes();
        header.extend(text.iter().copied().chain(std::iter::repeat(0)).take(width));
    };
    field(name, 100);
    field("0000644", 8);
    field("0000000", 8);
    field("0000000", 8);
    field(&format!("{:011o}", content.len()), 12);
    field("00000000000", 12);
    field("        ", 8);
    field("0", 1);
    field("", 100);
    field("ustar", 6);
    field("00", 2);
    header.resize(BLOCK, 0);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    for (place, byte) in header.iter_mut().skip(148).zip(sum.bytes()) {
        *place = byte;
    }
    let mut archive = header;
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(BLOCK) + 2 * BLOCK, 0);
    archive
}
