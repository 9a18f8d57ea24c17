//! The command as an officer meets it: what is typed, what is printed, and that nothing is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use huiqi::parts;
use huiqi_engine::bundle::{Catalog, PartKind, decode_texts};
use huiqi_tests::{command, command_in, workspace_root};
use tempfile::TempDir;

/// The day on which the command is asked.
const AS_OF: &str = "2026-11-22";

/// The worked example of policies/README.md.
fn example() -> Result<String> {
    let readme = fs::read_to_string(workspace_root().join("policies/README.md"))?;
    let (_, rest) = readme.split_once("```yaml\n").context("README has a yaml block")?;
    let (block, rest) = rest.split_once("```").context("the block ends")?;
    ensure!(!rest.contains("```yaml"), "policies/README.md has another yaml block that no test loads");
    Ok(block.to_owned())
}

/// A folder `policies` with the real catalogue and one policy file.
fn project(policy: &str) -> Result<TempDir> {
    let dir = tempfile::tempdir()?;
    let catalogue = dir.path().join("policies/catalogue");
    fs::create_dir_all(&catalogue)?;
    for entry in fs::read_dir(workspace_root().join("policies/catalogue"))? {
        let entry = entry?;
        fs::copy(entry.path(), catalogue.join(entry.file_name()))?;
    }
    let region = dir.path().join("policies/130000");
    fs::create_dir_all(&region)?;
    fs::write(region.join("demo.yaml"), policy)?;
    Ok(dir)
}

#[test]
fn every_yaml_block_of_the_format_guide_passes() -> Result<()> {
    let dir = project(&example()?)?;
    let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
    ensure!(output.code == 0 && output.talk.contains("0 个错误，0 个警告，0 条提示"), "{}", output.talk);
    Ok(())
}

#[test]
fn the_policies_pass() -> Result<()> {
    let output = command(&["check", "policies", "--as-of", AS_OF])?;
    ensure!(output.code == 0, "{}", output.talk);
    Ok(())
}

/// Replaces one piece of the example and expects place, code, message and hint.
fn bad(from: &str, to: &str, expected: &[&str]) -> Result<()> {
    let good = example()?;
    ensure!(good.contains(from), "the example no longer has: {from}");
    let dir = project(&good.replacen(from, to, 1))?;
    let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
    ensure!(output.code == 1, "exit code {} for {to}: {}", output.code, output.talk);
    for part in expected {
        ensure!(output.talk.contains(part), "{to}\nlacks: {part}\nsays: {}", output.talk);
    }
    Ok(())
}

