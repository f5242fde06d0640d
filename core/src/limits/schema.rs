//! The JSON schema of limits, which accepts what deserializes.

use super::Limits;
use crate::{KeyWindow, LimitKey};

/// An object such as `{ "qpm": 600, "tokens": "500000 per 6s" }`, or the string `none`.
impl schemars::JsonSchema for Limits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut properties = schemars::Schema::default();
        let count = schemars::json_schema!({ "type": "integer", "minimum": 1 });
        let window = schemars::json_schema!({
            "type": "string",
            "pattern": "^[1-9][0-9]* per [1-9][0-9]*[smhd]$"
        });
        let windows = schemars::json_schema!({
            "oneOf": [window, { "type": "array", "items": window, "minItems": 1 }]
        });
        for key in LimitKey::ALL {
            let value = match key.window {
                KeyWindow::Fixed(_) => &count,
                KeyWindow::Any => &windows,
            };
            properties.insert(key.name.into(), value.clone().into());
        }
        schemars::json_schema!({
            "oneOf": [
                { "const": "none" },
                {
                    "type": "object",
                    "properties": properties,
                    "additionalProperties": false,
                    "minProperties": 1
                }
            ]
        })
    }
}
