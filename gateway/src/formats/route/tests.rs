use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;

use super::super::Format;
use super::{Route, asks_for_events, route};

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &'static str)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    fields.iter().map(field).collect()
}

fn post(path: &str) -> Route<'_> {
    route(&Method::POST, path, &HeaderMap::new())
}

fn get(path: &str) -> Route<'_> {
    route(&Method::GET, path, &HeaderMap::new())
}

#[test]
fn each_format_has_its_path_behind_any_prefix() {
    let calls = [
        ("/v1/chat/completions", Format::ChatCompletions),
        ("/v1/completions", Format::Completions),
        ("/v1/embeddings", Format::Embeddings),
        ("/v1/responses", Format::Responses),
        ("/v1/messages", Format::Messages),
    ];
    let prefixes = [
        "",
        "/compatible-mode",
        "/apps/anthropic",
        "/api/v2/apps/protocols/compatible-mode",
    ];
    for (path, format) in calls {
        for prefix in prefixes {
            for slash in ["", "/"] {
                let path = format!("{prefix}{path}{slash}");
                assert_eq!(post(&path), Route::Call(format), "{path}");
                assert_eq!(get(&path), Route::Other, "{path}");
            }
        }
    }
}

#[test]
fn all_services_of_the_provider_are_called_in_its_own_format() {
    for service in [
        "aigc/text-generation/generation",
        "aigc/multimodal-generation/generation",
        "aigc/text2image/image-synthesis",
        "aigc/video-generation/video-synthesis",
        "embeddings/text-embedding/text-embedding",
        "embeddings/multimodal-embedding/multimodal-embedding",
        "rerank/text-rerank/text-rerank",
        "a/new/one",
    ] {
        let path = format!("/api/v1/services/{service}");
        assert_eq!(post(&path), Route::Call(Format::DashScope), "{path}");
        let headers = headers(&[("x-dashscope-async", " Enable ")]);
        assert_eq!(
            route(&Method::POST, &path, &headers),
            Route::TaskSubmission,
            "{path}"
        );
        assert_eq!(get(&path), Route::Other, "{path}");
    }
    let headers = headers(&[("x-dashscope-async", "enable")]);
    let call = route(
        &Method::POST,
        "/compatible-mode/v1/chat/completions",
        &headers,
    );
    assert_eq!(
        call,
        Route::Call(Format::ChatCompletions),
        "only services have tasks"
    );
}

#[test]
fn tasks_and_models_are_read() {
    assert_eq!(
        get("/api/v1/tasks/0385dc79"),
        Route::TaskPoll { id: "0385dc79" }
    );
    assert_eq!(
        get("/api/v1/tasks/0385dc79/"),
        Route::TaskPoll { id: "0385dc79" }
    );
    assert_eq!(get("/compatible-mode/v1/models"), Route::Models);
    assert_eq!(get("/v1/models/"), Route::Models);
}

#[test]
fn other_requests_are_not_limited() {
    for path in [
        "/",
        "/v1/models/qwen-plus",
        "/api/v1/tasks/",
        "/api/v1/tasks",
        "/api/v1/tasks/a/b",
    ] {
        assert_eq!(get(path), Route::Other, "{path}");
    }
    for path in [
        "/",
        "/v1/files",
        "/v1/batches/batch_1/cancel",
        "/v1/messages/count_tokens",
        "/v1/responses/resp_1/cancel",
        "/v1/chat/completions/extra",
        "/v1/mychat/completions",
        "/xv1/embeddings",
        "/api/v1/tasks/0385dc79/cancel",
        "/api/v1/services",
    ] {
        assert_eq!(post(path), Route::Other, "{path}");
    }
    assert_eq!(
        route(&Method::DELETE, "/v1/files/a", &HeaderMap::new()),
        Route::Other
    );
}

