//! English names: shown, never decided on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use huiqi::check::{Project, load};
use huiqi::fields::Sink;
use huiqi::parts::read as part;
use huiqi_engine::bundle::{Catalog, RegionRoot, decode_catalogue};
use huiqi_engine::catalogue::{Catalogue, Code, FactType};
use huiqi_engine::english::English;
use huiqi_engine::eval::evaluate;
use huiqi_engine::explain::{Node, explain, key_name, size_steps, steps};
use huiqi_engine::profile;
use huiqi_engine::words::Words;
use huiqi_tests::{demo_dir, today, words, workspace_root};

fn project() -> Result<Project> {
    let mut sink = Sink::default();
    let project = load(&workspace_root().join("policies"), today(), &mut sink, |_, _| {})?;
    ensure!(sink.counts().errors == 0, "the policies have errors");
    Ok(project)
}

/// A catalogue as an English reader sees it.
fn english(project: &Project) -> Result<Catalogue> {
    let list = std::fs::read_to_string(workspace_root().join("engine/words/en.tsv"))?;
    let mut catalogue = project.tables.catalogue.clone();
    project.tables.english.apply(&mut catalogue);
    catalogue.words = Words::new(words::pairs(&list)).context("two keys have one hash")?;
    Ok(catalogue)
}

fn has_han(text: &str) -> bool {
    text.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c))
}

#[test]
fn the_shared_catalogue_is_named_in_english() -> Result<()> {
    let catalogue = english(&project()?)?;
    let mut chinese: Vec<String> = Vec::new();
    for fact in catalogue.facts.values() {
        chinese.extend([&fact.name, &fact.question].map(String::clone));
        chinese.extend(fact.options.iter().cloned());
        chinese.push(catalogue.words.unit(fact).to_owned());
    }
    chinese.extend(catalogue.items.values().flat_map(|item| item.levels.iter().chain([&item.name])).cloned());
    chinese.extend(catalogue.themes.values().cloned());
    chinese.extend(catalogue.sizes.iter().map(|size| size.name.clone()));
    chinese.extend(catalogue.lists.values().map(|list| list.name.clone()));
    chinese.extend(catalogue.params.values().map(|param| param.name.clone()));
    let top = |code: &Code, most: usize| code.as_str().len() <= most;
    let industries = catalogue.industries.iter().filter(|(code, _)| top(code, 3));
    chinese.extend(industries.map(|(_, name)| name.to_owned()));
    let provinces = catalogue.regions.iter().filter(|(code, _)| top(code, 2) && code.as_str() != "99");
    chinese.extend(provinces.map(|(_, name)| name.to_owned()));
    chinese.retain(|text| has_han(text));
    ensure!(chinese.is_empty(), "without English: {chinese:?}");
    ensure!(catalogue.region_name(Code::region("130100").context("a code")?) == "Shijiazhuang, Hebei");
    Ok(())
}

/// What is read twice, or with parts that came later, is the same.
#[test]
fn names_are_applied_once() -> Result<()> {
    let project = project()?;
    let once = english(&project)?;
    let mut twice = once.clone();
    project.tables.english.apply(&mut twice);
    ensure!(once == twice);
    Ok(())
}

/// Verdicts, sums and profiles of every example firm, in both languages.
#[test]
fn no_decision_depends_on_the_language() -> Result<()> {
    let project = project()?;
    let chinese = &project.tables.catalogue;
    let english = english(&project)?;
    let mut compared = 0;
    for example in project.policies.iter().flat_map(|policy| &policy.examples) {
        for m in project.policies.iter().flat_map(|policy| &policy.measures) {
            let a = evaluate(&m.measure, chinese, &example.firm, example.today)?;
            let b = evaluate(&m.measure, &english, &example.firm, example.today)?;
            ensure!(a == b, "{} for {}: {a:?} and {b:?}", m.measure.id, example.name);
            compared += 1;
        }
        let saved = profile::write(&example.firm, &english);
        ensure!(saved == profile::write(&example.firm, chinese), "{}: {saved}", example.name);
        let (read, problems) = profile::read(&saved, &english)?;
        ensure!(problems.is_empty(), "{}: {problems:?}", example.name);
        ensure!(profile::write(&read, chinese) == saved, "{} is read back as another firm", example.name);
    }
    ensure!(compared > 1000, "only {compared} decisions were compared");
    Ok(())
}

