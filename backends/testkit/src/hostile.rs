//! Texts that somebody might send.

/// How long a very long text is, in bytes.
const LONG: usize = 64 * 1024;

/// Texts that mean something to shells, globs, regexes, directories, databases, logs and terminals.
pub const TEXTS: &[&str] = &[
    "\0",
    "a\0b",
    "\n",
    "a\nb",
    "a\r\nb",
    "\t",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{202e}",
    "\u{feff}",
    "ß",
    "İ",
    "🦀",
    " ",
    "*",
    "**",
    "?",
    "[",
    "[a-",
    "[^]",
    "\\",
    "\\2a",
    "{a,b}",
    "/(/",
    "/.*/",
    "(a+)+$",
    "^",
    "$",
    "${account}",
    "${labels:x}",
    "${",
    "$(id)",
    "`id`",
    "; id",
    "| id",
    "&",
    "'",
    "\"",
    "' OR '1'='1",
    "'; --",
    "*)(uid=*",
    "*)(|(objectClass=*",
    ")(cn=*))(|(cn=*",
    "cn=x,dc=example",
    "\\00",
    "#",
    "<script>",
    "../../etc/passwd",
    "/",
    "//",
    "a/../b",
    ".",
    "%00",
    "%s%n",
    "%2e%2e",
    "{\"$gt\":\"\"}",
    "null",
    "~",
    "-1",
    "--help",
    "t:a",
    ":",
    "a:b",
    "@",
    ",",
    "=",
    "CON",
];

/// The same, and some that are very long.
pub(crate) fn texts() -> Vec<String> {
    let mut texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    texts.push("a".repeat(LONG));
    texts.push("*a".repeat(LONG / 2));
    texts.push("é".repeat(LONG / 2));
    texts
}

/// A text short enough for a message, whatever is in it.
pub(crate) fn shown(text: &str) -> String {
    let beginning: String = text.chars().take(40).collect();
    let more =
        if beginning.len() < text.len() { format!("… ({} bytes)", text.len()) } else { String::new() };
    format!("\"{}\"{more}", beginning.escape_debug())
}
