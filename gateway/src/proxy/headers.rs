//! Header fields that are not passed on, or are changed.

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, Entry, HOST, HeaderMap,
    HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};

/// The request ID.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The API key of Anthropic's clients.
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// The fields that are about one connection, from RFC 9110, section 7.6.1.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    PROXY_CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The field with which clients that use their own API keys choose a class.
pub(crate) const CLASS: HeaderName = HeaderName::from_static("x-gateway-class");

/// Some servers take the method from these fields, so another request could become a call.
const METHOD_OVERRIDES: [HeaderName; 3] = [
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
];

/// The provider's own ID of a request, for which its support asks.
const PROVIDER_REQUEST_ID: HeaderName = HeaderName::from_static("x-provider-request-id");

/// The longest request ID that is accepted from a client.
const MAX_REQUEST_ID: usize = 128;

/// Removes the fields that are for the gateway, and those that the client library sets itself. The caller
/// has removed those that [are about the connection](remove_hop_by_hop) to the client.
pub(crate) fn remove_from_request(headers: &mut HeaderMap) {
    let names = [HOST, CONTENT_LENGTH, EXPECT, CLASS].into_iter();
    for name in names.chain(METHOD_OVERRIDES) {
        headers.remove(name);
    }
}

/// Keeps the API keys of a request out of `Debug`, and out of the tables with which HTTP/2 compresses
/// header fields.
pub(crate) fn protect_keys(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, API_KEY] {
        if let Entry::Occupied(mut values) = headers.entry(name) {
            values
                .iter_mut()
                .for_each(|value| value.set_sensitive(true));
        }
    }
}

/// Adds the ID of a request to its response. The provider's own ID gets another name.
pub(crate) fn add_request_id(headers: &mut HeaderMap, id: &HeaderValue) {
    let own = headers.insert(REQUEST_ID, id.clone());
    if let Some(own) = own.filter(|own| own != id) {
        headers.insert(PROVIDER_REQUEST_ID, own);
    }
}

/// Returns `true` if a client wants to use the connection for WebSocket. Other upgrades, such as to
/// HTTP/2, are an offer that a server need not accept.
pub(crate) fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let values = headers.get_all(UPGRADE).iter();
    let mut protocols = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    protocols.any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// Removes the fields that are about one connection, also those that `Connection` lists.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let connection = headers.get_all(CONNECTION).iter();
    let lists = connection.filter_map(|list| list.to_str().ok());
    let listed: Vec<HeaderName> = lists
        .flat_map(|list| list.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in listed {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Asks for an answer that is not compressed, since the gateway reads the usage in it.
pub(crate) fn refuse_compression(headers: &mut HeaderMap) {
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Replaces the key of the client with that of the gateway.
pub(crate) fn replace_key(headers: &mut HeaderMap, key: &HeaderValue) {
    headers.remove(API_KEY);
    headers.insert(AUTHORIZATION, key.clone());
}

/// Returns the client's ID of the request, or a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let own = headers.get(REQUEST_ID).filter(|id| {
        let bytes = id.as_bytes();
        (1..=MAX_REQUEST_ID).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
    });
    own.cloned().unwrap_or_else(|| {
        let id = format!("{:032x}", fastrand::u128(..));
        HeaderValue::from_str(&id).expect("hexadecimal digits are valid in a header")
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::HeaderValue;

    use super::{REQUEST_ID, remove_from_request, remove_hop_by_hop, request_id};

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let fields = fields.iter();
        let fields =
            fields.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        fields.collect()
    }

    #[test]
    fn fields_of_the_connection_are_removed() {
        let mut all = headers(&[
            ("connection", "close, X-Private ,keep-alive"),
            ("x-private", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("proxy-authorization", "Basic x"),
            ("host", "example.com"),
            ("content-length", "3"),
            ("x-custom", "2"),
            ("authorization", "Bearer key"),
        ]);
        remove_hop_by_hop(&mut all);
        remove_from_request(&mut all);
        let mut names: Vec<_> = all.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "x-custom"]);
    }

    #[test]
    fn a_valid_request_id_is_kept() {
        assert_eq!(request_id(&headers(&[("x-request-id", "a-1")])), "a-1");
        for invalid in ["", "a b"] {
            let id = request_id(&headers(&[("x-request-id", invalid)]));
            assert_eq!(id.len(), 32, "{invalid}");
        }
        let long = HeaderValue::from_str(&"x".repeat(129)).unwrap();
        assert_eq!(
            request_id(&HeaderMap::from_iter([(REQUEST_ID, long)])).len(),
            32
        );
    }
}
