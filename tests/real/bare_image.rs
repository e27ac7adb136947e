//! Images that cannot be had without a network, made of programs of this machine and what they are linked to.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::clients::docker::Docker;

/// Imports an image of `programs`, each with its place in there, under `name`. `scratch` is a directory of its own.
pub(crate) fn import(docker: &Docker, scratch: &Path, programs: &[(&Path, &str)], change: &str, name: &str) {
    let root = scratch.join("root");
    let copy = |from: &Path, to: &str| {
        let to = root.join(to.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    for (program, place) in programs {
        copy(program, place);
        for library in libraries(program) {
            copy(Path::new(&library), &library);
        }
    }
    pack(docker, &root, change, name);
}

/// The same with nothing but what `program` is linked to, and the directories of a file system.
pub(crate) fn import_base(
    docker: &Docker,
    scratch: &Path,
    programs: &[(&Path, &str)],
    of: &Path,
    name: &str,
) {
    let root = scratch.join("root");
    for directory in ["run", "var/lib"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    for library in libraries(of) {
        let place = root.join(library.trim_start_matches('/'));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&library, place).unwrap();
    }
    import(docker, scratch, programs, "ENV PATH=/usr/bin:/bin", name);
}

/// None, if it is linked to nothing.
fn libraries(program: &Path) -> Vec<String> {
    let linked = Command::new("ldd").arg(program).output().unwrap();
    let linked = String::from_utf8_lossy(&linked.stdout).into_owned();
    linked.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect()
}

fn pack(docker: &Docker, root: &Path, change: &str, name: &str) {
    let archive = root.with_extension("tar");
    let packed = Command::new("tar").arg("-C").arg(root).arg("-cf").arg(&archive).arg(".").status().unwrap();
    assert!(packed.success());
    docker.run(&["import", "--change", change, archive.to_str().unwrap(), name]).succeeds();
}
