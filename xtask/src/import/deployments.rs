//! The provider's names of regions and deployment scopes.

use crate::deployment::DEPLOYMENTS;
use crate::import::{markdown, template};

/// The headings of regions.
const REGIONS: [(&str, &str); 6] = [
    ("华北2（北京）", "beijing"),
    ("美国（弗吉尼亚）", "virginia"),
    ("新加坡", "singapore"),
    ("德国（法兰克福）", "frankfurt"),
    ("日本（东京）", "tokyo"),
    ("中国香港", "hongkong"),
];

/// The deployment scopes, which are headings in older editions and cells in newer ones.
const SCOPES: [(&str, &str); 7] = [
    ("中国内地", "mainland"),
    ("国际", "international"),
    ("全球", "global"),
    ("美国", "us"),
    ("欧盟", "eu"),
    ("日本", "japan"),
    ("中国香港", "hongkong"),
];

pub(super) fn region(text: &str) -> Option<&'static str> {
    find(&REGIONS, text)
}

pub(super) fn scope(text: &str) -> Option<&'static str> {
    find(&SCOPES, text)
}

fn find(names: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    let mut names = names.iter();
    let found = names.find(|(name, _)| markdown::is_same(name, text));
    found.map(|(_, name)| *name)
}

/// Returns the deployment scope of a region that has only one.
pub(super) fn only_scope(region: &str) -> Option<&'static str> {
    let mut deployments = DEPLOYMENTS.iter().filter(|it| it.region == region);
    match (deployments.next(), deployments.next()) {
        (Some(deployment), None) => Some(deployment.scope),
        _ => None,
    }
}

/// Returns the scope and the regions in a sentence such as `服务部署范围为全球时，…该部署范围支持的地域：
/// 美国（弗吉尼亚）、德国（法兰克福）。`
pub(super) fn scope_with_regions(text: &str) -> Option<(&'static str, Vec<&'static str>)> {
    let only_mainland =
        "服务部署范围仅支持中国内地。数据存储位于北京接入地域，模型推理计算资源仅限于中国内地。";
    if template::numbers(only_mainland, text).is_some() {
        return Some(("mainland", vec!["beijing"]));
    }
    let (name, rest) = text.strip_prefix("服务部署范围为")?.split_once("时，")?;
    let (_, regions) = rest.split_once("该部署范围支持的地域：")?;
    let regions = regions.strip_suffix('。')?.split('、').map(region);
    Some((scope(name)?, regions.collect::<Option<_>>()?))
}
