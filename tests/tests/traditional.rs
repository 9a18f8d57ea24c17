//! Traditional characters: the table of a bundle says what OpenCC says, with far less data.

use anyhow::{Context as _, Result, ensure};
use huiqi::parts::read as part;
use huiqi::traditional::{Converter, missing, table};
use huiqi_engine::bundle::{
    Catalog, PartKind, RegionRoot, Table, decode_cards, decode_catalogue, decode_details, decode_full_text,
    decode_names, decode_traditional,
};
use huiqi_tests::{demo_dir, words, workspace_root};

/// The texts of the program: whatever is Chinese in its sources.
fn own_texts() -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for folder in ["engine/src", "widget/src"] {
        for path in words::files(&workspace_root().join(folder), "rs")? {
            texts.extend(words::literals(&std::fs::read_to_string(path)?));
        }
    }
    texts.retain(|text| !text.is_ascii());
    Ok(texts)
}

#[test]
fn texts_of_the_program_need_no_more_phrases() -> Result<()> {
    let texts = own_texts()?;
    ensure!(texts.len() > 400, "only {} texts were found", texts.len());
    let missing = missing(texts.iter().map(String::as_str))?;
    ensure!(missing.is_empty(), "PHRASES in indexer/src/traditional.rs lacks {missing:?}");
    let (converter, table) = (Converter::new()?, table([])?);
    for text in texts.iter().flat_map(|text| text.lines()) {
        let (shown, wanted) = (table.convert(text), converter.convert(text));
        ensure!(shown == wanted, "{text}: {shown}, not {wanted}");
    }
    Ok(())
}

/// Every text of the published demo, read back from its parts.
#[test]
fn the_table_of_a_bundle_is_enough_for_its_texts() -> Result<()> {
    let folder = demo_dir()?.join("data");
    let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
    let name = catalog.traditional.as_ref().context("the bundle has a table")?;
    let stored = std::fs::metadata(folder.join(format!("{name}.bin")))?.len();
    ensure!(stored <= 25_000, "the table has {stored} bytes");
    let shown = decode_traditional(&part(&folder, name)?)?;

    let mut texts: Vec<String> = Vec::new();
    let catalogue = decode_catalogue(&part(&folder, &catalog.catalogue)?)?;
    for fact in catalogue.facts.values() {
        texts.extend([&fact.name, &fact.question, &fact.help].map(String::clone));
        texts.extend(fact.options.iter().cloned());
    }
    texts.extend(catalogue.items.values().flat_map(|item| item.levels.iter().chain([&item.name])).cloned());
    texts.extend(catalogue.themes.values().cloned());
    let regions = RegionRoot::decode(&part(&folder, &catalog.regions)?)?;
    texts.extend(regions.names.iter().map(|(_, name)| name.to_owned()));
    let industries = decode_names(PartKind::Industries, &part(&folder, &catalog.industries)?)?;
    texts.extend(industries.iter().map(|(_, name)| name.to_owned()));
    for (_, counties) in &regions.counties {
        let names = decode_names(PartKind::Counties, &part(&folder, counties)?)?;
        texts.extend(names.iter().map(|(_, name)| name.to_owned()));
    }
    for (_, table, _) in &catalog.areas {
        let table = Table::decode(&part(&folder, table)?)?;
        texts.extend(table.measures.iter().flat_map(|m| [m.name.clone(), m.issuer.clone()]));
        for name in &table.cards {
            let cards = decode_cards(&part(&folder, name)?)?;
            texts.extend(cards.into_iter().flat_map(|card| card.texts.into_iter().chain([card.summary])));
        }
        for name in &table.details {
            for detail in decode_details(&part(&folder, name)?)? {
                texts.extend(detail.materials.into_iter().flat_map(|m| [m.name, m.how]));
                texts.extend(detail.handling.into_iter().flat_map(|(label, text)| [label, text]));
                texts.extend([detail.document, detail.number, detail.benefit_note]);
                if !detail.text.is_empty() {
                    texts.push(decode_full_text(&part(&folder, &detail.text)?)?.text);
                }
            }
        }
    }
    let converter = Converter::new()?;
    let mut different = 0;
    for line in texts.iter().flat_map(|text| text.lines()) {
        let (shown, wanted) = (shown.convert(line), converter.convert(line));
        ensure!(shown == wanted, "{line}: {shown}, not {wanted}");
        different += usize::from(shown != line);
    }
    ensure!(different > 5_000, "only {different} lines are shown in other characters");
    Ok(())
}