/// Whatever the engine says of any measure and example firm, but for what the authors of the document wrote.
#[test]
fn explanations_are_english() -> Result<()> {
    fn texts(node: &Node, out: &mut Vec<String>) {
        out.extend([&node.sentence, &node.have, &node.need, &node.gap].map(String::clone));
        node.children.iter().for_each(|child| texts(child, out));
    }
    let project = project()?;
    let english = english(&project)?;
    let mut names: Vec<&str> =
        english.regions.iter().chain(english.industries.iter()).map(|(_, n)| n).collect();
    names.retain(|name| has_han(name));
    names.sort_by_key(|name| Reverse(name.len()));
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut chinese: BTreeMap<String, String> = BTreeMap::new();
    for policy in &project.policies {
        for (m, example) in policy.measures.iter().flat_map(|m| policy.examples.iter().map(move |e| (m, e))) {
            let mut all = Vec::new();
            let (firm, today) = (&example.firm, example.today);
            for row in explain(&m.measure, &m.card, &english, firm, today)? {
                texts(&row.node, &mut all);
            }
            for step in steps(&m.measure, &m.card, &english, firm, today)? {
                all.extend([step.label, step.value]);
            }
            for step in size_steps(&english, firm, m.measure.base_year_on(today)) {
                all.extend([step.label, step.value]);
            }
            let outcome = evaluate(&m.measure, &english, firm, today)?;
            all.extend(outcome.missing.iter().map(|key| key_name(&english, *key)));
            all.extend(outcome.amount.map(|amount| english.words.amount(&amount)));
            // Texts of the card, names of counties and of industries below the divisions stay Chinese.
            let mut cards: Vec<&str> = m.card.texts.iter().map(String::as_str).collect();
            cards.retain(|card| !card.is_empty());
            cards.sort_by_key(|card| Reverse(card.len()));
            for text in all {
                if !seen.insert(text.clone()) {
                    continue;
                }
                ensure!(!text.starts_with([' ', ':']), "{}: {text}", m.measure.id);
                let mut rest = cards.iter().fold(text.clone(), |rest, card| rest.replace(card, ""));
                for name in &names {
                    if has_han(&rest) {
                        rest = rest.replace(name, "");
                    }
                }
                if has_han(&rest) {
                    chinese.insert(text, m.measure.id.clone());
                }
            }
        }
    }
    ensure!(seen.len() > 1_000, "only {} texts", seen.len());
    ensure!(chinese.is_empty(), "{} texts with Chinese in them: {chinese:#?}", chinese.len());
    Ok(())
}

#[test]
fn a_bundle_carries_the_names_of_what_it_holds() -> Result<()> {
    let folder = demo_dir()?.join("data");
    let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
    let name = catalog.english.as_ref().context("the bundle has English names")?;
    let stored = std::fs::metadata(folder.join(format!("{name}.bin")))?.len();
    ensure!(stored <= 30_000, "English names have {stored} bytes");
    let english = English::decode(&part(&folder, name)?)?;
    ensure!(English::decode(&english.encode())? == english);
    let mut catalogue = decode_catalogue(&part(&folder, &catalog.catalogue)?)?;
    let held = |id: &str| catalogue.facts.values().any(|fact| fact.id == id);
    ensure!(english.facts.keys().all(|id| held(id)), "names of facts that the bundle does not hold");
    ensure!(english.facts.len() == catalogue.facts.len());
    catalogue.regions = RegionRoot::decode(&part(&folder, &catalog.regions)?)?.names;
    english.apply(&mut catalogue);
    let choices = catalogue.facts.values().filter(|fact| fact.kind == FactType::Choice);
    ensure!(choices.flat_map(|fact| &fact.options).all(|option| !has_han(option)));
    ensure!(catalogue.regions.get(Code::region("610000").context("a code")?) == Some("Shaanxi"));
    let glosses = english.measures.len();
    ensure!(glosses >= 100, "only {glosses} measures have an English name");
    ensure!(english.name("no-such-measure").is_none() && english.term("没有的词") == "没有的词");
    Ok(())
}
