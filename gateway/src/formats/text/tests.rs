use serde::de::DeserializeSeed;

use super::{TextBytes, TextCounter};

#[track_caller]
fn assert_bytes(json: &str, with_keys: u64, without_keys: u64) {
    let counter = TextCounter { counts_keys: true };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    assert_eq!(
        counter.deserialize(&mut deserializer).unwrap().bytes,
        with_keys,
        "{json}"
    );
    let text: TextBytes = serde_json::from_str(json).unwrap();
    assert_eq!(text.0, without_keys, "{json}");
}

#[test]
fn strings_count_in_utf8_however_they_are_escaped() {
    assert_bytes(r#""abc""#, 3, 3);
    assert_bytes(r#""你好""#, 6, 6);
    assert_bytes(r#""\u4f60\u597d\n""#, 7, 7);
    assert_bytes(r#""\ud83d\ude00""#, 4, 4);
    assert_bytes(r#"["a", ["bc", {"key": "def"}], null, true]"#, 9, 6);
}

#[test]
fn each_number_counts_as_a_token_of_what_a_model_reads() {
    assert_bytes("[1, -2, 3.5, 100]", 16, 0);
}

#[test]
fn binary_data_is_not_text() {
    let long = "iVBORw0KGgo/+".repeat(100);
    assert_bytes(&format!(r#""{long}==""#), 0, 0);
    assert_bytes(
        &format!(r#""{}""#, long.replace('/', "_").replace('+', "-")),
        0,
        0,
    );
    assert_bytes(&format!(r#""{}""#, long.replace('/', "\\/")), 0, 0);
    assert_bytes(&format!(r#"["data:image/png;base64,{long}"]"#), 0, 0);
    assert_bytes(r#""data:image/png;base64,iVBORw0KGgo=""#, 0, 0);
}

#[test]
fn what_only_resembles_binary_data_is_text() {
    assert_bytes(r#""iVBORw0KGgo=""#, 12, 12);
    assert_bytes(r#""data: yes,no""#, 12, 12);
    assert_bytes(r#""data:;base64,this is a text""#, 27, 27);
    assert_bytes(&format!(r#""{} ""#, "a".repeat(1000)), 1001, 1001);
    assert_bytes(&format!(r#""{}""#, "word ".repeat(200)), 1000, 1000);
    assert_bytes(&format!(r#""{}""#, "字".repeat(400)), 1200, 1200);
}

#[test]
fn each_image_counts_as_a_part_whether_it_is_data_or_a_url() {
    let json = r#"[
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0K"}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"image": "https://example.com/a.png"}
    ]"#;
    let counter = TextCounter { counts_keys: true };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let content = counter.deserialize(&mut deserializer).unwrap();
    let keys = 8 + 2 * (4 + 9 + 9) + (4 + 11 + 11) + 5;
    assert_eq!((content.bytes, content.parts), (keys + 13 + 4, 4));
}
