//! What the tests use of `WebDriver` (W3C Recommendation, version 2) and of chromedriver's additions.
//!
//! A client of our own: the protocol is JSON over HTTP, and the tests wait in their own thread.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::poll;

/// A page that the driver waits for, on a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);
const THERE_WITHIN: Duration = Duration::from_secs(15);
/// How an element is named in JSON (section 12.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that are no characters (section 17.4.2).
pub(super) mod key {
    pub(crate) const TAB: char = '\u{E004}';
    pub(crate) const ENTER: char = '\u{E007}';
    pub(crate) const SHIFT: char = '\u{E008}';
    pub(crate) const CONTROL: char = '\u{E009}';
}

/// One browser, at the driver that started it.
pub(super) struct Session {
    driver: String,
    id: String,
}

/// Something on a page.
pub(super) struct Element<'a> {
    session: &'a Session,
    id: String,
    /// How it was looked for.
    css: String,
}

/// Why the driver did not do it (section 6.6).
pub(super) struct Refusal {
    error: String,
    message: String,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.message)
    }
}

impl Session {
    pub(super) fn new(driver: &str, capabilities: &Value) -> Result<Self, Refusal> {
        let wanted = json!({"capabilities": {"alwaysMatch": capabilities}});
        let value = ask(driver, "POST", "/session", &wanted)?;
        let id = value["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {value}")).to_owned();
        Ok(Self { driver: driver.to_owned(), id })
    }

    /// Ends the browser.
    pub(super) fn end(&self) -> Result<Value, Refusal> {
        ask(&self.driver, "DELETE", &format!("/session/{}", self.id), &json!({}))
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
        ask(&self.driver, method, &format!("/session/{}{path}", self.id), body)
    }

    #[track_caller]
    fn told(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, path, body).unwrap_or_else(|refusal| panic!("{method} {path} {body}: {refusal:?}"))
    }

    #[track_caller]
    pub(super) fn open(&self, url: &str) {
        self.try_open(url).unwrap_or_else(|refusal| panic!("{url}: {refusal:?}"));
    }

    pub(super) fn try_open(&self, url: &str) -> Result<(), Refusal> {
        self.ask("POST", "/url", &json!({ "url": url })).map(drop)
    }

    pub(super) fn url(&self) -> String {
        text(&self.told("GET", "/url", &json!({})))
    }

    pub(super) fn title(&self) -> String {
        text(&self.told("GET", "/title", &json!({})))
    }

    /// As the driver sees it now, scripts applied.
    pub(super) fn source(&self) -> String {
        text(&self.told("GET", "/source", &json!({})))
    }

    /// The first that a CSS selector finds; waits for it.
    #[track_caller]
    pub(super) fn find(&self, css: &str) -> Element<'_> {
        let found = poll(THERE_WITHIN, || self.all(css).into_iter().next());
        found.unwrap_or_else(|| panic!("no {css:?} at {}:\n{}", self.url(), self.source()))
    }

    /// The first that a CSS selector finds and that reads `text`; waits for it.
    #[track_caller]
    pub(super) fn find_reading(&self, css: &str, text: &str) -> Element<'_> {
        let reads = |element: &Element<'_>| element.ask_text().is_some_and(|read| read.trim() == text);
        let found = poll(THERE_WITHIN, || self.all(css).into_iter().find(reads));
        found.unwrap_or_else(|| panic!("no {css:?} with {text:?} at {}:\n{}", self.url(), self.source()))
    }

    /// All that there are now.
    pub(super) fn all(&self, css: &str) -> Vec<Element<'_>> {
        let found = self.told("POST", "/elements", &json!({"using": "css selector", "value": css}));
        let found = found.as_array().cloned().unwrap_or_default();
        found.iter().map(|element| self.element(element, css)).collect()
    }

    /// What has the focus.
    pub(super) fn focused(&self) -> Element<'_> {
        self.element(&self.told("GET", "/element/active", &json!({})), "(the focused one)")
    }

    fn element(&self, value: &Value, css: &str) -> Element<'_> {
        let id = value[ELEMENT].as_str().unwrap_or_else(|| panic!("no element: {value}")).to_owned();
        Element { session: self, id, css: css.to_owned() }
    }

    /// Types keys as somebody does who has no mouse: they go to what has the focus.
    #[track_caller]
    pub(super) fn press(&self, keys: &[char]) {
        let [down, up] = ["keyDown", "keyUp"]
            .map(|kind| move |key: &char| json!({"type": kind, "value": key.to_string()}));
        let actions: Vec<Value> = keys.iter().flat_map(|key| [down(key), up(key)]).collect();
        self.act(actions);
    }

    /// The same for one key while another is held.
    #[track_caller]
    pub(super) fn press_with(&self, held: char, typed: char) {
        let act = |kind: &str, key: char| json!({"type": kind, "value": key.to_string()});
        self.act(vec![act("keyDown", held), act("keyDown", typed), act("keyUp", typed), act("keyUp", held)]);
    }

    #[track_caller]
    fn act(&self, actions: Vec<Value>) {
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.told("POST", "/actions", &json!({ "actions": [keyboard] }));
    }

    /// What a function's body returns; a promise is waited for.
    #[track_caller]
    pub(super) fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.told("POST", "/execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// What the browser has noted since it was last asked: violations of a page's policy among it.
    pub(super) fn notes(&self) -> Vec<Value> {
        let notes = self.told("POST", "/se/log", &json!({"type": "browser"}));
        notes.as_array().cloned().unwrap_or_default()
    }

    /// A command of the `DevTools` protocol.
    #[track_caller]
    pub(super) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.told("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// The window as a PNG file.
    pub(super) fn picture(&self) -> Vec<u8> {
        STANDARD.decode(text(&self.told("GET", "/screenshot", &json!({})))).unwrap()
    }

    pub(super) fn cookies(&self) -> Vec<Value> {
        self.told("GET", "/cookie", &json!({})).as_array().cloned().unwrap_or_default()
    }
}

impl Element<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/element/{}{rest}", self.id)
    }

    #[track_caller]
    fn told(&self, method: &str, rest: &str, body: &Value) -> Value {
        let told = self.session.ask(method, &self.path(rest), body);
        told.unwrap_or_else(|refusal| panic!("{method} {rest} of {:?}: {refusal:?}", self.css))
    }

    /// Waits for the page that it leads to.
    #[track_caller]
    pub(super) fn click(&self) {
        self.told("POST", "/click", &json!({}));
    }

    /// The first inside it that a CSS selector finds.
    #[track_caller]
    pub(super) fn inside(&self, css: &str) -> Element<'_> {
        let found = self.told("POST", "/element", &json!({"using": "css selector", "value": css}));
        self.session.element(&found, css)
    }

    #[track_caller]
    pub(super) fn fill(&self, text: &str) {
        self.told("POST", "/clear", &json!({}));
        self.told("POST", "/value", &json!({ "text": text }));
    }

    #[track_caller]
    pub(super) fn text(&self) -> String {
        text(&self.told("GET", "/text", &json!({})))
    }

    /// None if the page has gone on.
    fn ask_text(&self) -> Option<String> {
        self.session.ask("GET", &self.path("/text"), &json!({})).ok().map(|value| text(&value))
    }

    #[track_caller]
    pub(super) fn property(&self, name: &str) -> Value {
        self.told("GET", &format!("/property/{name}"), &json!({}))
    }

    /// What assistive programs call it.
    #[track_caller]
    pub(super) fn label(&self) -> String {
        text(&self.told("GET", "/computedlabel", &json!({})))
    }

    #[track_caller]
    pub(super) fn is_shown(&self) -> bool {
        self.told("GET", "/displayed", &json!({})) == true
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn ask(driver: &str, method: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
    let body = if method == "POST" { body.to_string() } else { String::new() };
    let (status, mut answer) = exchange(driver, method, path, &body)
        .unwrap_or_else(|error| panic!("the driver does not answer {method} {path}: {error}"));
    let mut value = answer["value"].take();
    if status == 200 {
        return Ok(value);
    }
    let [error, message] = ["error", "message"].map(|name| text(&value[name].take()));
    Err(Refusal { error, message })
}

/// chromedriver wants HTTP/1.1, says how long its answers are, and does not hang up behind them.
fn exchange(driver: &str, method: &str, path: &str, body: &str) -> io::Result<(u16, Value)> {
    let mut stream = BufReader::new(TcpStream::connect(driver)?);
    stream.get_ref().set_read_timeout(Some(ANSWERED_WITHIN))?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {driver}\r\nContent-Type: application/json; charset=utf-8\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.get_ref().write_all(request.as_bytes())?;
    let lines = stream.by_ref().lines().take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
    let head = lines.collect::<io::Result<Vec<_>>>()?.join("\n").to_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let (Some(status), Some(length)) = (status, length) else { return Err(io::Error::other(head)) };
    let mut body: Vec<u8> = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((status, serde_json::from_slice(&body)?))
}
