//! Several publishers in one page: their catalogues become one, and each says only what it may say.

use anyhow::{Context as _, Result, anyhow, ensure};
use huiqi::check::load;
use huiqi::fields::Sink;
use huiqi::parts::read as part;
use huiqi_engine::LiteMap;
use huiqi_engine::bundle::{Catalog, Table, decode_catalogue};
use huiqi_engine::catalogue::Catalogue;
use huiqi_engine::decide::Decider;
use huiqi_engine::profile;
use huiqi_engine::report::report;
use huiqi_tests::{demo_dir, today, workspace_root};

/// Rows that nobody uses, at all numbers that `rows` has.
fn occupied<T: Clone>(rows: &LiteMap<u16, T>, other: impl Fn(&T, u16) -> T) -> LiteMap<u16, T> {
    rows.iter().map(|(no, row)| (*no, other(row, *no))).collect()
}

/// The same policies under other row numbers decide the same, and are read back to what they were.
#[test]
fn numbers_of_rows_mean_nothing() -> Result<()> {
    let folder = demo_dir()?.join("data");
    let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
    let (_, table, _) = catalog.areas.first().context("an area")?;
    let raw = part(&folder, table)?;
    let table = Table::decode(&raw)?;
    let project = load(&workspace_root().join("policies"), today(), &mut Sink::default(), |_, _| {})?;
    let mut catalogue = decode_catalogue(&part(&folder, &catalog.catalogue)?)?;
    catalogue.regions = project.tables.catalogue.regions.clone();

    let mut shifted = Catalogue {
        facts: occupied(&catalogue.facts, |f, no| {
            let mut f = f.clone();
            (f.id, f.name) = (format!("other/{no}"), format!("另{no}"));
            f
        }),
        items: occupied(&catalogue.items, |i, no| {
            let mut i = i.clone();
            (i.id, i.name) = (format!("other/{no}"), format!("另{no}"));
            i.implies.clear();
            i
        }),
        lists: occupied(&catalogue.lists, |l, no| {
            let mut l = l.clone();
            l.name = format!("另{no}");
            l
        }),
        params: occupied(&catalogue.params, |p, no| {
            let mut p = p.clone();
            p.name = format!("另{no}");
            p
        }),
        themes: occupied(&catalogue.themes, |_, no| format!("另{no}")),
        words: huiqi_engine::words::Words::default(),
        written: huiqi_engine::catalogue::Written::default(),
        ..Catalogue::default()
    };
    let there = shifted.absorb(catalogue.clone()).map_err(|e| anyhow!(e))?;
    ensure!(there.facts.iter().all(|(from, to)| from != to), "every fact got another number");
    let moved = Table::decode_as(&raw, Some(&there))?;

    // The firms of the examples, by ids: a profile knows no numbers.
    let (here_decider, there_decider) = (
        Decider::new(&table.measures, &catalogue, today()),
        Decider::new(&moved.measures, &shifted, today()),
    );
    let mut compared = 0;
    for example in project.policies.iter().flat_map(|p| &p.examples) {
        let text = profile::write(&example.firm, &project.tables.catalogue);
        let read = |catalogue: &Catalogue| profile::read(&text, catalogue).map(|(firm, _)| firm);
        let a = report(&here_decider, &table.measures, &catalogue, &read(&catalogue)?);
        let b = report(&there_decider, &moved.measures, &shifted, &read(&shifted)?);
        ensure!(a.groups == b.groups && a.headline == b.headline, "{}", example.name);
        let sums = |r: &huiqi_engine::report::Report| {
            r.outcomes.iter().map(|o| o.as_ref().map(|o| (o.verdict, o.amount))).collect::<Vec<_>>()
        };
        ensure!(sums(&a) == sums(&b), "{}", example.name);
        compared += 1;
    }
    ensure!(compared > 100, "only {compared} firms were compared");

    let mut joined = catalogue.clone();
    let back = joined.absorb(shifted).map_err(|e| anyhow!(e))?;
    let again = Table::decode_as(&moved.encode(), Some(&back))?;
    ensure!(again == table, "numbers there and back");
    Ok(())
}

/// An answer must not mean two things.
#[test]
fn rows_that_mean_something_else_are_refused() -> Result<()> {
    let folder = demo_dir()?.join("data");
    let catalog = Catalog::parse(&std::fs::read(folder.join("catalog.txt"))?)?;
    let catalogue = decode_catalogue(&part(&folder, &catalog.catalogue)?)?;
    let refused = |change: fn(&mut Catalogue)| {
        let mut other = catalogue.clone();
        change(&mut other);
        catalogue.clone().absorb(other).err().unwrap_or_default()
    };
    ensure!(refused(|_| {}).is_empty(), "the same catalogue");
    let error = refused(|c| {
        for (_, fact) in c.facts.iter_mut().filter(|(_, f)| f.id == "revenue") {
            fact.unit = "元".to_owned();
        }
    });
    ensure!(error.contains("营业收入"), "{error}");
    let error = refused(|c| {
        for (_, item) in c.items.iter_mut().filter(|(_, i)| i.id == "gxjsqy") {
            item.valid_years += 1;
        }
    });
    ensure!(error.contains("高新技术企业"), "{error}");
    let error = refused(|c| {
        c.sizes.pop();
    });
    ensure!(error.contains("企业规模划型"), "{error}");
    // Words of a question are no meaning.
    let error = refused(|c| {
        for (_, fact) in c.facts.iter_mut() {
            fact.question.push('？');
        }
    });
    ensure!(error.is_empty(), "{error}");
    Ok(())
}
