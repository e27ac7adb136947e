//! regctl, which first asks for each layer from anywhere (`mount` without `from`): the gate says no to that.

use super::nginx::Nginx;
use super::site::{Gated, Mode};
use crate::accounts::ALICE;
use crate::components::REGCTL;
use crate::image::{Image, TAG};

const APP: &str = "alice/app:1";

#[test]
fn it_uploads_what_is_not_mounted_by_passwords() {
    uploads_what_is_not_mounted(Mode::Basic);
}

#[test]
fn it_uploads_what_is_not_mounted_by_tokens() {
    uploads_what_is_not_mounted(Mode::Bearer);
}

fn uploads_what_is_not_mounted(mode: Mode) {
    let Some(gated) = Gated::<Nginx>::start(mode, &[REGCTL]) else { return };
    let home = gated.home();
    let regctl = |words: &[&str]| home.run(home.command(REGCTL.program).args(words));
    regctl(&["registry", "login", "--user", ALICE.name, "--pass", ALICE.password, home.host()]).succeeds();
    let image = Image::of(&["first", "second"]);
    let layout = format!("ocidir://{}:{TAG}", home.written(&image).display());
    let pushed = regctl(&["-v", "debug", "image", "copy", &layout, &home.short(APP)]).succeeds();
    let asks = "/v2/alice/app/blobs/uploads/?mount=";
    assert!(!gated.accesses().iter().any(|access| access.target.starts_with(asks)), "{pushed}");
    let pulled = home.dir().join("pulled");
    regctl(&["image", "copy", &home.short(APP), &format!("ocidir://{}:{TAG}", pulled.display())]).succeeds();
    assert_eq!(Image::read(&pulled), image);
}