#[test]
fn bad_input_is_named_by_line_and_column() -> Result<()> {
    let cases: &[(&str, &str, &[&str])] = &[
        // A wrong indent.
        (
            "    一句话: 制造业",
            "      一句话: 制造业",
            &["demo.yaml:15:", "P001", "缩进", "上一行 4 格，这一行 6 格"],
        ),
        ("    一句话: 制造业", "\t一句话: 制造业", &["demo.yaml:15:1: 错误 P001", "制表符", "改成空格"]),
        // An unknown region, and one that is there twice.
        (
            "适用地区: 河北省",
            "适用地区: 河背省",
            &["demo.yaml:9:7: 错误 P103", "没有这个地区：“河背省”", "是不是“河北省”"],
        ),
        ("注册地 属于 河北省 且", "注册地 属于 长安区 且", &["P106", "“长安区”有 2 处", "写全称"]),
        // An unknown fact.
        (
            "规则: 设备投入[上年] ≥",
            "规则: 设备投人[上年] ≥",
            &["demo.yaml:21:13: 错误 P101", "没有要素“设备投人”", "是不是“设备投入”"],
        ),
        (
            "      设备投入[2025年]: 480万元",
            "      设备投人[2025年]: 480万元",
            &["P030", "没有要素“设备投人”"],
        ),
        // A typo in a rule.
        (
            "资质 含 高新技术企业\n",
            "资质 含 高薪技术企业\n",
            &["P102", "资质目录里没有“高薪技术企业”", "“高新技术企业”"],
        ),
        ("≥ 100万元", "≥ 100人", &["demo.yaml:21:24: 错误 P105", "左边是金额，右边是个数（人），不能比较"]),
        ("≥ 100万元", "≥ 1,000万元", &["P109", "逗号"]),
        ("≥ 100万元", "≥ 100", &["错误 P133", "缺单位", "100万元"]),
        ("设备投入[上年] ≥ 100万元", "设备投入 ≥ 100万元", &["P122", "设备投入[上年]"]),
        ("≥ 100万元", "≥ 至多 100万元", &["demo.yaml:21:24: 错误 P153", "条件里不能写区间"]),
        ("行业 属于 制造业", "行业 属于 造制业", &["P107", "没有这个行业"]),
        ("其余→10%", "≥2000万元→10%", &["P142", "其余"]),
        (
            "规则: 设备投入[上年] ≥ 100万元",
            "规则: 设备投入[上年] ≥ 100万元 # 待定",
            &["P005", "“规则”的值里有“ #”"],
        ),
        // Keys and values.
        ("    遴选: 普惠", "    遴选方式: 普惠", &["P002", "没有“遴选方式”这个键", "P003", "事项缺“遴选”"]),
        ("发布日期: 2026-01-05", "发布日期: 2026-13-05", &["P005", "应是日期", "2026-03-01"]),
        ("  止: 2028-12-31", "  止: 2025-12-31", &["P012", "止（2025-12-31）早于起"]),
        ("来源: https://www", "来源: javascript:alert(1)//", &["P013", "网址"]),
        ("- 名称: 营业执照", "- 名称: 营业职照", &["P007", "材料目录里没有“营业职照”", "“营业执照”"]),
        ("编号: demo-2026-0001-02\n    名称", "编号: demo-2026-0001-01\n    名称", &["P006", "已经用过"]),
        (
            "金额: 设备投入[上年] × 20%",
            "金额: 设备投入[上年] × 20% − 10万元",
            &["P044", "金额可能算成负数", "不低于零"],
        ),
        (
            "金额: 设备投入[上年] × 20%",
            "金额: 金额(demo-2026-0001-01) × 20%",
            &["P045", "金额绕了一圈：demo-2026-0001-01 → demo-2026-0001-01"],
        ),
        (
            "金额: 设备投入[上年] × 20%",
            "金额: 金额(demo-2026-0001-03) × 20%",
            &["P045", "没有这个有金额的事项", "demo-2026-0001-02"],
        ),
        ("      封顶: 每企业每年 500万元", "      支付: 40%、30%", &["P005", "加起来应是 100%"]),
        ("        方式: 就高", "        方式: 限项", &["P005", "“额度”和“方式”对不上", "额度: 2项"]),
        (
            "    受益对象: 企业\n    遴选: 普惠",
            "    受益对象: 企业\n    申报对象: 工程\n    遴选: 普惠",
            &["P005", "申报对象"],
        ),
        (
            "规则: 资质 含 高新技术企业",
            "规则: 项目.名单 含 甲",
            &["P170", "不清楚是哪个项目", "申报对象: 项目"],
        ),
        // Several things wrong in one line are all named.
        (
            "注册地 属于 河北省 且 行业 属于 制造业",
            "注册地 属于 河背省 且 行业 属于 造制业",
            &["P103", "“河北省”", "P107", "没有这个行业"],
        ),
        // Examples that do not come out.
        (
            "demo-2026-0001-02: 符合 15万元",
            "demo-2026-0001-02: 不符合",
            &["P041", "期望不符合，算出来是符合", "逐条结果"],
        ),
        (
            "demo-2026-0001-02: 符合 15万元",
            "demo-2026-0001-02: 符合 16万元",
            &["P042", "期望金额 16万元，算出来是 15万元"],
        ),
    ];
    for (from, to, expected) in cases {
        bad(from, to, expected)?;
    }
    Ok(())
}

/// Two measures that each must come first, and two sums that are each a share of the other.
#[test]
fn circles_are_named() -> Result<()> {
    let text = example()?;
    let prerequisites = text
        .replacen("    遴选: 普惠", "    遴选: 普惠\n    前置: demo-2026-0001-02", 1)
        .replacen("    遴选: 择优", "    遴选: 择优\n    前置: demo-2026-0001-01", 1);
    let bands = "研发费用[上年] × (按 研发费用[上年]： <500万元→5%, <1000万元→8%, 其余→10%)";
    let sums = text.replacen(bands, "金额(demo-2026-0001-01)", 1).replacen(
        "金额: 设备投入[上年] × 20%",
        "金额: 金额(demo-2026-0001-02) × 20%",
        1,
    );
    for (text, expected) in [
        (prerequisites, "P046：“前置”绕了一圈：demo-2026-0001-01 → demo-2026-0001-02 → demo-2026-0001-01"),
        (sums, "P045：金额绕了一圈：demo-2026-0001-01 → demo-2026-0001-02 → demo-2026-0001-01"),
    ] {
        let dir = project(&text)?;
        let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
        ensure!(output.code == 1 && output.talk.contains(expected), "{} {}", output.code, output.talk);
    }
    Ok(())
}

