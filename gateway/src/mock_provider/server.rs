//! Answers requests.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::answer::{Answer, CREATED};
use super::event_body::EventBody;
use super::events::events;
use super::meter::Amounts;
use super::refusals::{BODY, Error, KEY, PATH, refusal};
use super::request::{Call, Format, Route, has_tool_result, is_enabled, requested_output, route};
use super::state::Shared;

type Reply = Response<Either<Full<Bytes>, EventBody>>;

/// Answers clients until the future is dropped.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // Dropping the set ends all connections.
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve_connection(stream, Arc::clone(&shared)));
            }
            // Too many open files, for example. Connections that end make room.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    // Without it, events wait for each other. A connection for which this fails is closed anyway.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(request, &shared).await) }
    });
    // This fails if the client disconnects, which is counted with the call.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn answer(request: Request<Incoming>, shared: &Arc<Shared>) -> Reply {
    let (head, body) = request.into_parts();
    let id = shared.request_id();
    match route(&head.method, head.uri.path(), &head.headers) {
        None => error(PATH, Format::Chat, &id),
        Some(Route::Counts) => json_reply(json!(shared.counts()).to_string(), &id),
        Some(Route::Call(format)) => {
            if !is_authorized(&head.headers, shared) {
                return error(KEY, format, &id);
            }
            let Ok(body) = body.collect().await else {
                return error(BODY, format, &id);
            };
            answer_call(format, &head.headers, &body.to_bytes(), &id, shared).await
        }
        Some(_) if !is_authorized(&head.headers, shared) => error(KEY, Format::Chat, &id),
        Some(Route::Models) => json_reply(models(shared).to_string(), &id),
        Some(Route::Task(task)) => json_reply(task_state(&task, &id, shared).to_string(), &id),
    }
}

async fn answer_call(
    format: Format,
    headers: &HeaderMap,
    body: &[u8],
    id: &str,
    shared: &Arc<Shared>,
) -> Reply {
    let Ok(call) = serde_json::from_slice::<Call<'_>>(body) else {
        return error(BODY, format, id);
    };
    let (drawn, latency) = shared.draw();
    let wanted = requested_output(body).unwrap_or(drawn).max(1);
    let has_output = !matches!(
        format,
        Format::Embedding | Format::NativeEmbedding | Format::Submission
    );
    let output = if has_output {
        wanted.min(call.max_output())
    } else {
        0
    };
    let amounts = Amounts {
        input: call.input_tokens(),
        output,
        is_task: format == Format::Submission,
    };
    let mut running = match shared.arrive(&call.model, amounts) {
        Ok(running) => running,
        Err(kind) => return error(refusal(kind), format, id),
    };
    if format == Format::Submission {
        shared.start_task(id, &call.model);
        running.complete();
        let output = json!({ "task_id": id, "task_status": "PENDING" });
        let state = json!({ "output": output, "request_id": id });
        return json_reply(state.to_string(), id);
    }
    let answer = Answer {
        format,
        model: call.model.to_string(),
        id: id.to_owned(),
        input: amounts.input,
        output,
        is_cut: output < wanted,
        tool: call
            .tool()
            .filter(|_| !has_tool_result(body))
            .map(str::to_owned),
    };
    let settings = &shared.settings;
    let is_stream = has_output && (call.stream || is_enabled(headers, "x-dashscope-sse"));
    if is_stream {
        pause(latency).await;
        let events = events(answer, &call, settings.tokens_per_event);
        let body = EventBody::new(events, settings.time_per_token, running);
        return reply(
            StatusCode::OK,
            "text/event-stream;charset=UTF-8",
            Either::Right(body),
            id,
        );
    }
    let tokens = u32::try_from(output).unwrap_or(u32::MAX);
    pause(latency.saturating_add(settings.time_per_token.saturating_mul(tokens))).await;
    running.send(output);
    running.complete();
    json_reply(answer.body(&call), id)
}

/// Returns whether the API key is one of the accepted ones.
fn is_authorized(headers: &HeaderMap, shared: &Shared) -> bool {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let bearer = text(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
    let key = bearer.or_else(|| text("x-api-key")).unwrap_or_default();
    let keys = &shared.settings.keys;
    keys.is_empty() || keys.iter().any(|accepted| accepted == key)
}

/// Returns the models with limits, in `OpenAI`'s format.
fn models(shared: &Shared) -> Value {
    let model = |name: &String| json!({ "id": name, "object": "model", "created": CREATED, "owned_by": "system" });
    let data: Vec<_> = shared.settings.quotas.keys().map(model).collect();
    json!({ "object": "list", "data": data })
}

/// Returns the state of a task, in the provider's format.
fn task_state(task: &str, id: &str, shared: &Shared) -> Value {
    let status = shared.poll_task(task);
    let mut state = json!({
        "request_id": id,
        "output": { "task_id": task, "task_status": status },
    });
    if status == "SUCCEEDED" {
        let url = format!("https://images.example/{task}.png");
        state["output"]["results"] = json!([{ "url": url }]);
        state["output"]["task_metrics"] = json!({ "TOTAL": 1, "SUCCEEDED": 1, "FAILED": 0 });
        state["usage"] = json!({ "image_count": 1 });
    }
    state
}

fn error(error: Error, format: Format, id: &str) -> Reply {
    let body = Either::Left(Full::new(error.body(format, id)));
    reply(error.status, "application/json", body, id)
}

fn json_reply(body: String, id: &str) -> Reply {
    let body = Either::Left(Full::new(Bytes::from(body)));
    reply(StatusCode::OK, "application/json", body, id)
}

fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: Either<Full<Bytes>, EventBody>,
    id: &str,
) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    if let Ok(id) = id.parse() {
        headers.insert("x-request-id", id);
    }
    reply
}

/// Waits, unless the time is zero: a timer would round it up to a millisecond.
async fn pause(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}
