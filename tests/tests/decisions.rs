//! Rules and amounts decided for small profiles: one line per case, with the real catalogue.

use anyhow::{Context as _, Result, ensure};
use huiqi::check::{Project, load};
use huiqi::fields::Sink;
use huiqi_engine::catalogue::Scope;
use huiqi_engine::date::Date;
use huiqi_engine::decide::Decider;
use huiqi_engine::eval::{Evaluator, Truth, evaluate};
use huiqi_engine::explain::{amount_text, size_steps, steps};
use huiqi_engine::firm::{Firm, Span, read_line};
use huiqi_engine::measure::{BenefitKind, CapScope, Card, Condition, ExclusionRule, Measure, RowKind};
use huiqi_engine::plan::{Case, Wishes, plan};
use huiqi_engine::report::{Group, report};
use huiqi_engine::rule::{Expr, Names, compile_amount, compile_rule};
use huiqi_engine::whatif::Trial;
use huiqi_tests::{command, today, workspace_root};

fn project() -> Result<Project> {
    let mut sink = Sink::default();
    load(&workspace_root().join("policies"), today(), &mut sink, |_, _| {})
}

fn measure(id: &str) -> Measure {
    let mut m = Measure { regions: vec![huiqi_engine::catalogue::Code::ALL], ..Measure::new(id) };
    m.benefit.kind = BenefitKind::Grant;
    m
}

fn compile(text: &str, amount: bool, project: &Project, texts: &mut Vec<String>) -> Result<Expr> {
    let tables = &project.tables;
    let compile = if amount { compile_amount } else { compile_rule };
    let names = Names { catalogue: &tables.catalogue, aliases: &tables.aliases, subject: Scope::Firm };
    let expr = compile(text, names, texts).into_result();
    expr.map_err(|e| anyhow::anyhow!("{text}: {} {}", e.code, e.message))
}

/// `营业收入[2025年]=6420万元; 独立法人=是`
fn firm(text: &str, project: &Project) -> Result<Firm> {
    let today = today();
    let mut firm = Firm::default();
    for line in text.split(';').map(str::trim).filter(|l| !l.is_empty()) {
        let (key, value) = line.split_once('=').context("key=value")?;
        let tables = &project.tables;
        read_line(&mut firm, key.trim(), value.trim(), today, &tables.catalogue, &tables.aliases)
            .map_err(|e| anyhow::anyhow!("{line}: {}", e.message))?;
    }
    Ok(firm)
}

