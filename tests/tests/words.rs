//! Everything that firms read has an English wording, and that says what the Chinese one says.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use huiqi_engine::catalogue::{Fact, FactType, ItemClass, SIZE_NAMES, Scope};
use huiqi_engine::date::Date;
use huiqi_engine::eval::{Amount, Verdict};
use huiqi_engine::firm::Answer;
use huiqi_engine::measure::{Audience, BenefitKind, CapScope, RowKind, Selection, Window};
use huiqi_engine::num::{Interval, Ratio};
use huiqi_engine::report::Group;
use huiqi_engine::unit::{COUNT_UNITS, CURRENCIES, Dimension};
use huiqi_engine::words::Words;
use huiqi_tests::{words, workspace_root};

/// Names in tables of the engine, which are shown as they are there.
fn tables() -> Vec<&'static str> {
    let mut names = Vec::new();
    names.extend(COUNT_UNITS);
    names.extend(CURRENCIES);
    names.extend(SIZE_NAMES);
    // Units of durations in the catalogue.
    names.extend(["年", "个月", "周岁", "岁"]);
    names.extend(Verdict::ALL.map(|row| row.2));
    names.extend(Group::ALL.map(|row| row.2));
    names.extend(Window::ALL.map(|row| row.2));
    names.extend(Scope::ALL.map(|row| row.1));
    names.extend(ItemClass::ALL.map(|row| row.1));
    names.extend(Selection::ALL.map(|row| row.0));
    names.extend(BenefitKind::ALL.map(|row| row.0));
    names.extend(Audience::ALL.map(|row| row.0));
    names.extend(RowKind::ALL.map(|row| row.0));
    names.extend(CapScope::ALL.map(|row| row.0));
    names
}

#[test]
fn every_text_has_its_english() -> Result<()> {
    let parts = [("engine/src", "engine/words/en.tsv"), ("widget/src", "widget/words/en.tsv")];
    let root = workspace_root();
    let there = parts.iter().filter(|(_, list)| root.join(list).is_file());
    let (folders, lists): (Vec<PathBuf>, Vec<PathBuf>) =
        there.map(|(folder, list)| (root.join(folder), root.join(list))).unzip();
    let problems = words::problems(&folders, &tables(), &lists)?;
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// The words of the engine in English.
fn english() -> Result<Words> {
    let list = std::fs::read_to_string(workspace_root().join("engine/words/en.tsv"))?;
    Words::new(words::pairs(&list)).context("two keys have one hash")
}

#[test]
fn what_is_wrong_with_a_list_is_told() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let source = "fn a(w: &Words) {\n    // w.get(\"注释\")\n    w.get(\"结果\");\n    w.say(\"共 {} 项，\\\n        {} 家\", &[]);\n\
        w.word(\"规则\"); b(word(\"表\")); map.get(\"id\");\n}\n#[cfg(test)]\nmod tests {\n w.get(\"试\") }\n";
    std::fs::write(dir.path().join("a.rs"), source)?;
    let list = dir.path().join("en.tsv");
    let problems = |text: &str| -> Result<Vec<String>> {
        std::fs::write(&list, text)?;
        words::problems(&[dir.path().to_owned()], &["名"], std::slice::from_ref(&list))
    };
    let good = "# note\n\n结果\tResults\n共 {} 项，{} 家\tone, {1}|{} in {1}\n表\ttable\n名\tname\n";
    ensure!(problems(good)?.is_empty(), "{:?}", problems(good)?);
    let place = dir.path().join("a.rs").display().to_string();
    let missing = problems(&good.replace("结果\tResults\n", ""))?;
    ensure!(missing == [format!("no translation: 结果 ({place})")], "{missing:?}");
    ensure!(problems(&good.replace("Results", ""))? == ["without a translation: 结果"]);
    ensure!(problems(&format!("{good}试\ttest\n"))? == ["used nowhere: 试"]);
    ensure!(problems(&format!("{good}名\tNAME\n"))? == ["twice: 名"]);
    let wrong = problems(&good.replace("{} in {1}", "{} in {2}"))?;
    ensure!(wrong.len() == 1 && wrong[0].starts_with("other values: 共 {} 项"), "{wrong:?}");
    Ok(())
}

