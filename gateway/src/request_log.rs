//! Writes a line for each request to the log.

use http::StatusCode;
use tracing::Level;

use crate::record::{Outcome, Record};

/// Writes the line of a request that has ended: with the level `INFO` if it failed or its response is
/// an error, and `DEBUG` otherwise. It contains no key and nothing of the bodies except for the name of
/// the model.
pub(crate) fn log(record: &Record) {
    // The level of an event must be a constant.
    macro_rules! write_line {
        ($level:expr) => {
            tracing::event!(
                $level,
                request_id = ?record.request_id,
                operation = record.operation,
                model = &*record.model,
                class = &*record.class,
                status = record.status.map(|status| status.as_u16()),
                outcome = record.outcome.name(),
                waited = record.waited.as_secs_f64(),
                first_byte = record.first_byte.map(|time| time.as_secs_f64()),
                duration = record.duration.as_secs_f64(),
                input_tokens = record.usage.map(|(input, _)| input),
                output_tokens = record.usage.map(|(_, output)| output),
                refusals = record.refusals,
                "request"
            )
        };
    }
    if has_failed(record) {
        write_line!(Level::INFO);
    } else {
        write_line!(Level::DEBUG);
    }
}

fn has_failed(record: &Record) -> bool {
    let is_error = |status: StatusCode| status.is_client_error() || status.is_server_error();
    record.outcome != Outcome::Completed || record.status.is_some_and(is_error)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use http::{HeaderValue, StatusCode};
    use tracing::Level;
    use tracing::subscriber::with_default;

    use super::log;
    use crate::record::{Outcome, Record};

    #[test]
    fn failures_are_for_information_and_successes_for_debugging() {
        let mut record = Record::new(HeaderValue::from_static("id-1"), "chat_completions");
        record.model = Arc::from("qwen-plus");
        record.class = Arc::from("batch\nforged line");
        record.status = Some(StatusCode::OK);
        record.outcome = Outcome::Completed;
        record.usage = Some((12, 34));
        let line = logged(&record);
        assert!(line.contains("DEBUG"), "{line}");
        for part in [
            "request_id=\"id-1\"",
            "model=\"qwen-plus\"",
            "status=200",
            "outcome=\"completed\"",
            "input_tokens=12",
            "output_tokens=34",
        ] {
            assert!(line.contains(part), "no {part} in {line}");
        }
        assert_eq!(line.lines().count(), 1, "{line}");

        record.status = Some(StatusCode::UNAUTHORIZED);
        assert!(logged(&record).contains(" INFO "));
        record.outcome = Outcome::ClientLeft;
        record.status = None;
        assert!(logged(&record).contains(" INFO "));
    }

    /// Returns what is written to the log.
    fn logged(record: &Record) -> String {
        let text = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&text);
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(Level::DEBUG)
            .with_writer(move || Writer(Arc::clone(&writer)))
            .finish();
        with_default(subscriber, || log(record));
        let text = text.lock().unwrap();
        String::from_utf8(text.clone()).unwrap()
    }

    struct Writer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