#[test]
fn truth() -> Result<()> {
    use Truth::{Confirm as H, False as F, True as T, Unknown as U};
    let cases: &[(&str, &str, Truth)] = &[
        // Thresholds include their number or not; a missing fact is unknown.
        ("营业收入[上年] ≥ 2000万元", "营业收入[2025年]=2000万元", T),
        ("营业收入[上年] > 2000万元", "营业收入[2025年]=2000万元", F),
        ("营业收入[上年] ≤ 2000万元", "营业收入[2025年]=2000万元", T),
        ("营业收入[上年] < 2000万元", "营业收入[2025年]=2000万元", F),
        ("营业收入[上年] ≥ 2000万元", "", U),
        ("营业收入[上年] ≥ 2000万元", "营业收入[2024年]=3000万元", U),
        ("营业收入[上年] ≥ 2000万元", "营业收入[2025年]=不确定", U),
        // A rough figure decides where all of it agrees.
        ("营业收入[上年] ≥ 2000万元", "营业收入[2025年]=3000万元~5000万元", T),
        ("营业收入[上年] ≥ 2000万元", "营业收入[2025年]=1000万元~1999万元", F),
        ("营业收入[上年] ≥ 2000万元", "营业收入[2025年]=1000万元~2000万元", U),
        ("营业收入[上年] 介于 1000万元 至 5亿元", "营业收入[2025年]=5亿元", T),
        // 14.96 % is not 15 %.
        ("营业收入[上年同比增长] ≥ 15%", "营业收入[2025年]=11496万元; 营业收入[2024年]=10000万元", F),
        ("营业收入[上年同比增长] ≥ 15%", "营业收入[2025年]=11500万元; 营业收入[2024年]=10000万元", T),
        // From zero, growth means nothing.
        ("营业收入[上年同比增长] ≥ 15%", "营业收入[2025年]=100万元; 营业收入[2024年]=0万元", U),
        ("净利润[上年同比增长] ≥ 10%", "净利润[2025年]=100万元; 净利润[2024年]=-50万元", U),
        ("研发费用[上年] ÷ 营业收入[上年] ≥ 3%", "研发费用[2025年]=3万元; 营业收入[2025年]=100万元", T),
        ("研发费用[上年] ÷ 营业收入[上年] ≥ 3%", "研发费用[2025年]=0万元; 营业收入[2025年]=0万元", U),
        // Several years.
        ("净利润[近3年每年] > 0元", "净利润[2025年]=1万元; 净利润[2024年]=1万元; 净利润[2023年]=1万元", T),
        ("净利润[近3年每年] > 0元", "净利润[2025年]=1万元; 净利润[2024年]=0万元", F),
        ("净利润[近3年每年] > 0元", "净利润[2025年]=1万元; 净利润[2024年]=1万元; 成立日期=2024-01-01", F),
        ("净利润[近3年任一年] > 0元", "净利润[2024年]=1万元", T),
        ("研发费用[近3年合计] ≥ 100万元", "研发费用[2025年]=60万元; 研发费用[2024年]=40万元", T),
        ("研发费用[近3年合计] ≥ 100万元", "研发费用[2025年]=60万元; 研发费用[2024年]=39万元", U),
        (
            "营业收入[近3年连续增长]",
            "营业收入[2025年]=3万元; 营业收入[2024年]=2万元; 营业收入[2023年]=2万元",
            F,
        ),
        (
            "营业收入[近3年连续增长]",
            "营业收入[2025年]=3万元; 营业收入[2024年]=2万元; 营业收入[2023年]=1万元",
            T,
        ),
        // Ages by the calendar, on the day.
        ("成立年限 ≥ 2年", "成立日期=2024-11-22", T),
        ("成立年限 ≥ 2年", "成立日期=2024-11-23", F),
        ("成立日期 ≤ 2018-01-01", "成立日期=2018-01-01", T),
        // Regions and industries nest; known too coarsely is unknown.
        ("注册地 属于 河北省", "注册地=130102", T),
        ("注册地 属于 河北省", "注册地=北京市", F),
        ("注册地 属于 河北省石家庄市长安区", "注册地=石家庄市", U),
        ("注册地 属于 河北省 且 注册地 不属于 承德市", "注册地=承德市", F),
        ("注册地 属于 中国", "", T),
        ("行业 属于 工业", "行业=C348", T),
        ("行业 属于 工业", "行业=零售业", F),
        ("行业 属于 (采矿业, 制造业)", "行业=通用设备制造业", T),
        // Size classes follow from industry, staff and revenue.
        ("企业规模 属于 (小型, 微型)", "行业=C348; 职工总数=86人; 营业收入[2025年]=6420万元", T),
        ("企业规模 属于 (小型, 微型)", "行业=C348; 职工总数=300人; 营业收入[2025年]=2000万元", F),
        ("企业规模 属于 (中型, 小型, 微型)", "行业=C348; 职工总数=999人", T),
        ("企业规模 属于 (小型, 微型)", "行业=C348; 职工总数=300人", U),
        ("企业规模 属于 (小型, 微型)", "企业规模=大型; 行业=C348; 职工总数=1人", F),
        // Sets are open until the firm says that is all.
        ("资质 含 高新技术企业", "资质=高新技术企业", T),
        ("资质 含 高新技术企业", "资质=非 高新技术企业", F),
        ("资质 含 高新技术企业", "资质=瞪羚企业", U),
        ("资质 含 高新技术企业", "资质=瞪羚企业、以上就是全部", F),
        ("资质 不含 高新技术企业", "资质=瞪羚企业", U),
        ("资质 不含 高新技术企业", "资质=以上就是全部", T),
        ("资质 含 任一 (瞪羚企业, 高新技术企业)", "资质=瞪羚企业", T),
        ("资质 含 全部 (瞪羚企业, 高新技术企业)", "资质=瞪羚企业", U),
        ("资质 含 全部 (瞪羚企业, 高新技术企业)", "资质=瞪羚企业、非 高新技术企业", F),
        // Levels: a higher one implies the lower, a newly won one does not.
        ("资质 含 工业设计中心(省级以上)", "资质=工业设计中心(国家级)", T),
        ("资质 含 工业设计中心(省级)", "资质=工业设计中心(国家级)", T),
        ("资质 含 工业设计中心(国家级)", "资质=工业设计中心(省级)", F),
        ("资质 含 工业设计中心(国家级)", "资质=工业设计中心", U),
        ("资质 含 工业设计中心(省级, 上年认定)", "资质=工业设计中心(国家级, 2025年认定)", H),
        ("资质 含 工业设计中心(省级, 上年认定)", "资质=工业设计中心(省级, 2025年认定)", T),
        ("资质 含 工业设计中心(省级, 上年认定)", "资质=工业设计中心(省级)", U),
        // Three years of validity, then it has lapsed; 曾经 does not mind.
        ("资质 含 高新技术企业", "资质=高新技术企业(2022年认定)", F),
        ("资质 含 高新技术企业(曾经)", "资质=高新技术企业(2022年认定)", T),
        // 小巨人 is presumed to be 专精特新, and can deny it.
        ("资质 含 专精特新中小企业", "资质=专精特新小巨人企业", T),
        ("资质 含 专精特新中小企业", "资质=专精特新小巨人企业、非 专精特新中小企业", F),
        // The chain F < U < H < T.
        ("核实「甲」", "", H),
        ("承诺「甲」", "", T),
        ("核实「甲」 且 独立法人", "", U),
        ("核实「甲」 且 独立法人", "独立法人=是", H),
        ("核实「甲」 且 独立法人", "独立法人=否", F),
        ("核实「甲」 或 独立法人", "", H),
        ("核实「甲」 或 独立法人", "独立法人=是", T),
        ("核实「甲」 或 独立法人", "独立法人=否", H),
        ("非 独立法人", "", U),
        ("至少 2项 (独立法人; 核实「甲」; 成立年限 ≥ 2年)", "独立法人=是", H),
        ("至少 2项 (独立法人; 核实「甲」; 成立年限 ≥ 2年)", "成立日期=2010-01-01", H),
        ("至少 2项 (独立法人; 成立年限 ≥ 2年; 发明专利数 ≥ 1件)", "独立法人=是", U),
        ("至多 1项 (独立法人; 成立年限 ≥ 2年)", "独立法人=是; 成立日期=2010-01-01", F),
        ("恰好 1项 (独立法人; 成立年限 ≥ 2年)", "独立法人=是; 成立日期=2026-01-01", T),
        ("主体类型 = 企业", "主体类型=企业", T),
        ("主体类型 ≠ 企业", "主体类型=合伙企业", T),
    ];
    let project = project()?;
    let today = today();
    let empty = measure("demo");
    for (rule, facts, expected) in cases {
        let expr = compile(rule, false, &project, &mut Vec::new())?;
        let firm = firm(facts, &project)?;
        let found = Evaluator::new(&empty, &project.tables.catalogue, &firm, today).truth(&expr);
        ensure!(found == Ok(*expected), "{rule} for {facts}: {found:?}, expected {expected:?}");
    }
    Ok(())
}

