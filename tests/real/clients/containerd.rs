//! The engine behind docker, ctr and nerdctl.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use crate::components::CONTAINERD;
use crate::harness::process::Process;
use crate::home::Home;

/// The limit of its clients.
pub(crate) const MOUNTS_OR_NOTHING: &str = "it remembers where its engine pulled the layers from and asks to mount \
    them; when the registry refuses that, it gives up instead of sending them. Cure: the right to pull there, or \
    another client";

/// A containerd that runs as long as somebody holds this.
#[derive(Clone)]
pub(crate) struct Containerd {
    _process: Rc<Process>,
    pub(crate) socket: PathBuf,
}

impl Containerd {
    pub(crate) fn start(home: &Home) -> Self {
        let dir = home.path("containerd");
        fs::create_dir(&dir).unwrap();
        let socket = dir.join("sock");
        let place = dir.display();
        // Its places of its own would be one for the machine.
        let config = format!(
            "version = 2\nroot = \"{place}/root\"\nstate = \"{place}/state\"\n\
             disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
             [grpc]\naddress = \"{}\"\n\
             [plugins.\"io.containerd.internal.v1.opt\"]\npath = \"{place}/opt\"\n",
            socket.display(),
        );
        fs::write(dir.join("config.toml"), config).unwrap();
        let mut containerd = Command::new(CONTAINERD.program);
        let process = Process::start(containerd.args(["--config", "config.toml"]), &dir, "containerd");
        Self { _process: Rc::new(process.ready("containerd successfully booted")), socket }
    }
}
