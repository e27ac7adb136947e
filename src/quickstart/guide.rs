//! What a new user types next.

use std::fmt;

use dockgate_api::secrecy::ExposeSecret;

use super::Directory;
use super::files::Users;

/// What is said of the directory.
pub(crate) struct Welcome<'a> {
    pub(crate) directory: &'a Directory,
    /// Only for a directory that was just made: nobody can say them later.
    pub(crate) users: Option<&'a Users>,
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.directory.root().display();
        match self.users {
            Some(users) => writeln!(
                f,
                "Made {root}. These passwords are shown once and kept nowhere:\n\n  \
                 admin   {}\n  reader  {}",
                users.admin.expose_secret(),
                users.reader.expose_secret()
            ),
            None => writeln!(
                f,
                "Kept {root} as it is, its ports included. A lost password: `dockgate hash`, then put the line into \
                 dockgate.yml."
            ),
        }
    }
}

/// What a new user types next.
pub(crate) struct Guide<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) auth_port: u16,
    pub(crate) registry_port: u16,
    pub(crate) registry_runs: bool,
}

impl fmt::Display for Guide<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (root, registry) = (self.directory.root().display(), self.registry_port);
        writeln!(
            f,
            "The registry's settings (complete in {root}/registry.yml):\n\n  \
             auth:\n    token:\n      \
             realm: http://localhost:{}/auth\n      \
             service: registry\n      \
             issuer: dockgate quickstart\n      \
             rootcertbundle: {}\n",
            self.auth_port,
            self.directory.bundle().display()
        )?;
        let compose = std::fs::read_to_string(self.directory.root().join("compose.yml")).unwrap_or_default();
        writeln!(f, "The same as a container ({root}/compose.yml):\n")?;
        for line in compose.lines().filter(|line| !line.starts_with('#')) {
            writeln!(f, "  {line}")?;
        }
        if self.registry_runs {
            writeln!(f, "\nA registry runs on localhost:{registry}. In another terminal:\n")?;
        } else {
            writeln!(
                f,
                "\nIn another terminal, start a registry, one of:\n\n  \
                 docker-registry serve {root}/registry.yml    # upstream calls it registry\n  \
                 docker compose -f {root}/compose.yml up -d\n\n\
                 Then:\n"
            )?;
        }
        let image = self.directory.image();
        let image = image.display();
        writeln!(
            f,
            "  skopeo login --tls-verify=false -u admin localhost:{registry}\n  \
             skopeo copy --dest-tls-verify=false oci:{image}:latest docker://localhost:{registry}/public/hello:1\n  \
             skopeo logout localhost:{registry}\n  \
             skopeo copy --src-tls-verify=false docker://localhost:{registry}/public/hello:1 dir:/tmp/hello    # nobody in particular may pull it\n\n\
             The same with docker:\n\n  \
             docker login -u admin localhost:{registry}\n  \
             docker tag IMAGE localhost:{registry}/admin/app:1 && docker push localhost:{registry}/admin/app:1\n\n\
             `reader` may pull everything and push below reader/. Who may do what stands in {root}/dockgate.yml.\n\
             Ctrl-C stops."
        )
    }
}