#[test]
fn numbers_and_days_in_english() -> Result<()> {
    let w = english()?;
    let yuan = |yuan: i128| Ratio::int(yuan * 100);
    let sums = [
        (8_000, "RMB 8,000"),
        (156_000, "RMB 156,000"),
        (9_999_999, "RMB 9,999,999"),
        (31_200_000, "RMB 31.2 million"),
        (12_345_678, "RMB 12,345,678"),
        (500_000_000, "RMB 500 million"),
        (2_000_000_000, "RMB 2 billion"),
    ];
    for (sum, text) in sums {
        ensure!(w.money(yuan(sum), 0) == text, "{}", w.money(yuan(sum), 0));
    }
    ensure!(w.money(yuan(500), 1) == "USD 500");
    let amount = |low: i128, high: Option<i128>| {
        let (low, high) = (low * 100, high.map(|h| h * 100));
        w.amount(&Amount { low, high, undecided: false, answerable: None })
    };
    ensure!(amount(30_000, Some(75_000)) == "RMB 30,000–75,000");
    ensure!(amount(0, Some(5_000_000)) == "up to RMB 5,000,000");
    ensure!(amount(50_000, None) == "RMB 50,000 or more");
    let day = Date::parse("2026-04-30").context("a day")?;
    ensure!(w.day(day) == "30 Apr 2026" && w.day_in(day, 2026) == "30 Apr" && w.weekday(day) == "Thursday");
    ensure!(w.months(Ratio::int(12)) == "1 year" && w.months(Ratio::int(30)) == "30 months");
    ensure!(w.show(Dimension::count(0), Ratio::int(1_200)) == "1,200 people");
    ensure!(w.show(Dimension::count(0), Ratio::ONE) == "1 person");
    ensure!(w.share(Ratio::new(3, 100).context("a share")?) == "3%");
    Ok(())
}

#[test]
fn typed_numbers_in_english() -> Result<()> {
    let w = english()?;
    let fact = |kind, unit: &str| Fact {
        id: "x".to_owned(),
        name: "revenue".to_owned(),
        scope: Scope::Firm,
        kind,
        unit: unit.to_owned(),
        yearly: false,
        signed: false,
        core: false,
        derived: None,
        question: String::new(),
        help: String::new(),
        options: Vec::new(),
    };
    let money = fact(FactType::Money, "万元");
    ensure!(w.unit(&money) == "RMB" && Words::default().unit(&money) == "万元");
    let read = |fact: &Fact, text: &str| w.read_typed(fact, text);
    let number = |n: i128| Ok(Answer::Number(Interval::point(Ratio::int(n))));
    for text in [
        "64200000",
        "64,200,000",
        "RMB 64,200,000",
        "64.2 million",
        "rmb64200000",
        "64200000 RMB",
        "6420万元",
    ] {
        ensure!(read(&money, text) == number(6_420_000_000), "{text}: {:?}", read(&money, text));
    }
    ensure!(w.typed_text(&money, Ratio::int(6_420_000_000)) == "64200000");
    ensure!(read(&fact(FactType::Count, "人"), "86 people") == number(86));
    ensure!(read(&fact(FactType::Duration, "年"), "5 months") == number(5));
    ensure!(w.typed_text(&fact(FactType::Duration, "年"), Ratio::int(5)) == "5 months");
    let said = read(&money, "-5");
    ensure!(said == Err("This cannot be below zero: revenue".to_owned()), "{said:?}");
    ensure!(read(&money, "many") == Err("Enter a number; you wrote “many”".to_owned()));
    Ok(())
}
