//! What firms type: judged questions over the policies of this project.

use anyhow::{Context as _, Result, ensure};
use huiqi::parts::read as part;
use huiqi_engine::bundle::{Catalog, decode_simplifier, decode_sounds, decode_vocabulary};
use huiqi_engine::search::{Index, Query, Root, Tier};
use huiqi_tests::site::fetch_all;
use huiqi_tests::{demo_dir, workspace_root};

/// The share of questions with a right answer among the first three hits, and those that have none.
fn success(name: &str) -> Result<(f64, Vec<String>)> {
    let data = demo_dir()?.join("data");
    let catalog = Catalog::parse(&std::fs::read(data.join("catalog.txt"))?)?;
    let (_, _, root) = catalog.areas.first().context("an area")?;
    let root = Root::decode(&part(&data, root)?)?;
    let simplifier = decode_simplifier(&part(&data, &root.simplifier)?)?;
    let vocabulary = decode_vocabulary(&part(&data, &root.vocabulary)?)?;
    let sounds = decode_sounds(&part(&data, &root.sounds)?)?;
    let mut index = Index::new(vec![root]);
    let text = std::fs::read_to_string(workspace_root().join("tests/fixtures/questions").join(name))?;
    let mut missed = Vec::new();
    let mut all = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [question, kind, answers, ..] = cells[..] else { anyhow::bail!("{line}") };
        let mut query = Query::new(question, &simplifier);
        query.expand(&vocabulary);
        fetch_all(&mut index, &query, |name| part(&data, name))?;
        if !index.search(&query).reaches(Tier::Synonym)
            && let Some(meant) = vocabulary.correct(question, &simplifier, &sounds, &index)
        {
            let mut meant = Query::new(&meant, &simplifier);
            meant.expand(&vocabulary);
            fetch_all(&mut index, &meant, |name| part(&data, name))?;
            if index.search(&meant).reaches(Tier::Synonym) {
                query = meant;
            }
        }
        let docs: Vec<u32> = index.search(&query).first(3).iter().map(|h| h.doc).collect();
        for name in index.needs_heads(&docs) {
            index.provide(&name, &part(&data, &name)?)?;
        }
        let found: Vec<&str> = docs.iter().filter_map(|d| Some(index.head(*d)?.id.as_str())).collect();
        let answers: Vec<&str> = answers.split(' ').collect();
        all += 1;
        if !found.iter().any(|id| answers.contains(id)) {
            missed.push(format!("{kind} {question}: {found:?}, not {answers:?}"));
        }
    }
    ensure!(all == 50, "{name} has {all} questions");
    Ok((1.0 - missed.len() as f64 / f64::from(all), missed))
}

#[test]
fn tuned_questions() -> Result<()> {
    let (share, missed) = success("tuned.tsv")?;
    ensure!(share >= 0.9, "success@3 is {share}: {missed:#?}");
    Ok(())
}

#[test]
fn unseen_questions() -> Result<()> {
    let (share, _) = success("unseen.tsv")?;
    ensure!(share >= 0.9, "success@3 is {share}");
    Ok(())
}
