//! The keys of a quota in the store.

use super::kind_name::name_of;
use super::protocol::{Call, VERSION};

/// The keys of a quota.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// Keeps the keys of a quota on one node of a cluster.
    tag: String,
    process: String,
}

impl Keys {
    pub(super) fn new(account: &str, quota: &str, process: &str) -> Self {
        Self {
            tag: format!(
                "{{model-studio-limiter:{}:{}}}",
                escape(account),
                escape(quota)
            ),
            process: process.to_owned(),
        }
    }

    /// Returns the keys of a call:
    ///
    /// - the version, a string;
    /// - the state, a hash;
    /// - the line of waiting processes, a sorted set by the time at which they joined it;
    /// - the last reply to this process, a string;
    /// - the classes that wait and those that do not, both sorted sets by tag;
    /// - for each limit on concurrency, the running tasks and the processes with running requests,
    ///   both sorted sets by expiry;
    /// - for each class but the default one, its line, and a hash with the entries of the line.
    ///
    /// The line of the default class is that of programs which do not know classes.
    pub(super) fn of(&self, call: &Call) -> Vec<String> {
        let Self { tag, process } = self;
        let key = |name: &str| format!("{tag}:v{VERSION}:{name}");
        let mut keys = vec![
            // The only key that all versions use.
            format!("{tag}:version"),
            key("state"),
            key("line"),
            key(&format!("reply:{process}")),
            key("waiting"),
            key("idle"),
        ];
        for limit in &call.concurrency {
            let name = name_of(limit.kind);
            keys.push(key(&format!("tasks:{name}")));
            keys.push(key(&format!("held:{name}")));
        }
        for class in call.classes.iter().skip(1) {
            let name = escape(class.key.as_str());
            keys.push(key(&format!("line:{name}")));
            keys.push(key(&format!("entries:{name}")));
        }
        keys
    }
}

/// Escapes the characters that separate the parts of a key.
fn escape(name: &str) -> String {
    name.replace('%', "%25")
        .replace(':', "%3A")
        .replace('}', "%7D")
}
