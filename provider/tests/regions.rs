//! The regions, their hosts and their tables.

use std::collections::HashSet;

use model_studio_provider::{BaseUrlError, Region, Status};

#[test]
fn a_region_is_parsed_from_each_of_its_names() {
    for region in Region::ALL {
        assert_eq!(region.name().parse(), Ok(*region));
        assert_eq!(region.to_string(), region.name());
        assert_eq!(region.name().replace('_', "-").parse(), Ok(*region));
        if let Some(id) = region.id() {
            assert_eq!(id.parse(), Ok(*region));
        }
    }
    assert_eq!("built-in".parse(), Ok(Region::BuiltIn));
    for unknown in ["", "Singapore", "built_in", "us_east_1"] {
        assert!(unknown.parse::<Region>().is_err(), "{unknown}");
    }
}

/// The hosts on the provider's page about base URLs.
#[test]
fn the_hosts_are_the_documented_ones() {
    let shared = |region: Region| region.base_url(None);
    let of_workspace = |region: Region| region.base_url(Some("llm-abc")).unwrap();
    for (regions, id, host) in [
        (
            &[Region::Singapore][..],
            "ap-southeast-1",
            Some("dashscope-intl.aliyuncs.com"),
        ),
        (
            &[Region::Beijing],
            "cn-beijing",
            Some("dashscope.aliyuncs.com"),
        ),
        (
            &[Region::Virginia, Region::VirginiaUs],
            "us-east-1",
            Some("dashscope-us.aliyuncs.com"),
        ),
        (
            &[Region::Frankfurt, Region::FrankfurtEu],
            "eu-central-1",
            None,
        ),
        (&[Region::Tokyo, Region::TokyoJapan], "ap-northeast-1", None),
        (
            &[Region::HongKong, Region::HongKongGlobal],
            "cn-hongkong",
            Some("cn-hongkong.dashscope.aliyuncs.com"),
        ),
    ] {
        for region in regions {
            let url = format!("https://llm-abc.{id}.maas.aliyuncs.com");
            assert_eq!(of_workspace(*region), url);
            let expected = host.map(|host| format!("https://{host}"));
            let expected = expected.ok_or(BaseUrlError::WorkspaceRequired(*region));
            assert_eq!(shared(*region), expected);
        }
    }
}

#[test]
fn a_workspace_that_is_not_part_of_a_host_name_is_rejected() {
    for workspace in [
        "",
        "-a",
        "a-",
        "a.example.com/",
        "a b",
        "ü",
        &"a".repeat(64),
    ] {
        assert_eq!(
            Region::Singapore.base_url(Some(workspace)),
            Err(BaseUrlError::InvalidWorkspace(workspace.to_owned()))
        );
    }
    let longest = "a".repeat(63);
    assert!(Region::Singapore.base_url(Some(&longest)).is_ok());
}

#[test]
fn the_root_table_has_no_host() {
    for workspace in [None, Some("llm-abc")] {
        let error = Region::BuiltIn.base_url(workspace).unwrap_err();
        assert_eq!(error.to_string(), "`built-in` is a table, not a region");
    }
}

#[test]
fn each_table_finds_its_models_by_all_names() {
    for region in Region::ALL.iter().chain(&[Region::BuiltIn]) {
        let table = region.table();
        assert_eq!(
            (table.name.as_str(), table.region),
            (region.name(), Some(*region))
        );
        let mut names = HashSet::new();
        for model in &table.models {
            for name in model.names() {
                assert!(names.insert(name), "{region}: {name} is there twice");
                assert_eq!(table.model(name).unwrap().name, model.name);
            }
            let is_retired = matches!(model.status, Status::Retired(_));
            assert_eq!(
                model.served.is_none(),
                is_retired,
                "{region}: {}",
                model.name
            );
        }
        assert!(table.served().count() > 0);
        assert!(table.model("no-such-model").is_none());
    }
}

#[cfg(feature = "clap")]
#[test]
fn clap_accepts_the_names_that_can_be_parsed() {
    use clap::ValueEnum as _;

    let variants = Region::value_variants();
    assert_eq!(variants.len(), Region::ALL.len() + 1);
    for region in variants {
        let value = region.to_possible_value().unwrap();
        for name in value.get_name_and_aliases() {
            assert_eq!(name.parse(), Ok(*region));
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_region_is_serialized_as_its_name() {
    for region in Region::ALL {
        let json = serde_json::to_string(region).unwrap();
        assert_eq!(json, format!("\"{region}\""));
        assert_eq!(serde_json::from_str::<Region>(&json).unwrap(), *region);
    }
    let error = serde_json::from_str::<Region>("\"atlantis\"").unwrap_err();
    assert!(error.to_string().starts_with("unknown region `atlantis`"));
}