#[test]
fn hostile_files_are_errors_not_crashes() -> Result<()> {
    let deep = "[".repeat(5000);
    let quoted = format!("规则: {}", "(".repeat(3000));
    for text in [
        "",
        "\u{feff}",
        "a: &x 1\nb: *x",
        "- 1",
        "{",
        "'",
        &deep,
        &quoted,
        "编号: !!binary aGk=",
        "%YAML 9.9\n---\na",
        "a: 1\n---\nb: 2",
        "\0\0",
    ] {
        let dir = project(text)?;
        let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
        let start: String = text.chars().take(20).collect();
        ensure!(
            output.code == 1 && output.talk.contains("错误 P0"),
            "{start:?}: {} {}",
            output.code,
            output.talk
        );
    }
    let dir = project("x")?;
    fs::write(dir.path().join("policies/130000/latin.yaml"), b"\xc4\xe3\xba\xc3")?;
    let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
    ensure!(output.talk.contains("不是 UTF-8"), "{}", output.talk);
    Ok(())
}

/// Every kind of catalogue file and the profile of a firm, each with one thing wrong.
#[test]
fn bad_tables_and_profiles_are_named() -> Result<()> {
    let cases = [
        ("facts.yaml", "- id: own/a\n  名称: 示例甲\n  类型: 地方\n  问: 哪里？\n", "没有类型“地方”"),
        (
            "facts.yaml",
            "- id: own/a\n  名称: 甲、乙数\n  类型: 地区\n  问: 哪里？\n",
            "要素名称只能用文字和数字",
        ),
        ("facts.yaml", "- id: own/a\n  名称: 注册地\n  类型: 地区\n  问: 哪里？\n", "“注册地”重复了"),
        ("qualifications.yaml", "- id: own/a\n  名称: 示例称号\n  有效期年: 三\n", "应是年数，写的是“三”"),
        ("materials.yaml", "- id: own/a\n  名称: 示例材料\n  电子证照: 有\n", "“电子证照”应是 是 或 否"),
        ("materials.yaml", "- id: own/a\n  名称: 示例材料\n  表格: 有\n", "“表格”应是 是 或 否"),
        ("regions.tsv", "99000x\t示例地\t1\t\n", "“99000x”不是代码"),
        ("industries.tsv", "Z01\t示例业\n", "应有 4 列，这行有 2 列"),
        ("industry-groups.tsv", "示例组\tB，C\t示例\n", "“B，C”不是代码"),
        ("enterprise-sizes.tsv", "示例\tB\t\t1000/300\t\t\n", "应是 大/中/小 三个下限"),
        ("lists.tsv", "示例清单\t地区\t河背省\t示例\n", "没有这个地区：“河背省”"),
    ];
    for (file, row, expected) in cases {
        let dir = project(&example()?)?;
        let path = dir.path().join("policies/catalogue").join(file);
        let text = fs::read_to_string(&path)?;
        fs::write(&path, text + row)?;
        let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
        let named = output.talk.contains(expected) && output.talk.contains(&format!("{file}:"));
        ensure!(output.code == 1 && named, "{file}: {}", output.talk);
    }
    let dir = project(&example()?)?;
    for (profile, expected) in [
        ("注册地: 火星", "firm.yaml:1:6: 错误 P030：没有这个地区：“火星”"),
        ("营收: 3", "“营收”按年填报，要写明哪一年"),
        ("营业收入[2025年]: 三千万", "firm.yaml:1:"),
        ("职工总数: -5人", "“职工总数”不能是负数"),
        ("- 注册地", "要素应是一组"),
    ] {
        fs::write(dir.path().join("firm.yaml"), profile)?;
        let output = command_in(dir.path(), &["explain", "policies", "--firm", "firm.yaml"])?;
        let ok = output.code == 1 && output.talk.contains(expected) && output.talk.contains("没有匹配");
        ensure!(ok, "{profile}: {} {}", output.code, output.talk);
    }
    Ok(())
}

