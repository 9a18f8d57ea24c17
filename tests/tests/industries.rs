//! GB/T 4754-2017 as the form offers it: by code, by name, by the first letters of its readings.

use anyhow::{Result, ensure};
use huiqi::check::load;
use huiqi::fields::Sink;
use huiqi::text_index::initials;
use huiqi_engine::bundle::{PartKind, decode_names, encode_names};
use huiqi_tests::{today, workspace_root};

#[test]
fn what_people_type_finds_their_industry() -> Result<()> {
    let mut sink = Sink::default();
    let project = load(&workspace_root().join("policies/990100"), today(), &mut sink, |_, _| {})?;
    let mut catalogue = project.tables.catalogue;
    let plain = encode_names(PartKind::Industries, &catalogue.industries);
    catalogue.industries.spell(initials);
    let spelled = encode_names(PartKind::Industries, &catalogue.industries);
    // About a letter per character that occurs, not per character of every name.
    ensure!(spelled.len() - plain.len() < 1_800, "{} and {} bytes", plain.len(), spelled.len());
    catalogue.industries = decode_names(PartKind::Industries, &spelled)?;
    for (typed, code, within) in [
        ("tylbj", "C348", 1),
        ("tyls", "C348", 3),
        ("348", "C348", 1),
        ("c348", "C348", 1),
        ("通用零部件", "C348", 1),
        ("rj", "I651", 3),
        ("qclbj", "C367", 1),
        ("xxjsfw", "I65", 3),
        // 重 is read in two ways.
        ("qzjzz", "C3432", 2),
        ("qcjzz", "C3432", 2),
        ("rjkf", "I651", 2),
        ("jzazy", "E49", 3),
    ] {
        let found = catalogue.find_industries(typed, within);
        let codes: Vec<&str> = found.iter().map(|(c, _)| c.as_str()).collect();
        ensure!(codes.contains(&code), "{typed}: {found:?}");
    }
    Ok(())
}
