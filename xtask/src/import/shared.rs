//! Quotas that several models share.

use crate::import::template::{self, Numbers};

/// A remark about a shared quota.
#[derive(Clone, Debug)]
pub(super) struct SharedQuota {
    /// The text for the data file.
    pub(super) text: String,
    pub(super) limit: u64,
}

/// The provider's sentences, and the texts for the data file. `{l}` is the limit.
const SENTENCES: &[(&str, &str)] = &[
    (
        "同一个阿里云百炼APIKey下，在{n}个模型中共享{l}RPM限流配额。即这{n}个模型的每分钟请求总数加起来不能超过{l}。",
        "{n} models share {l} RPM",
    ),
    (
        "同一个阿里云百炼APIKey下，在{n}个模型中共享{l}TPM限流配额。即这{n}个模型的每分钟Token消耗总数加起来不能超过{l}。",
        "{n} models share {l} TPM",
    ),
    (
        "同一个阿里云百炼APIKey下，kimi/kimi-k2.6与kimi/kimi-k2.5共享{l}RPM限流配额。即这{n}个模型的每分钟请求总数加起来不能超过{l}。",
        "{n} models share {l} RPM",
    ),
    (
        "同一个阿里云百炼APIKey下，kimi/kimi-k2.6与kimi/kimi-k2.5共享{l}TPM限流配额。即这{n}个模型的每分钟Token消耗总数加起来不能超过{l}。",
        "{n} models share {l} TPM",
    ),
    (
        "同一个阿里云百炼APIKey在{n}个模型间共享额度。即这{n}个模型处于运行状态的任务总数加起来不能超过{l}个。",
        "{n} models share {l} concurrent tasks",
    ),
    (
        "同一个阿里云百炼APIKey在{n}个模型间共享并发额度。即这{n}个模型处于运行状态的任务总数加起来不能超过{l}个。",
        "{n} models share {l} concurrent tasks",
    ),
    (
        "同一阿里云百炼APIKey下，可灵系列的{n}个模型（图像及视频）共享{l}个并发数。即这{n}个模型处于运行状态的任务总数加起来不能超过{l}个。",
        "{n} Kling models (image and video) share {l} concurrent tasks",
    ),
    (
        "同一个阿里云百炼APIKey下，Vidu参考生图系列的{n}个模型共享{l}个并发数。即这{n}个模型处于运行状态的任务总数加起来不能超过{l}个。",
        "{n} Vidu image models share {l} concurrent tasks",
    ),
    (
        "同一个阿里云百炼APIKey下，Vidu参考生图系列的模型共享{l}个并发数。即所有模型处于运行状态的任务总数加起来不能超过{l}个。",
        "all Vidu image models share {l} concurrent tasks",
    ),
];

/// Returns the shared quota that a sentence describes.
pub(super) fn read(text: &str) -> Option<SharedQuota> {
    let mut sentences = SENTENCES.iter();
    sentences.find_map(|(sentence, output)| {
        let numbers = template::numbers(sentence, text)?;
        Some(SharedQuota {
            text: template::fill(output, &numbers),
            limit: limit(&numbers)?,
        })
    })
}

fn limit(numbers: &Numbers) -> Option<u64> {
    let limit = numbers.iter().find(|(name, _)| *name == "l");
    limit.map(|(_, limit)| *limit)
}