fn snapshot(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(files)
}

#[test]
fn same_input_same_bytes_and_errors_leave_the_bundle_alone() -> Result<()> {
    let dir = project(&example()?)?;
    let build = |out: &str, sequence: &str| {
        let index = format!("{out}-index");
        let arguments = [
            "build",
            "policies",
            "--out",
            out,
            "--index",
            &index,
            "--as-of",
            "2026-04-01",
            "--sequence",
            sequence,
        ];
        command_in(dir.path(), &arguments)
    };
    ensure!(build("a", "1000")?.code == 0, "the first build fails");
    ensure!(build("b", "1000")?.code == 0, "the second build fails");
    let first = snapshot(&dir.path().join("a"))?;
    ensure!(first == snapshot(&dir.path().join("b"))?, "two builds of the same input differ");

    let again = build("a", "1000")?;
    ensure!(again.code == 2 && again.talk.contains("不大于已发布的 1000"), "{}", again.talk);

    fs::write(dir.path().join("policies/130000/demo.yaml"), "编号: x")?;
    let broken = build("a", "2000")?;
    ensure!(broken.code == 1 && broken.talk.contains("原来的发布包没动"), "{}", broken.talk);
    ensure!(first == snapshot(&dir.path().join("a"))?, "a failed build touched the bundle");

    // A folder of somebody else is not overwritten.
    fs::write(dir.path().join("policies/130000/demo.yaml"), example()?)?;
    fs::create_dir_all(dir.path().join("c-index"))?;
    fs::write(dir.path().join("c-index/precious.txt"), "x")?;
    // Nor one that has a file with a name of tantivy's.
    fs::write(dir.path().join("c-index/meta.json"), "{}")?;
    let refused = build("c", "1")?;
    ensure!(refused.code == 2 && refused.talk.contains("不会覆盖"), "{}", refused.talk);
    ensure!(dir.path().join("c-index/precious.txt").is_file(), "a foreign file is gone");

    // What stands beside the index is checked when it is read.
    let index = dir.path().join("a-index");
    let local = fs::read(index.join("huiqi.bin"))?;
    fs::write(index.join("huiqi.bin"), &local[..local.len() / 2])?;
    let damaged = command(&["search", "补贴", "--index", &index.display().to_string()])?;
    ensure!(
        damaged.code == 2 && damaged.talk.contains("huiqi.bin 读不了，请重新运行 huiqi build"),
        "{}",
        damaged.talk
    );
    Ok(())
}

/// A proxy that keeps the entry file for a day while 48 editions follow: every file that the old one names is still there
/// and says what it said.
#[test]
fn a_frozen_catalog_still_finds_its_files() -> Result<()> {
    let dir = project(&example()?)?;
    let out = dir.path().join("out");
    let mut frozen: Option<(String, Vec<String>)> = None;
    for edition in 0..=48 {
        let text = example()?.replacen("一句话: ", &format!("一句话: 第{edition}版，"), 1);
        fs::write(dir.path().join("policies/130000/demo.yaml"), text)?;
        let sequence = (1_000 + edition).to_string();
        let arguments = ["build", "policies", "--out", "out", "--as-of", AS_OF, "--sequence", &sequence];
        let output = command_in(dir.path(), &arguments)?;
        ensure!(output.code == 0, "edition {edition}: {}", output.talk);
        if frozen.is_none() {
            let text = fs::read_to_string(out.join("catalog.txt"))?;
            let catalog = Catalog::parse(text.as_bytes())?;
            let names = decode_texts(PartKind::Files, &parts::read(&out, &catalog.files)?)?;
            frozen = Some((text, names));
        }
    }
    let (text, names) = frozen.context("a first edition")?;
    ensure!(fs::read_to_string(out.join("catalog.txt"))? != text && names.len() > 20, "{names:?}");
    for name in names {
        // Reading checks the bytes against the name.
        parts::read(&out, &name)?;
    }
    Ok(())
}