#[test]
fn amounts() -> Result<()> {
    let cases: &[(&str, Option<&str>, &str, &str)] = &[
        ("100万元", None, "", "100万元"),
        ("设备投入[上年] × 20%", Some("500万元"), "设备投入[2025年]=480万元", "96万元"),
        ("设备投入[上年] × 20%", Some("500万元"), "设备投入[2025年]=3000万元", "500万元"),
        ("设备投入[上年] × 20%", Some("500万元"), "", "最多500万元"),
        ("设备投入[上年] × 20%", None, "", "填了数就能算"),
        ("设备投入[上年] × (5%~20%)", None, "设备投入[2025年]=100万元", "5万元至20万元"),
        ("至多 50万元", None, "", "最多50万元"),
        ("未定", None, "", "金额以文件为准"),
        ("未定", Some("50万元"), "", "最多50万元，具体以文件为准"),
        // A whole-amount band and slices are two things.
        (
            "设备投入[上年] × (按 设备投入[上年]： <200万元→60%, <500万元→55%, 其余→50%)",
            None,
            "设备投入[2025年]=200万元",
            "110万元",
        ),
        ("分段 设备投入[上年]： ≤100万元→10%, 其余→5%", None, "设备投入[2025年]=300万元", "20万元"),
        (
            "分段 新招用人数[上年]： ≤3人→2000元/人, 其余→3000元/人",
            Some("3万元"),
            "新招用人数[2025年]=5人",
            "1.2万元",
        ),
        (
            "分段 新招用人数[上年]： ≤3人→2000元/人, 其余→3000元/人",
            Some("3万元"),
            "新招用人数[2025年]=50人",
            "3万元",
        ),
        ("若 企业规模 属于 (小型, 微型) 则 60万元 否则 30万元", None, "企业规模=微型", "60万元"),
        ("若 企业规模 属于 (小型, 微型) 则 60万元 否则 30万元", None, "", "30万元至60万元"),
        ("若 核实「甲」 则 60万元 否则 30万元", None, "", "30万元至60万元"),
        ("取小(研发费用[上年] × 10%, 5万元)", None, "研发费用[2025年]=30万元", "3万元"),
        (
            "不低于零(研发费用[上年同比增量]) × 10%",
            None,
            "研发费用[2025年]=30万元; 研发费用[2024年]=40万元",
            "0元",
        ),
        // Fen are cut, not rounded.
        ("研发费用[上年] × 1%", None, "研发费用[2025年]=1元", "0.01元"),
        ("研发费用[上年] ÷ 3", None, "研发费用[2025年]=1元", "0.33元"),
        ("按 企业规模： 大型→30万元, 其余→60万元", None, "企业规模=大型", "30万元"),
    ];
    let project = project()?;
    let today = today();
    for (formula, cap, facts, expected) in cases {
        let mut m = measure("demo");
        let mut card = Card::default();
        m.benefit.amount = Some(compile(formula, true, &project, &mut card.texts)?);
        if let Some(cap) = cap {
            m.benefit.caps.push((CapScope::Firm, compile(cap, true, &project, &mut card.texts)?));
        }
        let firm = firm(facts, &project)?;
        let outcome = evaluate(&m, &project.tables.catalogue, &firm, today)?;
        let found = outcome.amount.map(|a| amount_text(&a)).unwrap_or_default();
        ensure!(found == *expected, "{formula} for {facts}: {found}, expected {expected}");
        let steps = steps(&m, &card, &project.tables.catalogue, &firm, today)?;
        let last = steps.last().context("a sum has steps")?;
        ensure!(last.value == *expected, "{formula}: the steps end with {}", last.value);
    }
    Ok(())
}

