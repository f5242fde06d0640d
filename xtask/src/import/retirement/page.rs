//! Divides the page into batches of models that are retired on the same day.

use crate::import::error::{self, PageError};
use crate::import::markdown::{self, Line, LineKind};
use crate::import::retirement::table::{self, Cell};

/// The name of the file, for errors.
pub(crate) const FILE: &str = "model-depreciation.md";

/// The headings above the batches. The text below them is not read.
const INTRODUCTION: [&str; 6] = [
    "模型下线机制说明",
    "通知机制",
    "通知时间",
    "通知方式",
    "下线影响",
    "操作建议",
];

/// The heading above the batches.
const BATCHES: &str = "下线模型列表";

/// The beginning of the line with the only notice of a batch.
const NOTICE: &str = "详细说明，请参见官网公告";

/// The line above a list with the notices of a batch.
const NOTICES: &str = "详细说明，请参见以下官网公告：";

/// The line of a batch that has no notice.
const NO_NOTICE: &str = "该批次未发布专项公告。";

/// The header cells of a table.
const HEADER: [&str; 4] = ["类别", "模型名称", "下线时间", "替代模型"];

/// The page.
#[derive(Debug)]
pub(crate) struct RetirementPage {
    /// The site of its notices.
    pub(super) site: &'static str,
    pub(super) batches: Vec<Batch>,
}

/// Models that are retired on the same day.
#[derive(Debug)]
pub(super) struct Batch {
    /// The line of the heading.
    pub(super) line: usize,
    pub(super) date: String,
    /// `announced` or `retired`.
    pub(super) status: &'static str,
    /// The numbers of the notices.
    pub(super) notices: Vec<String>,
    /// The cells of the table. Newer editions have only the notices.
    pub(super) cells: Vec<Cell>,
}

/// Reads the page.
pub(crate) fn read(page: &str) -> Result<RetirementPage, String> {
    let mut reader = Reader {
        source: page.lines().collect(),
        site: None,
        is_introduction: true,
        batches: Vec::new(),
        header: 0,
        has_notice: false,
    };
    for line in markdown::lines(page) {
        // What follows would be read as a part of another table.
        let result = reader.add(&line);
        result.map_err(|error| error::message(FILE, vec![error]))?;
    }
    let result = reader.finish();
    result.map_err(|error| error::message(FILE, vec![error]))
}

struct Reader<'a> {
    /// The lines of the page, with the targets of links.
    source: Vec<&'a str>,
    site: Option<(&'static str, usize)>,
    is_introduction: bool,
    batches: Vec<Batch>,
    /// The number of header cells that were read in the last batch.
    header: usize,
    /// The last batch has a notice, or the line that it has none.
    has_notice: bool,
}