/// What may be asked of an index: anything.
#[test]
fn searches_answer_whatever_is_typed() -> Result<()> {
    let dir = project(&example()?)?;
    let build = ["build", "policies", "--out", "out", "--index", "index", "--as-of", AS_OF];
    ensure!(command_in(dir.path(), &build)?.code == 0, "the build fails");
    let long = "补贴".repeat(5_000);
    for typed in ["", "   ", "？！…", "“”", "“", "\u{1b}[31m", "\u{202e}贴补", "🏭", "a\u{301}", "*:*", &long]
    {
        let output = command_in(dir.path(), &["search", typed, "--index", "index"])?;
        let fine = match output.code {
            0 => true,
            1 => output.data.contains("共 0 条"),
            _ => output.talk.contains("检索词里没有文字或数字"),
        };
        ensure!(fine && !output.talk.contains("panicked"), "{typed:?}: {} {}", output.code, output.talk);
        ensure!(!output.data.contains('\u{1b}'), "{typed:?} reaches the terminal: {}", output.data);
    }
    // A firm that cannot be read limits nothing: there is no answer instead of a wrong one.
    fs::write(dir.path().join("firm.yaml"), "注册地: 火星")?;
    let wrong = command_in(dir.path(), &["search", "补贴", "--index", "index", "--firm", "firm.yaml"])?;
    let named = wrong.talk.contains("firm.yaml:1:6") && wrong.talk.contains("没有查找");
    ensure!(wrong.code == 1 && named && wrong.data.is_empty(), "{} {}", wrong.code, wrong.talk);
    Ok(())
}

/// `分区` cuts the bundle; nothing gets lost, and a word that does not exist is named.
#[test]
fn a_bundle_is_cut_into_areas() -> Result<()> {
    let dir = project(&example()?)?;
    let elsewhere =
        example()?.replace("demo-2026-0001", "demo-2026-0002").replace("示例〔2026〕1号", "示例〔2026〕2号");
    let elsewhere = elsewhere.replace("适用地区: 河北省", "适用地区: 河北省石家庄市");
    fs::write(dir.path().join("policies/130000/city.yaml"), elsewhere)?;
    let build = |split: &str, out: &str| {
        fs::write(dir.path().join("policies/huiqi.yaml"), format!("分区: {split}\n"))?;
        let index = format!("{out}-index");
        command_in(dir.path(), &["build", "policies", "--out", out, "--index", &index, "--as-of", AS_OF])
    };
    let areas = |out: &str| -> Result<Vec<String>> {
        let catalog = fs::read_to_string(dir.path().join(out).join("catalog.txt"))?;
        let lines = catalog.lines().filter_map(|l| l.strip_prefix("area "));
        Ok(lines.filter_map(|l| Some(l.split(' ').next()?.to_owned())).collect())
    };
    for (split, expected) in
        [("不分", &["000000"][..]), ("按省", &["130000"]), ("按市", &["130000", "130100"])]
    {
        let output = build(split, split)?;
        ensure!(output.code == 0, "{split}: {}", output.talk);
        ensure!(areas(split)? == expected, "{split}: {:?}", areas(split)?);
        ensure!(output.talk.contains("2 份文件，4 个事项"), "{}", output.talk);
        let index = format!("{split}-index");
        let found = command_in(dir.path(), &["search", "设备", "--index", &index, "--json"])?;
        let ids = found.data.lines().filter_map(|l| l.split("\"id\":\"").nth(1));
        let mut ids: Vec<&str> = ids.filter_map(|l| l.split('"').next()).collect();
        ids.sort_unstable();
        ensure!(ids.len() == 4 && ids[0] == "demo-2026-0001-01", "{split}: {ids:?}");
    }
    let wrong = build("按县", "按县")?;
    let named = wrong.talk.contains("huiqi.yaml:1:5: 错误 P005：“分区”没有“按县”这个写法");
    ensure!(wrong.code == 1 && named, "{}", wrong.talk);
    Ok(())
}

