//! A browser without a window, controlled through the protocol of Chrome's developer tools.
//!
//! The protocol is documented at <https://chromedevtools.github.io/devtools-protocol/>. Messages are
//! JSON objects with a NUL character at their end, on the file descriptors 3 and 4 of the browser.
#![expect(
    clippy::missing_panics_doc,
    reason = "everything panics if the browser fails, as tests do"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Starts the browser with its standard input and output as the file descriptors of the protocol.
const START: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// A running browser. It ends when it is dropped.
#[derive(Debug)]
pub struct Browser {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next_id: u64,
    /// The events that have arrived.
    events: Vec<Value>,
    _profile: TempDir,
}

/// What a page is shown on.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Whether the user prefers dark colors.
    pub is_dark: bool,
    /// Whether the user prefers reduced motion.
    pub reduces_motion: bool,
}

/// A page in a browser.
#[derive(Debug)]
pub struct Page<'a> {
    browser: &'a mut Browser,
    session: String,
}

impl Browser {
    /// Starts a browser by the path or name of its program.
    #[must_use]
    pub fn start(program: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new("sh")
            .args(["-c", START, "sh", program])
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
            next_id: 0,
            events: Vec::new(),
            _profile: profile,
        }
    }

    /// Opens a page.
    pub fn open(&mut self, url: &str, screen: Screen) -> Page<'_> {
        let target = self.call(
            None,
            "Target.createTarget",
            &json!({ "url": "about:blank" }),
        );
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", &attach);
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let mut page = Page {
            browser: self,
            session,
        };
        page.call("Log.enable", &json!({}));
        page.call("Runtime.enable", &json!({}));
        let metrics = json!({
            "width": screen.width,
            "height": screen.height,
            "deviceScaleFactor": 1,
            "mobile": screen.width < 600,
        });
        page.call("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = if screen.is_dark { "dark" } else { "light" };
        let motion = if screen.reduces_motion {
            "reduce"
        } else {
            "no-preference"
        };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion },
        ] });
        page.call("Emulation.setEmulatedMedia", &features);
        page.call("Page.navigate", &json!({ "url": url }));
        page
    }

    /// Calls a method of the protocol and returns its result.
    fn call(&mut self, session: Option<&str>, method: &str, params: &Value) -> Value {
        self.next_id += 1;
        let mut message = json!({ "id": self.next_id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut message = message.to_string().into_bytes();
        message.push(0);
        self.input.write_all(&message).unwrap();
        loop {
            let mut answer = self.read();
            if answer["id"] == self.next_id {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    fn read(&mut self) -> Value {
        let mut message = Vec::new();
        self.output.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&message).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Page<'_> {
    /// Returns the value of an expression in JavaScript.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
        });
        let mut result = self.call("Runtime.evaluate", &params);
        let exception = &result["exceptionDetails"];
        assert!(exception.is_null(), "{expression}: {exception}");
        result["result"]["value"].take()
    }

    /// Waits until a condition in JavaScript is true.
    pub fn wait_until(&mut self, condition: &str) {
        self.evaluate(&format!(
            "new Promise((resolve, reject) => {{
                const timeout = setTimeout(() => reject(document.body.innerText), 30_000);
                (function check() {{
                    if ({condition}) {{ clearTimeout(timeout); resolve(); }}
                    else setTimeout(check, 20);
                }})();
            }})"
        ));
    }

    /// Presses a key, such as `Tab` or `Enter`.
    pub fn press(&mut self, key: &str, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let params = json!({ "type": kind, "key": key, "code": key, "text": text });
            self.call("Input.dispatchKeyEvent", &params);
        }
    }

    /// Returns the elements that assistive technologies see: the role, the name, and the value.
    pub fn accessible(&mut self) -> Vec<(String, String, String)> {
        let mut tree = self.call("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].take();
        let nodes = nodes.as_array().unwrap().iter();
        let nodes = nodes.filter(|node| node["ignored"] == false);
        let text = |node: &Value, field: &str| match &node[field]["value"] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            value => value.to_string(),
        };
        nodes
            .map(|node| (text(node, "role"), text(node, "name"), text(node, "value")))
            .collect()
    }

    /// Returns the errors and warnings that the browser has reported, such as scripts that it has
    /// blocked.
    pub fn problems(&mut self) -> Vec<String> {
        // All earlier events arrive before the result.
        self.evaluate("0");
        let events = self.browser.events.iter();
        let of_page = events.filter(|event| event["sessionId"] == self.session);
        of_page
            .filter(|event| {
                event["method"] == "Log.entryAdded" || event["method"] == "Runtime.exceptionThrown"
            })
            .map(|event| event["params"].to_string())
            .collect()
    }

    /// Saves a picture of the whole page.
    pub fn save_picture(&mut self, file: &Path) {
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.call("Page.captureScreenshot", &params);
        let picture = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(file, picture).unwrap();
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.browser.call(Some(&self.session), method, params)
    }
}