#[test]
fn a_path_that_can_be_read_in_several_ways_is_malformed() {
    for path in [
        "",
        "*",
        "v1/chat/completions",
        "//v1/chat/completions",
        "/v1//chat/completions",
        "/v1/chat/completions//",
        "/v1/chat/./completions",
        "/v1/chat/completions/.",
        "/v1/files/../chat/completions",
        "/v1/chat/completions/..",
        "/v1/chat/%63ompletions",
        "/v1/chat%2Fcompletions",
        "/v1/chat/completions%20",
        "/v1/chat/completions%",
        "/v1/chat\\completions",
        "/v1/chat/completions;a=b",
        "/v1/chat;/completions",
        "/v1/chat/completions\u{0}",
        "/v1/chat/completions\u{200b}",
        "/v1/chat/completions ",
        "/api/v1/services%2faigc",
    ] {
        assert_eq!(post(path), Route::Malformed, "{path}");
    }
}

#[test]
fn the_case_of_paths_and_methods_does_not_matter() {
    assert_eq!(
        post("/V1/Chat/COMPLETIONS"),
        Route::Call(Format::ChatCompletions)
    );
    assert_eq!(post("/API/V1/Services/x"), Route::Call(Format::DashScope));
    let method = Method::from_bytes(b"post").unwrap();
    let call = route(&method, "/v1/messages", &HeaderMap::new());
    assert_eq!(call, Route::Call(Format::Messages));
}

#[test]
fn header_fields_ask_for_events() {
    for fields in [
        [("x-dashscope-sse", "enable")],
        [("accept", "text/event-stream")],
        [("accept", "application/json, Text/Event-Stream;q=0.9")],
    ] {
        assert!(asks_for_events(&headers(&fields)), "{fields:?}");
    }
    for fields in [[("x-dashscope-sse", "disable")], [("accept", "*/*")]] {
        assert!(!asks_for_events(&headers(&fields)), "{fields:?}");
    }
}

/// Returns a path as a server may read it that is more tolerant than the gateway.
fn tolerant(path: &str) -> String {
    let mut decoded = Vec::new();
    let mut bytes = path.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        let code = rest
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'%' => {
                decoded.push(byte);
                bytes = &rest[2..];
            }
            _ => {
                decoded.push(*first);
                bytes = rest;
            }
        }
    }
    let decoded = String::from_utf8_lossy(&decoded)
        .replace('\\', "/")
        .to_ascii_lowercase();
    let mut segments = Vec::new();
    for segment in decoded.split('/') {
        match segment.split(';').next().unwrap().trim() {
            "" | "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

proptest! {
    /// However the provider reads a path, a call is not taken for another request.
    #[test]
    fn a_call_does_not_pass_as_another_request(
        call in prop::sample::select(vec![
            "/v1/chat/completions",
            "/compatible-mode/v1/completions",
            "/v1/embeddings",
            "/v1/responses",
            "/apps/anthropic/v1/messages",
            "/api/v1/services/aigc/text-generation/generation",
        ]),
        insertions in prop::collection::vec(
            (
                any::<prop::sample::Index>(),
                prop::sample::select(vec![
                    "/", "//", "/.", "/./", "/..", "x/../", "/x/..", "\\", "%2f", "%5C", ";", ";a=b",
                    "%20", " ", "%2e", "%2E%2e/", "%", "%00", "%25", "x", "é",
                ]),
            ),
            0..4,
        ),
        encoded in prop::option::of(any::<prop::sample::Index>()),
        upper in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut path = call.to_owned();
        if let Some(index) = upper {
            let index = index.index(path.len());
            path[index..=index].make_ascii_uppercase();
        }
        if let Some(index) = encoded {
            let index = index.index(path.len());
            let code = format!("%{:02x}", path.as_bytes()[index]);
            path.replace_range(index..=index, &code);
        }
        for (index, insertion) in insertions {
            let mut index = index.index(path.len() + 1);
            while !path.is_char_boundary(index) {
                index -= 1;
            }
            path.insert_str(index, insertion);
        }
        let meant = tolerant(&path);
        if let Route::Call(format) = post(&meant) {
            let read = post(&path);
            prop_assert!(
                read == Route::Malformed || read == Route::Call(format),
                "{path} is {read:?}, and {meant} is a call"
            );
        }
    }
}