#[test]
fn usage_errors_are_chinese_and_exit_with_2() -> Result<()> {
    for (arguments, expected) in [
        (&["bild"][..], "没有命令“bild”，是不是“build”"),
        (&["search"][..], "缺少 <检索词>"),
        (&["check", "--jsn"][..], "没有选项“--jsn”"),
        (&["check", "--json", "--sarif"][..], "--json 不能和 --sarif 一起用"),
        (&["check", "--as-of", "明天"][..], "日期写成 2026-11-22"),
        (&["check", "no-such-folder"][..], "读不到文件夹 no-such-folder：没有这个文件夹"),
        (&["search", "补贴", "--index", "no-such-index"][..], "先运行 huiqi build"),
        (&["search", "补贴", "--only", "什么=1"][..], "没有“什么”这一项，有 结论、主题、类别"),
        (&["search", "补贴", "--only", "类别"][..], "应写成 项=值"),
        (&["search", "补贴", "--limit", "很多"][..], "--limit"),
        (&["build", "policies", "--threads", "两个"][..], "--threads"),
        (&["explain", "--firm", "no-such-firm.yaml"][..], "读不到企业画像"),
        (
            &[
                "explain",
                "--firm",
                "examples/firms/equipment-maker.yaml",
                "--measure",
                "hebei-2021-sme-quality-1",
            ][..],
            "是不是“hebei-2021-sme-quality-01”",
        ),
        (&["explain", "--firm", "x", "--as-of", "昨天"][..], "日期写成 2026-11-22"),
    ] {
        let output = command(arguments)?;
        ensure!(
            output.code == 2 && output.talk.contains(expected),
            "{arguments:?}: {} {}",
            output.code,
            output.talk
        );
    }
    let help = command(&["--help"])?;
    ensure!(help.code == 0 && help.data.contains("检查政策文件"), "{}", help.data);
    Ok(())
}

#[test]
fn findings_as_json_lines() -> Result<()> {
    let dir = project(&example()?.replace("适用地区: 河北省", "适用地区: 河背省"))?;
    let output = command_in(dir.path(), &["check", "policies", "--json"])?;
    let first: serde_json::Value = serde_json::from_str(output.data.lines().next().context("a line")?)?;
    ensure!(first["code"] == "P103" && first["line"] == 9 && first["column"] == 7, "{first}");
    Ok(())
}

/// SARIF 2.1.0 as code hosts and editors read it: every result names a rule, a file and a place.
#[test]
fn findings_as_sarif() -> Result<()> {
    let dir = project(&example()?.replacen("电话: 0311-87801234", "电话: 无", 1))?;
    let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF, "--sarif"])?;
    ensure!(output.code == 1, "{}", output.talk);
    let log: serde_json::Value = serde_json::from_str(&output.data)?;
    ensure!(log["version"] == "2.1.0", "{log}");
    let run = &log["runs"][0];
    ensure!(run["tool"]["driver"]["name"] == "huiqi" && run["columnKind"] == "unicodeCodePoints", "{run}");
    let rules = run["tool"]["driver"]["rules"].as_array().context("rules")?;
    let result = &run["results"].as_array().context("results")?[0];
    let index = usize::try_from(result["ruleIndex"].as_u64().context("an index")?)?;
    ensure!(
        result["ruleId"] == "P202" && rules[index]["id"] == "P202" && result["level"] == "error",
        "{result}"
    );
    let place = &result["locations"][0]["physicalLocation"];
    ensure!(place["artifactLocation"]["uri"] == "policies/130000/demo.yaml", "{place}");
    let line = fs::read_to_string(dir.path().join("policies/130000/demo.yaml"))?
        .lines()
        .position(|l| l.trim() == "电话: 无")
        .context("the line")?;
    ensure!(place["region"]["startLine"] == line + 1 && place["region"]["startColumn"] == 11, "{place}");
    Ok(())
}

#[test]
fn codes_are_explained() -> Result<()> {
    let one = command(&["check", "--explain", "p202"])?;
    ensure!(one.code == 0 && one.data.contains("P202 错误") && one.data.contains("坏："), "{}", one.data);
    let all = command(&["check", "--explain", "all"])?;
    ensure!(all.code == 0 && all.data.lines().count() > 100, "{}", all.data);
    let none = command(&["check", "--explain", "P2o2"])?;
    ensure!(none.code == 2 && none.talk.contains("没有代码“P2o2”"), "{}", none.talk);
    Ok(())
}

/// A publisher needs no catalogue of its own: the shared one is in the command.
#[test]
fn a_folder_without_a_catalogue_is_enough() -> Result<()> {
    let dir = project(&example()?)?;
    fs::remove_dir_all(dir.path().join("policies/catalogue"))?;
    let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
    ensure!(output.code == 0 && output.talk.contains("0 个错误，0 个警告，0 条提示"), "{}", output.talk);
    Ok(())
}

