use super::{submitted_task, task_has_ended};

#[test]
fn the_id_of_a_submitted_task_is_found() {
    let body =
        br#"{"output":{"task_status":"PENDING","task_id":"0385dc79-5ff8"},"request_id":"r"}"#;
    assert_eq!(submitted_task(body).as_deref(), Some("0385dc79-5ff8"));
    for body in [
        r#"{"code":"InvalidApiKey","message":"No API-key provided.","request_id":"r"}"#,
        r#"{"output":{"task_status":"PENDING"}}"#,
        r#"{"output":{"task_id":1}}"#,
        r#"{"output":null}"#,
        "",
        "<html>",
    ] {
        assert_eq!(submitted_task(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn a_task_has_ended_when_its_status_is_final() {
    for (status, has_ended) in [
        ("PENDING", Some(false)),
        ("RUNNING", Some(false)),
        ("SUSPENDED", Some(false)),
        ("SUCCEEDED", Some(true)),
        ("FAILED", Some(true)),
        ("CANCELED", Some(true)),
        ("UNKNOWN", None),
        ("NEW", None),
    ] {
        let body = format!(
            r#"{{"request_id":"r","output":{{"task_id":"t","task_status":"{status}","results":[{{}}]}}}}"#
        );
        assert_eq!(task_has_ended(body.as_bytes()), has_ended, "{status}");
    }
    assert_eq!(task_has_ended(b"{}"), None);
    assert_eq!(task_has_ended(b"\xff"), None);
}
