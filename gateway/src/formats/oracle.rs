//! Checks of arbitrary bytes, for tests and for the fuzz targets, which include this file. They panic
//! if something is wrong.

use std::task::Poll;

use bytes::Bytes;
use memchr::memmem;
use serde_json::{Value, json};

use crate::formats::Format;
use crate::formats::errors::ProviderError;
use crate::formats::events::{Boundaries, EventReader, FirstEvent};
use crate::formats::request::CallBody;

const FORMATS: [Format; 6] = [
    Format::ChatCompletions,
    Format::Completions,
    Format::Embeddings,
    Format::Responses,
    Format::Messages,
    Format::DashScope,
];

/// Checks the body of a call. The first byte selects the format. Returns `true` if the body is valid.
///
/// # Panics
///
/// Panics if an edited body is not the body with these changes.
pub(crate) fn request(input: &[u8]) -> bool {
    let Some((first, body)) = input.split_first() else {
        return false;
    };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    let Ok(parsed) = CallBody::parse(format, body) else {
        return false;
    };
    let body = Bytes::copy_from_slice(body);
    let must_ask = matches!(format, Format::ChatCompletions | Format::Completions);
    for model in [None, Some("another \"model\"")] {
        for ask in [false, true] {
            let edited = parsed.edited(&body, model, ask);
            let changes_usage = ask && must_ask && !parsed.reports_usage;
            if model.is_none() && !changes_usage {
                assert_eq!(edited, body, "nothing was to be changed");
            }
            let reread = CallBody::parse(format, &edited).expect("an edited body is valid");
            assert_eq!(reread.model, model.unwrap_or(&parsed.model));
            assert_eq!(reread.reports_usage, parsed.reports_usage || changes_usage);
            assert_eq!(
                (
                    reread.streams,
                    reread.max_output_tokens,
                    reread.answers,
                    reread.text_bytes
                ),
                (
                    parsed.streams,
                    parsed.max_output_tokens,
                    parsed.answers,
                    parsed.text_bytes
                ),
            );
            // The bytes of fields that are not read need not be valid, such as a number of 1e999.
            let Ok(mut tree) = serde_json::from_slice::<Value>(&body) else {
                continue;
            };
            if let Some(model) = model {
                tree["model"] = json!(model);
            }
            if changes_usage {
                tree["stream_options"]["include_usage"] = json!(true);
            }
            let edited: Value = serde_json::from_slice(&edited).expect("an edited body is valid");
            assert_eq!(edited, tree);
        }
    }
    true
}

/// Checks a stream of events. The first byte selects the format, and whether usage is removed. The
/// second is a number of chunk lengths, which follow and are used in turn. The rest is the stream.
///
/// # Panics
///
/// Panics if the result depends on the chunks, if too much is held back, or if anything but usage is
/// removed.
pub(crate) fn events(input: &[u8]) {
    let [first, lengths, rest @ ..] = input else {
        return;
    };
    let (lengths, stream) = rest.split_at(usize::from(*lengths).min(rest.len()));
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    cut(format, *first >= 128, lengths, stream);
}

/// Checks a stream that is cut into chunks of the lengths, which are used in turn, and returns what is
/// passed on.
pub(crate) fn cut(format: Format, removes_usage: bool, lengths: &[u8], stream: &[u8]) -> Vec<u8> {
    let mut whole = EventReader::new(format, removes_usage);
    let mut expected = whole.push(&Bytes::copy_from_slice(stream)).to_vec();
    expected.extend_from_slice(&whole.finish());

    let mut reader = EventReader::new(format, removes_usage);
    let mut passed = Vec::new();
    let mut rest = Bytes::copy_from_slice(stream);
    let mut chunks = Vec::new();
    let mut lengths = lengths.iter().cycle();
    // The key can be escaped.
    let names_usage = ["usage", "\\u"]
        .iter()
        .any(|name| memmem::find(stream, name.as_bytes()).is_some());
    while !rest.is_empty() {
        let length = lengths
            .next()
            .map_or(rest.len(), |length| usize::from(*length) + 1);
        let chunk = rest.split_to(length.min(rest.len()));
        let now = reader.push(&chunk);
        if !removes_usage {
            assert_eq!(now, chunk, "a chunk is passed on at once");
        }
        passed.extend_from_slice(&now);
        chunks.push(chunk);
        if !names_usage {
            let pushed = stream.len() - rest.len();
            assert!(
                pushed - passed.len() <= 64 << 10,
                "at most 64 KiB are held back"
            );
        }
    }
    passed.extend_from_slice(&reader.finish());
    assert!(
        passed == expected,
        "what is passed on depends on the chunks"
    );
    if !removes_usage || !names_usage {
        assert!(passed == stream, "nothing is removed");
    }
    let read = |reader: &EventReader| {
        let refusal = reader.refusal().cloned();
        (
            reader.usage(),
            reader.is_complete(),
            reader.seen_output_bytes(),
            refusal,
        )
    };
    assert_eq!(
        read(&reader),
        read(&whole),
        "what is read depends on the chunks"
    );
    let first = first_error(format, &[stream]);
    assert_eq!(
        first_error(format, &chunks),
        first,
        "the first event depends on the chunks"
    );
    if first.is_some() {
        assert_eq!(first.as_ref(), reader.refusal(), "it is the first error");
    }
    let mut alone = EventReader::new(format, false);
    let end = Boundaries::default().end_of_event(stream, 0);
    let event = &stream[..end.unwrap_or(stream.len())];
    alone.push(&Bytes::copy_from_slice(event));
    alone.finish();
    if event.len() <= 64 << 10 && !event.starts_with(b":") {
        assert_eq!(first.as_ref(), alone.refusal(), "an error is found");
    }
    passed
}

/// Returns the error with which a stream begins.
fn first_error(format: Format, chunks: &[impl AsRef<[u8]>]) -> Option<ProviderError> {
    let mut event = FirstEvent::new(format);
    for chunk in chunks {
        if let Poll::Ready(error) = event.push(chunk.as_ref()) {
            return error;
        }
    }
    event.finish()
}
