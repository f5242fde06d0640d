//! The status page of a gateway, in a browser.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model_studio_gateway::Gateway;
use model_studio_gateway::config::{Class, Config, LifeCycle, Model, Upstream};
use model_studio_gateway::mock_provider::{Distribution, MockProvider};
use model_studio_limits::{Limit, LimitKind};
use serde_json::{Value, json};
use status_page::{Browser, Page, Screen};
use tokio::sync::oneshot;

const DESKTOP: Screen = Screen {
    width: 1_280,
    height: 900,
    is_dark: false,
    reduces_motion: false,
};

const PHONE: Screen = Screen {
    width: 360,
    height: 800,
    is_dark: false,
    reduces_motion: false,
};

/// A name that a client could choose to take over the page.
const HOSTILE: &str = "<img src=x onerror=document.title='taken-over'>";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_who_waits_for_which_limit() {
    let scene = Scene::start().await;
    let mut browser = start_browser();
    let mut page = scene.open(&mut browser, DESKTOP);
    save_picture(&mut page, "desktop");

    let text = page.evaluate("document.body.innerText");
    let text = text.as_str().unwrap();
    for expected in [
        "qwen-plus",
        "qwen-max",
        "1 of 1",
        "100% used",
        "Tightest limit",
        "2 waiting",
    ] {
        assert!(text.contains(expected), "no {expected:?} in {text}");
    }
    assert_eq!(page.evaluate(&row("batch", 1)), "1");
    assert_eq!(page.evaluate(&row("interactive", 1)), "1");
    assert_eq!(page.evaluate(&row("interactive", 5)), "10");

    // It follows what happens.
    let before = page.evaluate("document.getElementById('totals').innerText");
    let (status, _) = scene.call("qwen-max", "").await;
    assert_eq!(status, StatusCode::OK);
    let before = before.to_string();
    page.wait_until(&format!(
        "document.getElementById('totals').innerText !== {before}"
    ));
    assert_eq!(page.problems(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_classes_are_only_text() {
    let scene = Scene::start().await;
    let (status, _) = scene.call("qwen-max", HOSTILE).await;
    assert_eq!(status, StatusCode::OK);
    let mut browser = start_browser();
    let mut page = scene.open(&mut browser, DESKTOP);
    let shown = format!("document.body.innerText.includes({})", json!(HOSTILE));
    page.wait_until(&shown);
    assert_eq!(page.evaluate("document.images.length"), 0);
    assert_eq!(page.evaluate("document.title"), "Model Studio gateway");
    assert_eq!(page.problems(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_fits_on_a_phone() {
    let scene = Scene::start().await;
    scene.call("qwen-max", HOSTILE).await;
    let mut browser = start_browser();
    for is_dark in [false, true] {
        let screen = Screen { is_dark, ..PHONE };
        let mut page = scene.open(&mut browser, screen);
        save_picture(&mut page, if is_dark { "phone-dark" } else { "phone" });
        assert_eq!(page.evaluate("document.documentElement.scrollWidth"), 360);
        let wide = page.evaluate(
            "[...document.body.querySelectorAll('*')]
                .filter((element) => element.getBoundingClientRect().right > 360)
                .map((element) => element.outerHTML.slice(0, 200))",
        );
        assert_eq!(wide, json!([]));
        // The columns have their names although the head of the table is not visible.
        let label = "getComputedStyle(document.querySelector('td'), '::before').content";
        assert_eq!(page.evaluate(label), "\"Waiting\"");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assistive_technologies_find_names_and_values() {
    let scene = Scene::start().await;
    let mut browser = start_browser();
    for screen in [DESKTOP, PHONE] {
        let mut page = scene.open(&mut browser, screen);
        let elements = page.accessible();
        for role in [
            "button",
            "cell",
            "columnheader",
            "heading",
            "link",
            "meter",
            "rowheader",
            "table",
        ] {
            let found: Vec<_> = elements
                .iter()
                .filter(|(found, ..)| found == role)
                .collect();
            assert!(!found.is_empty(), "no {role} at {screen:?}");
            for (_, name, _) in found {
                assert!(!name.is_empty(), "a {role} has no name");
            }
        }
        let meters: Vec<_> = elements
            .iter()
            .filter(|(role, ..)| role == "meter")
            .collect();
        let queries = meters
            .iter()
            .find(|(_, name, _)| name == "qwen-plus: queries per minute");
        assert_eq!(queries.unwrap().2, "1", "{meters:?}");
        let text = "document.querySelector('[aria-label^=qwen-plus]').ariaValueText";
        assert_eq!(page.evaluate(text), "1 of 1, 100%");
        // Only the state and errors are announced.
        let live = "document.querySelectorAll('[aria-live], [role=status], [role=alert]').length";
        assert_eq!(page.evaluate(live), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    let scene = Scene::start().await;
    let mut browser = start_browser();
    let mut page = scene.open(&mut browser, DESKTOP);
    page.press("Tab", "");
    assert_eq!(page.evaluate("document.activeElement.id"), "pause");
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(page.evaluate(outline), "solid");
    page.press("Enter", "\r");
    page.wait_until("document.getElementById('state').innerText === 'Paused'");
    assert_eq!(page.evaluate("document.activeElement.ariaPressed"), "true");
    page.press("Enter", "\r");
    page.wait_until("document.getElementById('state').innerText === 'Live'");
    page.press("Tab", "");
    assert_eq!(page.evaluate("document.activeElement.tagName"), "A");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_for_those_who_prefer_that() {
    let scene = Scene::start().await;
    let mut browser = start_browser();
    let duration = "getComputedStyle(document.querySelector('.fill')).transitionDuration";
    let mut page = scene.open(&mut browser, DESKTOP);
    assert_eq!(page.evaluate(duration), "0.4s");
    let mut page = scene.open(
        &mut browser,
        Screen {
            reduces_motion: true,
            ..DESKTOP
        },
    );
    assert_eq!(page.evaluate(duration), "0s");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_that_the_gateway_cannot_be_reached() {
    let mut scene = Scene::start().await;
    let mut browser = start_browser();
    let mut page = scene.open(&mut browser, DESKTOP);
    assert_eq!(
        page.evaluate("document.getElementById('problem').hidden"),
        true
    );
    scene.stop.take().unwrap().send(()).unwrap();
    page.wait_until("document.getElementById('state').innerText === 'Not reachable'");
    let text = page.evaluate("document.getElementById('problem').innerText");
    let text = text.as_str().unwrap();
    assert!(
        text.starts_with("The gateway cannot be reached since "),
        "{text}"
    );
    // The last figures stay.
    let text = page.evaluate("document.body.innerText");
    assert!(text.as_str().unwrap().contains("1 of 1"));
    save_picture(&mut page, "not-reachable");
}

fn start_browser() -> Browser {
    let program = std::env::var("BROWSER").expect("the variable BROWSER has the path of a browser");
    Browser::start(&program)
}

fn save_picture(page: &mut Page<'_>, name: &str) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    page.save_picture(&file);
}

/// Returns an expression for the text of a cell in the row of a class of `qwen-plus`.
fn row(class: &str, column: usize) -> String {
    let class = json!(class);
    format!(
        "[...document.querySelectorAll('article')]
            .find((card) => card.querySelector('h3').innerText === 'qwen-plus')
            .querySelectorAll('tbody tr').values()
            .find((row) => row.children[0].innerText === {class}).children[{column}].innerText"
    )
}

/// A gateway with calls that wait for a limit.
struct Scene {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    _provider: MockProvider,
}

impl Scene {
    async fn start() -> Self {
        let provider = MockProvider::builder()
            .output(Distribution::Fixed(50.0))
            .start()
            .await
            .unwrap();
        let upstream = Upstream {
            base: provider.url().parse().unwrap(),
            completes_paths: true,
        };
        let models = vec![
            model("qwen-plus", 1, 20_000),
            model("qwen-max", 1_200, 1_000_000),
        ];
        let mut config = Config::new(upstream, models);
        config.listen.set_port(0);
        config.timeouts.shutdown = Duration::ZERO;
        let class = |weight| Class {
            weight,
            headroom: 0.0,
        };
        config.classes.insert("interactive".to_owned(), class(10));
        config.classes.insert("batch".to_owned(), class(1));
        let gateway = Gateway::bind(config).await.unwrap();
        let address = gateway.address();
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(gateway.run(async {
            // If the scene is dropped, the gateway ends too.
            let _ = stopped.await;
        }));
        let scene = Self {
            address,
            stop: Some(stop),
            _provider: provider,
        };
        for model in ["qwen-plus", "qwen-max"] {
            assert_eq!(scene.call(model, "batch").await.0, StatusCode::OK);
        }
        for class in ["interactive", "batch"] {
            tokio::spawn(call(address, "qwen-plus", class));
        }
        while scene.status().await["totals"]["waiting"] != 2 {}
        scene
    }

    /// Opens the page, and waits until it shows the gateway.
    fn open<'a>(&self, browser: &'a mut Browser, screen: Screen) -> Page<'a> {
        let url = format!("http://{}/status", self.address);
        let mut page = browser.open(&url, screen);
        page.wait_until("document.querySelectorAll('tbody tr').length >= 4");
        page
    }

    async fn call(&self, model: &str, class: &str) -> (StatusCode, Bytes) {
        call(self.address, model, class).await
    }

    async fn status(&self) -> Value {
        let uri = format!("http://{}/status.json", self.address);
        let request = Request::get(uri).body(Full::default()).unwrap();
        serde_json::from_slice(&send(request).await.1).unwrap()
    }
}

fn model(name: &str, requests: u64, tokens: u64) -> Model {
    let limit = |kind, count| Limit {
        kind,
        count: NonZeroU64::new(count).unwrap(),
        per: Some(Duration::from_secs(60)),
    };
    Model {
        name: name.to_owned(),
        aliases: Vec::new(),
        life_cycle: LifeCycle::Active,
        quota: name.to_owned(),
        limits: vec![
            limit(LimitKind::Requests, requests),
            limit(LimitKind::Tokens, tokens),
        ],
        context_window: None,
        has_own_limits: false,
    }
}

async fn call(address: SocketAddr, model: &str, class: &str) -> (StatusCode, Bytes) {
    let messages = json!([{ "role": "user", "content": "Hi" }]);
    let body = json!({ "model": model, "messages": messages, "max_tokens": 60 });
    let request = Request::post(format!("http://{address}/v1/chat/completions"))
        .header("x-gateway-class", class)
        .body(Full::from(body.to_string()))
        .unwrap();
    send(request).await
}

async fn send(request: Request<Full<Bytes>>) -> (StatusCode, Bytes) {
    let client: Client<HttpConnector, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, body.collect().await.unwrap().to_bytes())
}
