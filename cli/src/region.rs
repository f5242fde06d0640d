//! The regions, and their tables.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use model_studio_limits::Catalogue;
use model_studio_limits_core::{AnyOf, Escaped};

use crate::tables::{Property, PropertyValues, Served, Table, TableModel};

/// Defines [`Region`] from the list of the regions of `model_studio_limits`.
macro_rules! define_region {
    ($($module:ident {
        $variant:ident, $name:literal, region: $region:literal, scope: $scope:literal, id: $id:expr
    })*) => {
        /// A region and deployment scope, or the root table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
        pub(crate) enum Region {
            $(
                #[value(
                    name = $name,
                    help = concat!($region, ", ", $scope, " scope"),
                    aliases = aliases($name, $id)
                )]
                $variant,
            )*
            /// The international site in mid-2025, the root table of the Rust crate
            #[value(name = "built-in")]
            BuiltIn,
        }

        impl Region {
            /// Every region. The root table is not among them, since it is older.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name, which is also that of the crate's feature.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::BuiltIn => "built-in",
                }
            }

            /// Returns the provider's ID of the region, which is `None` if it is unknown or if this
            /// is not the region's main table.
            pub(crate) const fn id(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $id,)*
                    Self::BuiltIn => None,
                }
            }

            /// Returns the table of the region.
            pub(crate) fn table(self) -> Table {
                match self {
                    $(Self::$variant => table::<model_studio_limits::$module::Model>(self),)*
                    Self::BuiltIn => table::<model_studio_limits::Model>(self),
                }
            }
        }
    };
}

model_studio_limits::__private::regions!(define_region);

/// Returns the other names of a region: its name with hyphens, and its ID.
fn aliases(name: &str, id: Option<&str>) -> impl Iterator<Item = String> {
    let hyphenated = name.contains('_').then(|| name.replace('_', "-"));
    hyphenated.into_iter().chain(id.map(str::to_owned))
}

impl FromStr for Region {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(name, false).map_err(|_| {
            let regions: Vec<&str> = Self::value_variants()
                .iter()
                .map(|region| region.name())
                .collect();
            format!(
                "unknown region `{}`, expected {}",
                Escaped(name),
                AnyOf(&regions)
            )
        })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

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
        is_own: false,
        date,
        properties: properties.collect(),
        models: served.chain(retired).collect(),
    }
}