#[test]
fn absurd_sums_are_errors_not_verdicts() -> Result<()> {
    let project = project()?;
    let today = today();
    let mut m = measure("demo");
    m.benefit.amount = Some(compile("研发费用[上年] − 100万元", true, &project, &mut Vec::new())?);
    let facts = firm("研发费用[2025年]=1万元", &project)?;
    let found = evaluate(&m, &project.tables.catalogue, &facts, today);
    ensure!(found.as_ref().is_err_and(|e| e.to_string().contains("不低于零")), "{found:?}");

    let huge = "1".to_owned() + &"0".repeat(25) + "万元";
    let rule = format!("研发费用[上年] × 研发费用[上年] ÷ {huge} ≥ 1%");
    ensure!(compile(&rule, false, &project, &mut Vec::new()).is_err(), "money times money has no meaning");
    for (key, value) in [
        ("职工总数", "-5人"),
        ("营业收入[0年]", "1万元"),
        ("营业收入[2025年]", "1e30万元"),
        ("成立日期", "0000-01-01"),
    ] {
        ensure!(firm(&format!("{key}={value}"), &project).is_err(), "{key}={value} was taken");
    }
    Ok(())
}

fn with_rule(id: &str, rule: &str, amount: &str, project: &Project) -> Result<Measure> {
    let mut m = measure(id);
    let mut texts = Vec::new();
    m.conditions.push(Condition {
        kind: RowKind::Rule,
        rule: compile(rule, false, project, &mut texts)?,
        guard: None,
        basis: 0,
        note: None,
    });
    m.benefit.amount = Some(compile(amount, true, project, &mut texts)?);
    Ok(m)
}

