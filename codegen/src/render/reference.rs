//! The documentation page that lists all models: the `reference` modules of the runtime.

use std::fmt::Write as _;

use model_studio_limits_core::{Category, DisplayLimits, Grouped, KeyWindow, Limit, LimitKey};

use super::markdown::{in_cell, prose};
use super::properties;
use crate::property::Property;
use crate::settings::Settings;
use crate::table::{Model, RetiredModel, Table};
use crate::table_file::Row;

/// Returns the page: a table for each series, in which each model links to its variant.
pub(super) fn page(table: &Table, settings: &Settings) -> String {
    let enum_name = &settings.enum_name;
    let path = settings.path("crate", enum_name);
    let mut text = format!(
        "All models with their rate limits, by category and series. QPM and TPM stand for queries \
         and tokens per minute.\n\n\
         Limits apply per account, across all of its API keys. See [`{enum_name}`]({path}) for the \
         source.\n"
    );
    let page = Page { table, path };
    page.write_groups(&mut text);
    page.write_retired(&mut text);
    text
}

struct Page<'a> {
    table: &'a Table,
    /// The path of the enum.
    path: String,
}

impl Page<'_> {
    fn write_groups(&self, page: &mut String) {
        let mut category = None;
        for (index, group) in self.table.groups.iter().enumerate() {
            if category != Some(group.category) {
                category = Some(group.category);
                _ = writeln!(page, "\n# {}", title(group.category));
            }
            let models = self.table.models.iter();
            let models: Vec<&Model> = models.filter(|model| model.row.group == index).collect();
            _ = writeln!(page, "\n## {}\n", in_cell(&group.series));
            self.write_models(page, &models);
        }
    }

    fn write_models(&self, page: &mut String, models: &[&Model]) {
        let limits = models.iter().flat_map(|model| &model.row.limits);
        let mut slots: Vec<_> = limits.map(Limit::slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let headings = slots.iter().map(|(kind, per)| {
            let key = LimitKey::find(*kind, KeyWindow::Fixed(*per))?;
            Some(format!("{} | ", key.heading))
        });
        // Limits without a short key have no heading. All limits are then in one column.
        let headings: Option<String> = headings.collect();
        let has_columns = headings.is_some();
        let headings = headings.unwrap_or_else(|| "limits | ".to_owned());
        let alignment = if has_columns {
            "---: | ".repeat(slots.len())
        } else {
            "--- | ".to_owned()
        };
        let properties = self.properties(models);
        let headings = properties.iter().fold(headings, |headings, (_, property)| {
            let name = property.name.replace('_', " ");
            match &property.unit {
                Some(unit) => format!("{headings}{name}, {} | ", prose(unit)),
                None => format!("{headings}{name} | "),
            }
        });
        let alignment = properties
            .iter()
            .fold(alignment, |alignment, (_, property)| {
                alignment
                    + if property.kind.is_numeric() {
                        "---: | "
                    } else {
                        "--- | "
                    }
            });
        _ = writeln!(page, "| model ID | {headings}|\n| --- | {alignment}--- |");
        for model in models {
            let limits = &model.row.limits;
            let cells = if has_columns {
                let limits = slots
                    .iter()
                    .map(|slot| limits.iter().find(|limit| limit.slot() == *slot));
                let cells = limits.map(|limit| match limit {
                    Some(limit) => format!("{} | ", Grouped(limit.count.get())),
                    None => "| ".to_owned(),
                });
                cells.collect()
            } else {
                format!("{} | ", DisplayLimits(limits))
            };
            let cells = properties.iter().fold(cells, |cells, (index, _)| {
                let value = model.properties[*index].as_ref();
                cells + &value.map(properties::display).unwrap_or_default() + " | "
            });
            let (link, remarks) = (self.link(&model.row), self.remarks(model));
            _ = writeln!(page, "| {link} | {cells}{remarks} |");
        }
    }

    /// Returns the properties that at least one of the models has, with their positions.
    fn properties(&self, models: &[&Model]) -> Vec<(usize, &Property)> {
        let properties = self.table.properties.iter().enumerate();
        let used = properties.filter(|(index, _)| {
            let mut values = models.iter().map(|model| &model.properties[*index]);
            values.any(Option::is_some)
        });
        used.collect()
    }

    fn write_retired(&self, page: &mut String) {
        if self.table.retired.is_empty() {
            return;
        }
        page.push_str("\n# Retired models\n\n| model ID | retired on | |\n| --- | --- | --- |\n");
        for RetiredModel { row, replacement } in &self.table.retired {
            let name = in_cell(&row.name);
            let replacement = self.use_instead(*replacement).unwrap_or_default();
            _ = writeln!(page, "| `{name}` | {} | {replacement} |", row.on);
        }
    }

    /// Returns the aliases of a model, its life cycle, and remarks on its limits.
    fn remarks(&self, model: &Model) -> String {
        let mut remarks = Vec::new();
        let row = &model.row;
        for alias in &row.aliases {
            remarks.push(format!("alias `{}`", in_cell(&alias.text)));
        }
        if row.deprecation.is_some() {
            remarks.push("deprecated".to_owned());
        }
        remarks.extend(row.retires().map(|date| format!("retires on {date}")));
        remarks.extend(self.use_instead(model.replacement));
        if row.limits.is_empty() && !row.dynamic {
            remarks.push("no limit".to_owned());
        }
        if row.dynamic {
            remarks.push("limits adjusted by the provider".to_owned());
        }
        if let Some(pool) = row.pool() {
            remarks.push(format!("limits shared within the pool `{}`", in_cell(pool)));
        }
        if model.baseline.is_some() {
            remarks.push("limits changed by an overlay".to_owned());
        }
        remarks.join("; ")
    }

    /// Returns the remark on the replacement at a position.
    fn use_instead(&self, replacement: Option<usize>) -> Option<String> {
        let replacement = self.table.replacement(replacement)?;
        Some(format!("use {}", self.link(replacement)))
    }

    /// Returns a link to the variant of a model.
    fn link(&self, row: &Row) -> String {
        let name = in_cell(&row.name.text);
        format!("[`{name}`]({}::{})", self.path, row.name.identifier)
    }
}

/// Returns a category as a heading, such as `Text generation`.
fn title(category: Category) -> String {
    let words = category.as_str().replace('-', " ");
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}
