//! A provider that answers with prepared bytes, so that it uses little of the processor.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use memchr::memmem;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

use super::http::Connection;

/// The events of a stream.
pub(crate) const EVENTS: usize = 200;

/// What a prompt contains if the events of its answer come with a pause, as those of a model do.
pub(crate) const PACED: &str = "[paced]";

/// The time between two events of a paced stream.
pub(crate) const PACE: Duration = Duration::from_millis(20);

/// What a prompt contains if its answer has only a few events.
pub(crate) const SHORT: &str = "[short]";

const SHORT_EVENTS: usize = 8;

/// Answers calls until the process ends. Prints the address first.
pub(crate) async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let connection = Connection::new(listener.accept().await?.0)?;
        tokio::task::spawn_local(async move {
            // This fails if the client leaves in the middle of an answer.
            _ = answer_all(connection).await;
        });
    }
}

async fn answer_all(mut connection: Connection) -> io::Result<()> {
    let answers = Answers::new();
    let mut body = Vec::new();
    loop {
        body.clear();
        let read = connection.read(|part| body.extend_from_slice(part)).await?;
        if read.is_none() {
            return Ok(());
        }
        let has = |mark: &str| memmem::find(&body, mark.as_bytes()).is_some();
        // Programs write JSON with and without spaces.
        if !has("\"stream\":true") && !has("\"stream\": true") {
            connection.write(&answers.whole).await?;
            continue;
        }
        let events = if has(SHORT) { SHORT_EVENTS } else { EVENTS };
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let is_paced = has(PACED);
        connection.write(&answers.head).await?;
        for _ in 0..events {
            if is_paced {
                ticks.tick().await;
            }
            connection.write(&answers.event).await?;
        }
        connection
            .write(if has("include_usage") {
                &answers.end_with_usage
            } else {
                &answers.end
            })
            .await?;
    }
}

/// The bytes of answers.
struct Answers {
    whole: Vec<u8>,
    /// The header of a stream.
    head: Vec<u8>,
    event: Vec<u8>,
    end: Vec<u8>,
    end_with_usage: Vec<u8>,
}

impl Answers {
    fn new() -> Self {
        const USAGE: &str = r#"{"prompt_tokens":230,"completion_tokens":200,"total_tokens":430}"#;
        let text = "one two six ten ".repeat(25);
        let whole = format!(
            r#"{{"choices":[{{"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop","index":0,"logprobs":null}}],"object":"chat.completion","usage":{USAGE},"created":1735113344,"system_fingerprint":null,"model":"qwen3.7-plus","id":"chatcmpl-0123456789abcdef"}}"#
        );
        let event = |choices: &str, usage: &str| {
            let event = format!(
                r#"data: {{"choices":[{choices}],"object":"chat.completion.chunk","usage":{usage},"created":1735113344,"system_fingerprint":null,"model":"qwen3.7-plus","id":"chatcmpl-0123456789abcdef"}}"#
            );
            format!("{event}\n\n")
        };
        let word = event(
            r#"{"finish_reason":null,"logprobs":null,"delta":{"content":"word "},"index":0}"#,
            "null",
        );
        let last = event(
            r#"{"finish_reason":"stop","logprobs":null,"delta":{"content":""},"index":0}"#,
            "null",
        );
        let done = "data: [DONE]\n\n";
        let head = |fields: &str| {
            format!("HTTP/1.1 200 OK\r\nx-request-id: 0123456789abcdef\r\n{fields}\r\n\r\n")
        };
        let of_json = format!(
            "content-type: application/json\r\ncontent-length: {}",
            whole.len()
        );
        let of_stream =
            "content-type: text/event-stream;charset=UTF-8\r\ntransfer-encoding: chunked";
        Self {
            whole: (head(&of_json) + &whole).into_bytes(),
            head: head(of_stream).into_bytes(),
            event: chunk(&word).into_bytes(),
            end: (chunk(&last) + &chunk(done) + &chunk("")).into_bytes(),
            end_with_usage: (chunk(&last) + &chunk(&event("", USAGE)) + &chunk(done) + &chunk(""))
                .into_bytes(),
        }
    }
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}