#[test]
fn groups_headline_and_next_question() -> Result<()> {
    let project = project()?;
    let today = today();
    let mut best = with_rule("best", "独立法人", "100万元", &project)?;
    let mut second = with_rule("second", "独立法人", "30万元~60万元", &project)?;
    for m in [&mut best, &mut second] {
        m.exclusions.push(("技改".to_owned(), ExclusionRule::Best));
    }
    let mut closed = with_rule("closed", "独立法人", "900万元", &project)?;
    closed.schedule.rolling = false;
    closed.schedule.closes = Date::parse("2026-11-21");
    let mut finance = with_rule("finance", "独立法人", "1000万元", &project)?;
    finance.benefit.kind = BenefitKind::Finance;
    let measures = [
        best,
        second,
        with_rule("other", "独立法人", "20万元", &project)?,
        with_rule("open", "独立法人", "未定", &project)?,
        with_rule("figure", "独立法人", "研发费用[上年] × 5%", &project)?,
        closed,
        finance,
        with_rule("small-ask", "发明专利数 ≥ 1件", "1万元", &project)?,
        with_rule("big-ask", "参保人数[上年] ≥ 10人", "500万元", &project)?,
        with_rule("near", "职工总数 ≥ 100人", "10万元", &project)?,
        with_rule("far", "职工总数 ≥ 120人", "10万元", &project)?,
        with_rule("confirm", "核实「甲」", "10万元", &project)?,
        with_rule("broken", "独立法人", "10万元 − 职工总数 × 10万元/人", &project)?,
    ];
    let facts = firm("独立法人=是; 职工总数=86人", &project)?;
    let decider = Decider::new(&measures, &project.tables.catalogue, today);
    let report = report(&decider, &measures, &project.tables.catalogue, &facts);
    let ids = |group: Group| -> Vec<&str> {
        report.groups.get(&group).into_iter().flatten().map(|at| measures[*at].id.as_str()).collect()
    };
    // One measure that cannot be decided is named and hides no other.
    ensure!(report.failed.len() == 1 && measures[report.failed[0].0].id == "broken", "{:?}", report.failed);
    ensure!(ids(Group::Likely) == ["confirm"], "{:?}", ids(Group::Likely));
    ensure!(ids(Group::Near) == ["near"], "{:?}", ids(Group::Near));
    ensure!(ids(Group::Ineligible) == ["far"], "{:?}", ids(Group::Ineligible));
    ensure!(ids(Group::Eligible).first() == Some(&"finance"), "{:?}", ids(Group::Eligible));
    ensure!(ids(Group::Eligible).last() == Some(&"closed"), "{:?}", ids(Group::Eligible));
    let h = &report.headline;
    // best (second excluded), other, open, figure; neither the closed one nor the credit line.
    ensure!((h.count, h.excluded, h.open_sums, h.missing_figures) == (4, 1, 1, 1), "{h:?}");
    ensure!((h.low, h.high) == (120 * 1_000_000, 120 * 1_000_000), "{h:?}");
    // The one thing that is missing, done: the measure is there, and nothing else changes.
    let near_at = measures.iter().position(|m| m.id == "near").context("near")?;
    let near = report.outcomes[near_at].as_ref().and_then(|o| o.near.clone()).context("it is near")?;
    let (key, answer) = near.change.context("one figure mends it")?;
    let catalogue = &project.tables.catalogue;
    let case = Case { measures: &measures, outcomes: &report.outcomes, catalogue, firm: &facts, today };
    let wishes = Wishes::default();
    let trial = Trial::new(&decider, case, &wishes);
    let gain = trial.try_values(&[(key, answer.clone())]);
    let groups: Vec<_> = gain.changed.iter().map(|c| (c.measure, c.before, c.after)).collect();
    ensure!(groups == [(near_at, Some(Group::Near), Some(Group::Eligible))], "{:?}", gain.changed);
    ensure!(gain.more() == (10_000_000, 10_000_000), "{gain:?}");
    // The same is the nearest threshold; further ones follow.
    let thresholds = trial.thresholds();
    let sentences: Vec<String> = thresholds.iter().map(|t| t.sentence(&measures, catalogue)).collect();
    ensure!(sentences == ["再招14人，够“”", "再招34人，够“”"], "{sentences:?}");
    ensure!(thresholds.iter().all(|t| t.key == key && !t.past && !t.pays_more), "{thresholds:?}");
    let gains: Vec<i128> = thresholds.iter().map(|t| t.gain_low).collect();
    ensure!(gains == [10_000_000, 20_000_000], "{gains:?}");
    let first = report.questions.first().context("a question")?;
    ensure!(
        project.tables.catalogue.fact_name(first.key.fact) == "参保人数"
            && first.key.span == Span::Year(2025),
        "{first:?}"
    );
    Ok(())
}

