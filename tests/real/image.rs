//! Tiny images, written and read as OCI image layouts. An image's bytes depend on its words only.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Where docker says what is in an archive.
const DOCKER_MANIFEST: &str = "manifest.json";
pub(crate) const TAG: &str = "latest";

/// An image's files, each as `NAME:MEDIA-TYPE`.
pub(crate) struct Files {
    pub(crate) dir: PathBuf,
    pub(crate) config: String,
    pub(crate) layers: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Image {
    config: Vec<u8>,
    layers: Vec<Vec<u8>>,
}

impl Image {
    /// One layer a word. Images with a word in common share a layer.
    pub(crate) fn of(words: &[&str]) -> Self {
        let layers: Vec<Vec<u8>> =
            words.iter().map(|word| tar(&format!("{word}.txt"), word.as_bytes())).collect();
        let diff_ids: Vec<String> = layers.iter().map(|layer| digest_of(layer)).collect();
        let rootfs = json!({"type": "layers", "diff_ids": diff_ids});
        let config = json!({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs});
        Self { config: config.to_string().into_bytes(), layers }
    }

    /// What podman calls the image's id: the digest of its config.
    pub(crate) fn id(&self) -> String {
        digest_of(&self.config)
    }

    pub(crate) fn layer_digest(&self, layer: usize) -> String {
        digest_of(&self.layers[layer])
    }

    /// What it was made of.
    pub(crate) fn words(&self) -> Vec<String> {
        self.layers.iter().map(|layer| word(layer)).collect()
    }

    pub(crate) fn write(&self, layout: &Path) {
        self.write_as(layout, &json!({REF_NAME: TAG}));
    }

    /// A layout that docker reads too, and that containerd's clients load under the name `name`.
    pub(crate) fn write_named(&self, layout: &Path, name: &str) {
        let (_, tag) = name.rsplit_once(':').unwrap();
        self.write_as(layout, &json!({REF_NAME: tag, "io.containerd.image.name": name}));
        let blob = |content: &[u8]| format!("blobs/{}", digest_of(content).replace(':', "/"));
        let layers: Vec<String> = self.layers.iter().map(|layer| blob(layer)).collect();
        let images = json!([{"Config": blob(&self.config), "RepoTags": [name], "Layers": layers}]);
        fs::write(layout.join(DOCKER_MANIFEST), images.to_string()).unwrap();
    }

    /// The config and the layers as files of their own.
    pub(crate) fn write_files(&self, dir: &Path) -> Files {
        fs::create_dir_all(dir).unwrap();
        let store = |name: &str, media_type: &str, content: &[u8]| {
            fs::write(dir.join(name), content).unwrap();
            format!("{name}:{media_type}")
        };
        let layers =
            self.layers.iter().map(|layer| store(&format!("{}.tar", word(layer)), LAYER, layer)).collect();
        Files { dir: dir.to_owned(), config: store("config.json", CONFIG, &self.config), layers }
    }

    fn write_as(&self, layout: &Path, annotations: &Value) {
        let blobs = layout.join("blobs/sha256");
        fs::create_dir_all(&blobs).unwrap();
        let store = |media_type: &str, content: &[u8]| {
            let digest = digest_of(content);
            fs::write(blobs.join(digest.trim_start_matches("sha256:")), content).unwrap();
            json!({"mediaType": media_type, "digest": digest, "size": content.len()})
        };
        let layers: Vec<Value> = self.layers.iter().map(|layer| store(LAYER, layer)).collect();
        let config = store(CONFIG, &self.config);
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        let mut descriptor = store(MANIFEST, manifest.to_string().as_bytes());
        descriptor["annotations"] = annotations.clone();
        let index = json!({"schemaVersion": 2, "manifests": [descriptor]});
        fs::write(layout.join("index.json"), index.to_string()).unwrap();
        fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    }

    /// Reads a layout or an unpacked archive of docker's, with one image of uncompressed layers.
    pub(crate) fn read(layout: &Path) -> Self {
        if let Ok(images) = fs::read(layout.join(DOCKER_MANIFEST)) {
            let images: Value = serde_json::from_slice(&images).unwrap();
            let file = |path: &Value| fs::read(layout.join(path.as_str().unwrap())).unwrap();
            let layers = images[0]["Layers"].as_array().unwrap().iter().map(file).collect();
            return Self { config: file(&images[0]["Config"]), layers };
        }
        let blob = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap();
            fs::read(layout.join("blobs").join(digest.replace(':', "/"))).unwrap()
        };
        let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
        let manifest: Value = serde_json::from_slice(&blob(&index["manifests"][0])).unwrap();
        let layers = manifest["layers"].as_array().unwrap().iter().map(blob).collect();
        Self { config: blob(&manifest["config"]), layers }
    }
}

fn digest_of(content: &[u8]) -> String {
    let digest = digest(&SHA256, content);
    digest.as_ref().iter().fold(String::from("sha256:"), |text, byte| format!("{text}{byte:02x}"))
}

const BLOCK: usize = 512;

/// The word that a layer was made of: the content of its file, of which the name is the word as well.
fn word(layer: &[u8]) -> String {
    let content = layer[BLOCK..2 * BLOCK].split(|byte| *byte == 0).next().unwrap();
    String::from_utf8(content.to_vec()).unwrap()
}

/// A ustar archive of one file, shorter than a block.
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}\0", content.len());
    let fields: [(usize, &[u8]); 8] = [
        (0, name.as_bytes()),
        (100, b"0000644\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, size.as_bytes()),
        (136, b"00000000000\0"),
        (148, b"        0"), // the checksum counts as spaces; then the type: a file
        (257, b"ustar\x0000"),
    ];
    let mut header = vec![0; BLOCK];
    for (offset, field) in fields {
        put(&mut header, offset, field);
    }
    let checksum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut header, 148, format!("{checksum:06o}\0 ").as_bytes());
    let mut archive = header;
    archive.extend_from_slice(content);
    archive.resize(4 * BLOCK, 0); // the header, the file, and two empty blocks, which end the archive
    archive
}

fn put(header: &mut [u8], offset: usize, field: &[u8]) {
    header[offset..offset + field.len()].copy_from_slice(field);
}
