use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use dockgate_api::Dialect;
use dockgate_api::config::{Location, Node};
use dockgate_testkit::fakes::build_context;

use super::*;

fn found(command: &str, cx: &BuildContext) -> Result<PathBuf, String> {
    let location = Location::new("auth.yml", 3, 5);
    let command = Located { location, index: None, value: command.to_owned() };
    find(&command, OsStr::new("/bin:/usr/bin"), cx).map_err(|remark| remark.message)
}

#[test]
fn a_name_is_looked_up_and_a_path_is_relative_to_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let cx = build_context().for_link("ext_auth", Dialect::Native).with_base_dir(directory.path());
    let sh = found("sh", &cx).unwrap();
    assert!(sh.is_absolute() && sh.ends_with("sh"), "{}", sh.display());
    let script = directory.path().join("check.sh");
    let write = |text: &str, mode: u32| {
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(mode)).unwrap();
    };
    write("#!/bin/sh\n", 0o755);
    assert_eq!(found("./check.sh", &cx).unwrap(), directory.path().join("check.sh"));
    assert!(cx.take_warnings(&nowhere(), &KeyPath::root()).is_empty());
    let shown = directory.path().join("check.sh");
    let shown = shown.display();
    for (text, mode, expected) in [
        ("#!/bin/sh\n", 0o644, format!("{shown} cannot be executed by the server's user: `chmod +x` it")),
        (
            "exit 0\n",
            0o755,
            format!("{shown} is neither a program nor a script: begin a script with `#!/bin/sh` or the like"),
        ),
        (
            "#!/no/such\n",
            0o755,
            format!("{shown} wants to be run by /no/such, which is not there: correct its first line"),
        ),
        (
            "#! /no/such -e\r\n",
            0o755,
            format!("{shown} wants to be run by /no/such, which is not there: correct its first line"),
        ),
    ] {
        write(text, mode);
        assert_eq!(found("./check.sh", &cx), Err(expected));
    }
    write("#!/bin/sh\n", 0o757);
    found("./check.sh", &cx).unwrap();
    let warnings = cx.take_warnings(&nowhere(), &KeyPath::root());
    assert_eq!(
        warnings[0].to_string(),
        format!(
            "auth.yml:3:5: command: everybody on this machine can change {shown}, and with it decide: `chmod o-w` it"
        )
    );
    write("#!/bin/sh\n", 0o755);
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o757)).unwrap();
    found("./check.sh", &cx).unwrap();
    let warnings = cx.take_warnings(&nowhere(), &KeyPath::root());
    assert!(warnings[0].message.contains("can replace"), "{warnings:?}");
}

#[test]
fn who_runs_a_script_is_looked_for_as_the_system_does() {
    let directory = tempfile::tempdir().unwrap();
    let cx = build_context().for_link("ext_auth", Dialect::Native).with_base_dir(directory.path());
    let script = directory.path().join("check.sh");
    let found = |text: &str| {
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        found("./check.sh", &cx).map_err(|message| message.replace(&script.display().to_string(), "it"))
    };
    let windows = |name: &str, place: &str| {
        format!(
            "it ends its lines as Windows does, and so wants to be run by {name} with a carriage return, which is not \
             {place}: take those out, as `sed -i 's/\\r$//'` does"
        )
    };
    let missing = |name: &str, place: &str| {
        format!("it wants to be run by {name}, which is not {place}: correct its first line")
    };
    let path = "in its PATH (`environment`)";
    for (text, expected) in [
        ("#!/bin/sh\r\n", windows("/bin/sh", "there")),
        ("#!/usr/bin/env sh\r\n", windows("sh", path)),
        ("#!/usr/bin/env no-such\n", missing("no-such", path)),
        ("#!/usr/bin/env -S A=b no-such -u\n", missing("no-such", path)),
        // All of it is one word to env.
        ("#!/usr/bin/env sh -u\n", missing("sh -u", path)),
        (
            "#!/bin/sh -e\r\n",
            "it ends its lines as Windows does: take the carriage returns out, as `sed -i 's/\\r$//'` does"
                .to_owned(),
        ),
        ("#!/tmp\n", missing("/tmp", "there")),
        ("#! \n", "it does not say what runs it: begin it with `#!/bin/sh` or the like".to_owned()),
    ] {
        assert_eq!(found(text), Err(expected), "{text}");
    }
    for text in [
        "#!/usr/bin/env sh\n",
        "#! /usr/bin/env\t sh \n",
        "#!/usr/bin/env -S A=b sh -u\n",
        "#!/usr/bin/env -i sh\n",
        "#!/usr/bin/env\n",
        "#!/usr/bin/perl -w\r\n",
    ] {
        assert!(found(text).is_ok(), "{text}");
    }
}

fn nowhere() -> Node {
    Node::text(Location::new("auth.yml", 1, 1), "")
}

#[test]
fn what_is_not_there_is_said_with_the_cure() {
    let cx = build_context();
    for (command, expected) in [
        ("", "which program? Write its path, or its name"),
        ("a\nb", "a program's path holds no control characters: write it in one line"),
        (
            "no-such-program",
            "there is no program `no-such-program` in PATH: install it, or write the whole path",
        ),
        (
            "sh -c true",
            "there is no program `sh -c true` in PATH: `command` is the program alone, what follows stands in `args`",
        ),
        ("/no/such", "cannot use /no/such: No such file or directory (os error 2)"),
        (
            "/bin/sh -c true",
            "cannot use /bin/sh -c true: No such file or directory (os error 2): `command` is the program alone, what follows stands in `args`",
        ),
        ("/tmp", "/tmp is no file: name the program itself"),
    ] {
        assert_eq!(found(command, &cx), Err(expected.to_owned()));
    }
    let flat = build_context().with_base_dir("");
    assert_eq!(
        found("./no-such", &flat).unwrap_err(),
        "cannot use ./no-such: No such file or directory (os error 2)"
    );
    let offline = build_context().with_offline(true);
    assert_eq!(found("no-such-program", &offline), Ok(PathBuf::from("no-such-program")));
}