impl Reader<'_> {
    fn add(&mut self, line: &Line) -> Result<(), PageError> {
        if line.is_heading() {
            return self.add_heading(line);
        }
        if self.is_introduction {
            return Ok(());
        }
        let notice = self.notice(line)?;
        self.has_notice |= notice.is_some() || line.text == NO_NOTICE;
        let Some(batch) = self.batches.last_mut() else {
            let message = "expected a heading such as `2026年10月10日将下线` above";
            return Err(PageError::found(line, message));
        };
        if (1..HEADER.len()).contains(&self.header) || line.text == HEADER[0] {
            if HEADER.get(self.header) != Some(&line.text.as_str()) {
                let expected = HEADER.get(self.header).unwrap_or(&"a row");
                let message = format!("expected the header cell `{expected}`");
                return Err(PageError::found(line, message));
            }
            if batch.notices.len() > 1 {
                let message = "expected one notice above the table, not several";
                return Err(PageError::new(line.number, message));
            }
            self.header += 1;
        } else if self.header > 0 {
            let date = &batch.date;
            table::push_cell(&mut batch.cells, line, date)?;
        } else if let Some(notice) = notice {
            batch.notices.push(notice);
        } else if ![NOTICES, NO_NOTICE].contains(&line.text.as_str()) {
            let message = "expected a notice, or the header cell `类别`";
            return Err(PageError::found(line, message));
        }
        Ok(())
    }

    fn add_heading(&mut self, line: &Line) -> Result<(), PageError> {
        let text = line.text.as_str();
        if self.is_introduction {
            if text == BATCHES {
                self.is_introduction = false;
            } else if !INTRODUCTION.contains(&text) {
                let message = format!("unknown heading: expected `{BATCHES}`");
                return Err(PageError::found(line, message));
            }
            return Ok(());
        }
        let is_announced = table::date(text, "{y}年{m}月{d}日将下线");
        let is_retired = table::date(text, "{y}年{m}月{d}日已下线");
        let (date, status) = match (is_announced, is_retired) {
            (Some(date), _) => (date, "announced"),
            (None, Some(date)) => (date, "retired"),
            (None, None) => {
                let message = "unknown heading: expected one such as `2026年10月10日将下线`";
                return Err(PageError::found(line, message));
            }
        };
        self.check_last()?;
        self.header = 0;
        self.has_notice = false;
        self.batches.push(Batch {
            line: line.number,
            date,
            status,
            notices: Vec::new(),
            cells: Vec::new(),
        });
        Ok(())
    }

    /// Returns the number of the notice that a line links to.
    fn notice(&mut self, line: &Line) -> Result<Option<String>, PageError> {
        let is_item = line.kind == LineKind::Text && line.text.starts_with('-');
        let is_notice = line.text.starts_with(NOTICE) || is_item;
        if !is_notice || self.header > 0 {
            return Ok(None);
        }
        let source = self.source.get(line.number - 1).copied();
        let targets = markdown::link_targets(source.unwrap_or_default());
        let found = match targets[..] {
            [target] => notice(target),
            _ => None,
        };
        let Some((site, number)) = found else {
            let message = "expected one link such as https://www.aliyun.com/notice/118434";
            return Err(PageError::found(line, message));
        };
        match self.site {
            Some((other, number)) if other != site => {
                let message = format!("the notice is of another site than that on line {number}");
                return Err(PageError::new(line.number, message));
            }
            _ => self.site = self.site.or(Some((site, line.number))),
        }
        Ok(Some(number))
    }

    fn finish(self) -> Result<RetirementPage, PageError> {
        self.check_last()?;
        let Some((site, _)) = self.site else {
            let message = "expected a notice, found none: the site is not known";
            return Err(PageError::new(1, message));
        };
        Ok(RetirementPage {
            site,
            batches: self.batches,
        })
    }

    /// Checks that the last batch is complete.
    fn check_last(&self) -> Result<(), PageError> {
        let Some(batch) = self.batches.last() else {
            return Ok(());
        };
        let message = match self.header {
            0 if !self.has_notice => "expected a notice or a table below the heading",
            0 => return Ok(()),
            _ if batch.cells.is_empty() => "expected a table with models below the heading",
            _ => return Ok(()),
        };
        Err(PageError::new(batch.line, message))
    }
}

/// Returns the site and the number of a notice, such as `https://www.aliyun.com/notice/118434`. In other
/// links, the number follows the title: `https://www.alibabacloud.com/zh/notice/title_731`.
fn notice(target: &str) -> Option<(&'static str, String)> {
    let (host, path) = target.strip_prefix("https://")?.split_once('/')?;
    let site = match host {
        "www.aliyun.com" => "mainland",
        "www.alibabacloud.com" => "international",
        _ => return None,
    };
    let path = path.split(['?', '#']).next()?;
    let (directory, id) = path.rsplit_once('/')?;
    let number = id.rsplit('_').next()?;
    let is_notice = directory.rsplit('/').next() == Some("notice");
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_notice && is_number).then(|| (site, number.to_owned()))
}