/// Files beside the policies that cannot be read, or that lead elsewhere.
#[test]
fn unreadable_files_are_named() -> Result<()> {
    let with_text = |name: &str| -> Result<String> {
        Ok(example()?.replacen("\n状态: 发布", &format!("\n原文: {name}\n状态: 发布"), 1))
    };
    let cases = [
        (
            with_text("../../secret.txt")?,
            "P005：“原文”应是同一个文件夹里的文本文件名，写的是“../../secret.txt”",
        ),
        (with_text("missing.txt")?, "P000：读不到原文 missing.txt：没有这个文件"),
        (with_text("gbk.txt")?, "P000：原文 gbk.txt 不是 UTF-8 编码"),
        (with_text("demo.yaml")?, "P005：“原文”应是"),
    ];
    for (policy, expected) in cases {
        let dir = project(&policy)?;
        fs::write(dir.path().join("policies/130000/gbk.txt"), [0xb5, 0xda])?;
        let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
        let named = output.talk.contains("demo.yaml:") && output.talk.contains(expected);
        ensure!(output.code == 1 && named, "{expected}: {}", output.talk);
    }
    for (file, expected) in [
        ("huiqi.yaml", "huiqi.yaml:1:1: 错误 P000：读不了设置文件：不是 UTF-8 编码"),
        ("catalogue/materials.yaml", "materials.yaml:1:1: 错误 P010：读不了目录文件：不是 UTF-8 编码"),
    ] {
        let dir = project(&example()?)?;
        fs::write(dir.path().join("policies").join(file), [0xb5, 0xda])?;
        let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
        ensure!(output.code == 1 && output.talk.contains(expected), "{file}: {}", output.talk);
    }
    Ok(())
}

/// What a publisher wants to be told, and how loudly.
#[test]
fn a_project_sets_its_own_severities() -> Result<()> {
    let without_phone = example()?.replacen("      电话: 0311-87801234\n", "", 1);
    let cases = [
        ("", 0, "警告 P201"),
        ("检查:\n  P201: 错误\n", 1, "错误 P201"),
        ("检查:\n  P201: 提示\n", 0, "0 个错误，0 个警告，1 条提示"),
        ("检查:\n  P201: 关\n", 0, "0 个错误，0 个警告，0 条提示"),
        ("检查:\n  P201: 大声\n", 1, "“P201”没有“大声”这个写法"),
        ("检查:\n  P041: 关\n", 1, "P011：P041"),
        ("检查:\n  P999: 关\n", 1, "没有“P999”这个键"),
        ("检察:\n  P201: 关\n", 1, "没有“检察”这个键"),
        ("- P201\n", 1, "设置应是一组"),
    ];
    for (settings, code, expected) in cases {
        let dir = project(&without_phone)?;
        if !settings.is_empty() {
            fs::write(dir.path().join("policies/huiqi.yaml"), settings)?;
        }
        let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF])?;
        ensure!(
            output.code == code && output.talk.contains(expected),
            "{settings}: {} {}",
            output.code,
            output.talk
        );
    }
    let dir = project(&without_phone)?;
    fs::write(dir.path().join("policies/huiqi.yaml"), "检查:\n  P201: 提示\n")?;
    let output = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF, "--notes"])?;
    ensure!(output.talk.contains("提示 P201：没写联系电话"), "{}", output.talk);
    Ok(())
}

/// Completeness per measure, document and issuer.
#[test]
fn completeness_as_data() -> Result<()> {
    let dir = project(&example()?.replacen("      电话: 0311-87801234\n", "", 1))?;
    let output =
        command_in(dir.path(), &["check", "policies", "--as-of", AS_OF, "--completeness", "--json"])?;
    let lines: Vec<serde_json::Value> =
        output.data.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?;
    let kinds: Vec<&str> = lines.iter().filter_map(|l| l["kind"].as_str()).collect();
    ensure!(kinds == ["measure", "measure", "document", "issuer"], "{kinds:?}");
    ensure!(lines[0]["missing"] == serde_json::json!(["联系电话"]), "{}", lines[0]);
    // A telephone counts two of some twenty-five.
    ensure!(lines[0]["percent"].as_u64().is_some_and(|p| (85..100).contains(&p)), "{}", lines[0]);
    ensure!(lines[3]["id"] == "河北省示例厅" && lines[3]["measures"] == 2, "{}", lines[3]);
    let table = command_in(dir.path(), &["check", "policies", "--as-of", AS_OF, "--completeness"])?;
    ensure!(table.data.contains("河北省示例厅") && table.data.contains("缺得最多的："), "{}", table.data);
    Ok(())
}
