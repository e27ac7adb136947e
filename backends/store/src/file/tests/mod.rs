//! The store in a file, with real files.

mod full;
mod places;
mod survival;
mod time;

use std::path::Path;
use std::sync::Arc;

use dockgate_api::Store;
use dockgate_testkit::fakes::World;
use dockgate_testkit::store::conformance;

use super::*;

fn settings(directory: &Path, world: &World) -> FileSettings {
    let located = Located { location: Location::unknown(), index: None, value: directory.to_path_buf() };
    FileSettings::read(located, &world.build_context()).unwrap()
}

fn open(directory: &Path, world: &World) -> Arc<dyn Store> {
    settings(directory, world).open().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    conformance(open(directory.path(), &World::new())).await;
}