/// The size class with everything it follows from.
#[test]
fn the_size_class_is_derived_in_the_open() -> Result<()> {
    let project = project()?;
    let catalogue = &project.tables.catalogue;
    let lines = |facts: &str| -> Result<Vec<String>> {
        let firm = firm(facts, &project)?;
        Ok(size_steps(catalogue, &firm, 2026)
            .into_iter()
            .map(|s| format!("{}：{}", s.label, s.value))
            .collect())
    };
    let known = lines("行业=C348; 职工总数=86人; 营业收入[2025年]=6420万元")?;
    ensure!(
        known
            == [
                "行业划型：工业",
                "从业人员：86人（大型1000人起、中型300人起、小型20人起）",
                "营业收入：6420万元（大型4亿元起、中型2000万元起、小型300万元起）",
                "各项都达到才算那一类：小型（推算）",
            ],
        "{known:#?}"
    );
    let open = lines("行业=C348; 职工总数=300人")?;
    ensure!(open.last().is_some_and(|l| l.ends_with("中型或小型或微型（推算）")), "{open:#?}");
    ensure!(lines("职工总数=300人")?.is_empty(), "nothing follows without the industry");
    ensure!(lines("企业规模=大型; 行业=C348")?.is_empty(), "what was answered is not derived");
    Ok(())
}

/// 先认定后奖励: what a recognition gives counts as done for whoever holds the title.
#[test]
fn a_title_that_is_held_needs_no_recognition_first() -> Result<()> {
    let project = project()?;
    let mut recognition = with_rule("recognition", "独立法人", "0元", &project)?;
    recognition.benefit.kind = BenefitKind::Recognition;
    recognition.schedule.rolling = false;
    recognition.schedule.closes = Date::parse("2026-11-21");
    let mut reward = with_rule("reward", "资质 含 工业设计中心(省级以上)", "10万元", &project)?;
    reward.prerequisites.push("recognition".to_owned());
    let holder = firm("独立法人=是; 资质=工业设计中心(国家级)", &project)?;
    for (title, expected) in
        [(None, false), (Some("工业设计中心(省级以上)"), true), (Some("瞪羚企业"), false)]
    {
        recognition.grants = match title {
            Some(title) => Some(compile(&format!("资质 含 {title}"), false, &project, &mut Vec::new())?),
            None => None,
        };
        let measures = [recognition.clone(), reward.clone()];
        let catalogue = &project.tables.catalogue;
        let outcomes: Vec<_> =
            measures.iter().map(|m| evaluate(m, catalogue, &holder, today()).ok()).collect();
        let plan = plan(&measures, &outcomes, catalogue, &holder, today());
        let chosen: Vec<&str> = plan.chosen.iter().map(|c| measures[c.measure].id.as_str()).collect();
        ensure!(chosen.contains(&"reward") == expected, "{title:?}: {chosen:?} {:?}", plan.left);
    }
    Ok(())
}

/// The sample documents, in which one firm can get six and more at once.
#[test]
fn the_sample_firm_gets_a_plan_with_shared_papers_and_exclusions() -> Result<()> {
    let sample =
        ["explain", "policies", "--firm", "examples/firms/sample-city-maker.yaml", "--as-of", "2026-11-22"];
    let output = command(&sample)?;
    ensure!(output.code == 0, "{}", output.talk);
    let plan = output.data.split_once("申报方案：").context("a plan")?.1;
    for expected in [
        "企业技术中心建设奖励：20万元（先办 市级企业技术中心认定）",
        "没选 设备更新补助：“设备更新和技术改造”里只能拿 技术改造项目补助",
        "没选 市级专精特新企业奖励：“专精特新称号奖励”里只能拿 专精特新和小巨人奖励",
        "没选 招用毕业生扩岗补助：“稳岗扩岗补贴”里只能拿",
        "2026-12-20 截止：技术改造项目补助",
    ] {
        ensure!(plan.contains(expected), "{expected} is missing in\n{plan}");
    }
    let shared = plan.lines().filter(|l| l.starts_with("  材料 ") && l.contains('、')).count();
    ensure!(shared >= 5, "{shared} papers are shared:\n{plan}");
    let one = command(&[&sample[..], &["--measure", "sample-2026-industry-01"]].concat())?;
    ensure!(one.data.contains("原文：") && one.data.contains("设备更新补助"), "{}", one.data);
    Ok(())
}
