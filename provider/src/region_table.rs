//! The tables of the regions, from the enums of `model-studio-limits`.

use model_studio_limits::Catalogue;

use crate::region::Region;
use crate::table::{Property, PropertyValues, Served, Table, TableModel};

/// Defines [`Region::table`] from the list of the regions of `model_studio_limits`.
macro_rules! define_table {
    ($($module:ident { $variant:ident, $($rest:tt)* })*) => {
        impl Region {
            /// Returns the table of the region: its models with their limits, aliases, properties and
            /// life cycle.
            ///
            /// This collects a table of several hundred models, so keep the result.
            ///
            /// ```
            /// use model_studio_provider::{Region, Status};
            ///
            /// let table = Region::Singapore.table();
            /// let model = table.model("qwen3.7-plus").expect("the model is in the table");
            /// assert_eq!(model.status, Status::Active);
            ///
            /// let served = model.served.as_ref().expect("the model is served");
            /// println!("limits: {}", served.limits);
            /// if let Some(tokens) = model.property("context_window") {
            ///     println!("context window: {tokens:?}");
            /// }
            /// ```
            #[must_use]
            pub fn table(self) -> Table {
                match self {
                    $(Self::$variant => table::<model_studio_limits::$module::Model>(self),)*
                    Self::BuiltIn => table::<model_studio_limits::Model>(self),
                }
            }
        }
    };
}

model_studio_limits::__private::regions!(define_table);

fn table<M: Catalogue>(region: Region) -> Table {
    let date = M::SOURCE.date;
    let properties = M::PROPERTIES.iter().map(|property| Property {
        name: property.name,
        kind: property.kind(),
        unit: property.unit,
        choices: property.choices,
    });
    let served = M::ALL.iter().map(|model| {
        let values = M::PROPERTIES
            .iter()
            .filter_map(|property| Some((property.name, model.property(property.name)?)));
        let served = Served {
            category: model.category(),
            series: model.series(),
            limits: model.limits(),
            dynamic: model.is_dynamic(),
            pool: model.pool(),
            properties: PropertyValues(values.collect()),
        };
        let replacement = model.replacement().map(M::name);
        let (name, aliases) = (model.name(), model.aliases());
        TableModel::served(
            name,
            aliases,
            model.deprecation(),
            replacement,
            served,
            date,
        )
    });
    let retired = M::RETIRED.iter().map(TableModel::retired);
    Table {
        name: region.name().to_owned(),
        region: Some(region),
        date,
        properties: properties.collect(),
        models: served.chain(retired).collect(),
    }
}
