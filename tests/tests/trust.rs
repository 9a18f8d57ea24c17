//! Signed bundles and several publishers, in the command and in the page.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use huiqi::parts::{self, Parts};
use huiqi_engine::bundle::{Catalog, PartKind, Table, decode_details, encode_details};
use huiqi_tests::browser::{Area, Browser, Kind, Page, Shadow, Viewport};
use huiqi_tests::publisher::{Publisher, policy, write_page};
use huiqi_tests::server::Server;
use huiqi_tests::{command, copy_folder, publish, workspace_root};

const LIMIT: Duration = Duration::from_secs(20);
/// The form is there.
const FORM: &str = "this.querySelector('select[name=省]')";

/// Opens the page and waits for one of two ends: the form, or a reason.
fn open<'a>(page: &'a Page, server: &Server) -> Result<Shadow<'a>> {
    page.goto(&server.url("/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let shadow = page.shadow()?;
    shadow.wait_for(&format!("{FORM} || this.querySelector('[role=alert]')"), LIMIT)?;
    Ok(shadow)
}

/// The page refuses the data, says why, and its list stays.
fn refused(page: &Page, server: &Server, reason: &str) -> Result<()> {
    let shadow = open(page, server)?;
    let text = shadow.text()?;
    ensure!(text.contains(reason), "expected {reason}: {text}");
    ensure!(!shadow.exists("select[name=省]")?, "the form is there in spite of: {reason}");
    let list = page.eval("document.querySelector('#list').offsetHeight > 0")?;
    ensure!(list == true, "the list is gone: {reason}");
    Ok(())
}

/// A picture for people to look at, on a phone.
fn picture(page: &Page, name: &str) -> Result<()> {
    page.set_viewport(Viewport { width: 375, height: 740, scale: 2.0, mobile: true })?;
    page.screenshot(workspace_root().join(format!("target/screens/{name}.png")), Area::Viewport)
}

/// Keys and catalogs as a publisher's officer meets them, mistakes included.
#[test]
fn keys_are_made_used_and_changed() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let publisher = Publisher::new(dir.path().to_owned(), "sjz", "河北省石家庄市", "石门")?;
    let signer = publisher.new_key("sign.key")?;
    let says = |arguments: &[&str], expected: &str| -> Result<()> {
        let output = command(arguments)?;
        ensure!(output.code != 0 && output.talk.contains(expected), "{arguments:?}: {}", output.talk);
        Ok(())
    };
    let (root, data) = (publisher.path("root.key"), publisher.path("site/data"));
    says(&["key", "new", &root], "不会覆盖")?;
    says(&["key", "issue", "--root", &root, "--data", &data], "没有要改的")?;
    says(&["key", "issue", "--root", &root, "--data", &data, "--add", &signer], "要写 --regions")?;
    says(&["key", "issue", "--root", &root, "--data", &data, "--add", "abc"], "公钥应写成 ed25519:")?;
    says(
        &["key", "issue", "--root", &root, "--data", &data, "--add", &publisher.root, "--regions", "130100"],
        "根密钥不能同时用来签数据",
    )?;
    says(&["key", "issue", "--root", &root, "--data", &data, "--add", &signer, "--days", "91"], "1 至 90")?;
    says(&["key", "issue", "--root", &root, "--data", &data, "--revoke", "0011223344556677"], "没有密钥")?;
    ensure!(!publisher.data().join("keys.txt").exists(), "a refused change wrote something");
    let early = publisher.publish(0, "sign.key").err().context("published without keys.txt")?.to_string();
    ensure!(early.contains("先用根密钥运行 huiqi key issue"), "{early}");
    publisher.issue(&["--add", &signer, "--regions", "130100", "--ids", "sjz-"])?;
    publisher.publish(0, "sign.key")?;
    let output = command(&["key", "show", &data, "--key", &publisher.root])?;
    ensure!(
        output.code == 0 && output.data.contains("签名正确") && output.data.contains("sjz-"),
        "{output:?}"
    );
    says(&["key", "show", &data, "--key", &signer], "不是网页里写的那个公钥签的")?;
    let policies = publisher.dir.join("policies");
    let index = publisher.dir.join("index");
    let unsigned = publish(&policies, &publisher.data(), &index, 60, &[]).err().context("unsigned")?;
    ensure!(unsigned.to_string().contains("加 --key 签名密钥"), "{unsigned}");
    let strange = publisher.new_key("strange.key")?;
    let error = publisher.publish(60, "strange.key").err().context("a strange key")?.to_string();
    ensure!(error.contains("里没有密钥"), "{error}");
    // A narrower range than what is to be published.
    publisher.issue(&["--regions", "130200"])?;
    let error = publisher.publish(60, "sign.key").err().context("foreign measures")?.to_string();
    ensure!(
        error.contains("2 个事项不在 keys.txt 写的地区或编号范围内") && error.contains("sjz-2026-0001-01"),
        "{error}"
    );
    // Nothing was published by all that.
    let output = command(&["key", "show", &data, "--key", &publisher.root])?;
    ensure!(output.code == 0, "{}", output.talk);
    // A root key that is not this publisher's changes nothing.
    says(
        &["key", "issue", "--root", &publisher.path("strange.key"), "--data", &data, "--add", &strange],
        "没有改动",
    )?;
    // Secret keys are named, never shown.
    let secret = std::fs::read_to_string(&root)?;
    let seed = secret.lines().find_map(|line| line.strip_prefix("secret ")).context("a secret")?.to_owned();
    std::fs::write(publisher.path("bad.key"), secret.replace("public ed25519:", "public ed25519:0"))?;
    let output =
        command(&["key", "issue", "--root", &publisher.path("bad.key"), "--data", &data, "--add", &strange])?;
    ensure!(
        output.code == 2 && output.talk.contains("两半不是一对") && !output.talk.contains(&seed),
        "{output:?}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&root)?.permissions().mode();
        ensure!(mode & 0o077 == 0, "others can read the key: {mode:o}");
    }
    Ok(())
}

/// What a page with a key believes, and what it refuses.
#[test]
fn a_page_believes_its_publisher_only() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let publisher = Publisher::new(dir.path().to_owned(), "sjz", "河北省石家庄市", "石门")?;
    let signer = publisher.new_key("sign.key")?;
    publisher.issue(&["--add", &signer, "--regions", "130100", "--ids", "sjz-"])?;
    publisher.publish(0, "sign.key")?;
    let site = dir.path().join("site");
    let page_with = |key: &str| write_page(&site, &format!("src=\"data/\" publisher-key=\"{key}\""));
    page_with(&publisher.root)?;
    let server = Server::start(&site)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, &server)?;
    ensure!(shadow.text()?.contains("已核对发布单位的签名"), "{}", shadow.text()?);
    let console = page.console()?;
    ensure!(console.is_empty(), "{console:?}");
    let stored = page.eval("JSON.stringify(Object.entries(localStorage))")?;
    let stored = stored.as_str().context("a text")?.to_owned();
    ensure!(stored.starts_with("[[\"huiqi http://127.0.0.1"), "{stored}");

    // Another key in the page; no key that is one; data that nobody signed.
    page_with(&signer)?;
    refused(&page, &server, "不是网页里写的那个公钥签的")?;
    picture(&page, "refused")?;
    page_with("ed25519:12")?;
    refused(&page, &server, "公钥应写成 ed25519:")?;
    page_with(&publisher.root)?;
    let catalog = publisher.data().join("catalog.txt");
    let good = std::fs::read_to_string(&catalog)?;
    let body = good.split("signature ").next().context("a body")?;
    std::fs::write(&catalog, body)?;
    refused(&page, &server, "catalog.txt 没有签名")?;
    std::fs::write(&catalog, good.replace("publisher 示例", "publisher 假冒"))?;
    refused(&page, &server, "签名不对")?;
    let parts = server.log().iter().filter(|p| p.ends_with(".bin") && p.starts_with("/data")).count();
    let pages = server.log().iter().filter(|p| p.as_str() == "/").count();
    ensure!(
        pages == 5 && parts < 12,
        "files of a publisher that is not believed were fetched: {:?}",
        server.log()
    );

    // An older edition, signed well, once a newer one was seen.
    std::fs::write(&catalog, &good)?;
    publisher.publish(60, "sign.key")?;
    open(&page, &server)?;
    let newer = std::fs::read_to_string(&catalog)?;
    std::fs::write(&catalog, &good)?;
    refused(&page, &server, "比你上次看到的旧")?;
    std::fs::write(&catalog, newer)?;

    // A key that was lost is revoked; another one takes its place, and the page is as it was.
    let next = publisher.new_key("next.key")?;
    publisher.issue(&["--add", &next])?;
    publisher.publish(120, "next.key")?;
    let shadow = open(&page, &server)?;
    ensure!(shadow.exists("select[name=省]")?, "{}", shadow.text()?);
    let by_next = std::fs::read_to_string(&catalog)?;
    publisher.publish(180, "sign.key")?;
    let by_lost = std::fs::read_to_string(&catalog)?;
    let id = |text: &str| {
        text.rsplit("signature 1 ").next().and_then(|rest| Some(rest.split(' ').next()?.to_owned()))
    };
    publisher.issue(&["--revoke", &id(&by_lost).context("an id")?])?;
    refused(&page, &server, "已经作废")?;
    std::fs::write(&catalog, by_next)?;
    let shadow = open(&page, &server)?;
    ensure!(shadow.exists("select[name=省]")?, "{}", shadow.text()?);

    // Data from tomorrow's tomorrow: one of the clocks is wrong.
    publisher.publish(2 * 86_400, "next.key")?;
    refused(&page, &server, "先校准设备的日期")?;
    Ok(())
}

/// Where nothing may be stored, a signature is still checked.
#[test]
fn no_storage_is_needed() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let publisher = Publisher::new(dir.path().to_owned(), "sjz", "河北省石家庄市", "石门")?;
    let signer = publisher.new_key("sign.key")?;
    publisher.issue(&["--add", &signer, "--regions", "130100"])?;
    publisher.publish(0, "sign.key")?;
    let site = dir.path().join("site");
    write_page(&site, &format!("src=\"data/\" publisher-key=\"{}\"", publisher.root))?;
    let server = Server::start(&site)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.before_load("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });")?;
    let shadow = open(&page, &server)?;
    ensure!(shadow.text()?.contains("已核对发布单位的签名"), "{}", shadow.text()?);
    Ok(())
}

/// A county that publishes a measure for the whole country: it is not listed, and the page says so.
#[test]
fn measures_beyond_its_regions_are_not_listed() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let publisher = Publisher::new(dir.path().to_owned(), "sjz", "河北省石家庄市", "石门")?;
    let policies = publisher.dir.join("policies");
    std::fs::write(policies.join("b.yaml"), policy("sjz-gj", "石门示例称号", "全国", "国家级")?)?;
    let signer = publisher.new_key("sign.key")?;
    publisher.issue(&["--add", &signer, "--regions", "000000"])?;
    publisher.publish(0, "sign.key")?;
    // Its root allows less from now on; what was published before is read by that.
    publisher.issue(&["--regions", "130100"])?;
    let site = dir.path().join("site");
    write_page(&site, &format!("src=\"data/\" region=\"130102\" publisher-key=\"{}\"", publisher.root))?;
    let server = Server::start(&site)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, &server)?;
    shadow.wait_for(
        "this.textContent.includes('的 2 个事项没有列出：不在它能发布的地区或编号范围内')",
        LIMIT,
    )?;
    picture(&page, "not-listed")?;
    shadow.click_text(".nav button", "结果")?;
    shadow.wait_for("this.textContent.includes('石门摊位费补助')", LIMIT)?;
    ensure!(!shadow.text()?.contains("国家级摊位费补助"), "{}", shadow.text()?);
    shadow.click_text(".nav button", "搜政策")?;
    shadow.fill("input[type=search]", "摊位费补助")?;
    shadow.wait_for("this.textContent.includes('石门摊位费补助')", LIMIT)?;
    ensure!(!shadow.text()?.contains("国家级摊位费补助"), "{}", shadow.text()?);
    Ok(())
}

/// Two publishers in one page: both are matched and searched, rows of equal number are kept apart, and one that fails
/// does not take the other with it.
#[test]
fn publishers_are_matched_together() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let make = |name: &str, region: &str, code: &str, word: &str| -> Result<Publisher> {
        let publisher = Publisher::new(dir.path().join(name), name, region, word)?;
        let signer = publisher.new_key("sign.key")?;
        publisher.issue(&["--add", &signer, "--regions", code])?;
        publisher.publish(0, "sign.key")?;
        Ok(publisher)
    };
    let city = make("sjz", "河北省石家庄市", "130100", "石门")?;
    let province = make("hebei", "河北省", "130000", "燕赵")?;
    let site = dir.path().join("both");
    copy_folder(&city.data(), &site.join("city"))?;
    copy_folder(&province.data(), &site.join("province"))?;
    let tag = |keys: &str| {
        write_page(&site, &format!("src=\"city/ province\" region=\"130102\" publisher-key=\"{keys}\""))
    };
    tag(&format!("{} {}", city.root, province.root))?;
    let server = Server::start(&site)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, &server)?;
    shadow.click_text(".nav button", "结果")?;
    shadow.wait_for(
        "this.textContent.includes('石门摊位费补助') && this.textContent.includes('燕赵摊位费补助')",
        LIMIT,
    )?;
    // Both titles have the same number at home; here one is asked for without the other.
    shadow.click_text(".mr button.name", "燕赵称号奖励")?;
    shadow.wait_for("this.textContent.includes('燕赵示例称号')", LIMIT)?;
    ensure!(!shadow.text()?.contains("石门示例称号"), "rows were mixed up: {}", shadow.text()?);
    shadow.click_text(".nav button", "搜政策")?;
    shadow.fill("input[type=search]", "摊位费补助")?;
    shadow.wait_for(
        "this.textContent.includes('石门摊位费补助') && this.textContent.includes('燕赵摊位费补助')",
        LIMIT,
    )?;
    shadow.wait_for(
        "this.textContent.includes('燕赵示例办法') && this.textContent.includes('石门示例办法')",
        LIMIT,
    )?;
    let console = page.console()?;
    ensure!(console.is_empty(), "{console:?}");

    // The second one under a key that is not its own: the first goes on.
    tag(&format!("{} {}", city.root, city.root))?;
    let shadow = open(&page, &server)?;
    let text = shadow.text()?;
    ensure!(
        text.contains("一个发布单位的政策没有列出") && text.contains("不是网页里写的那个公钥签的"),
        "{text}"
    );
    shadow.click_text(".nav button", "结果")?;
    shadow.wait_for("this.textContent.includes('石门摊位费补助')", LIMIT)?;
    ensure!(!shadow.text()?.contains("燕赵摊位费补助"), "{}", shadow.text()?);

    // The same publisher twice: each measure once.
    write_page(&site, "src=\"city/ city/\" region=\"130102\"")?;
    let shadow = open(&page, &server)?;
    shadow.wait_for("this.textContent.includes('编号和前面的发布单位重复')", LIMIT)?;
    shadow.click_text(".nav button", "结果")?;
    shadow.wait_for("this.textContent.includes('石门摊位费补助')", LIMIT)?;
    let count = shadow.texts(".mr button.name")?.iter().filter(|t| t.contains("石门摊位费补助")).count();
    ensure!(count == 1, "listed {count} times");
    Ok(())
}

/// A publisher that takes an id of another one, for regions that are not its own: the other's measure stays.
#[test]
fn nobody_hides_the_measures_of_another() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let make = |name: &str, code: &str, word: &str| -> Result<Publisher> {
        let publisher = Publisher::new(dir.path().join(name), "sjz", "河北省石家庄市", word)?;
        let signer = publisher.new_key("sign.key")?;
        publisher.issue(&["--add", &signer, "--regions", "130100"])?;
        publisher.publish(0, "sign.key")?;
        publisher.issue(&["--regions", code])?;
        Ok(publisher)
    };
    let (thief, owner) = (make("thief", "440000", "冒名")?, make("owner", "130100", "石门")?);
    let site = dir.path().join("both");
    copy_folder(&thief.data(), &site.join("thief"))?;
    copy_folder(&owner.data(), &site.join("owner"))?;
    let keys = format!("{} {}", thief.root, owner.root);
    write_page(&site, &format!("src=\"thief/ owner/\" region=\"130102\" publisher-key=\"{keys}\""))?;
    let server = Server::start(&site)?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    let shadow = open(&page, &server)?;
    shadow.click_text(".nav button", "结果")?;
    shadow.wait_for("this.textContent.includes('石门摊位费补助')", LIMIT)?;
    let text = shadow.text()?;
    ensure!(text.contains("2 个事项没有列出") && !text.contains("冒名摊位费补助"), "{text}");
    Ok(())
}

/// A bundle from somebody who would like to run a script in the page: its link is none.
#[test]
fn links_run_no_script() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let publisher = Publisher::new(dir.path().to_owned(), "sjz", "河北省石家庄市", "石门")?;
    let data = publisher.data();
    publish(&publisher.dir.join("policies"), &data, &publisher.dir.join("index"), 0, &[])?;
    let site = dir.path().join("site");
    write_page(&site, "region=\"130102\" open-links=\"host\"")?;
    let server = Server::start(&site)?;
    let browser = Browser::launch(Kind::Current)?;
    let links = || -> Result<Vec<(String, String)>> {
        let page = browser.new_page()?;
        let shadow = open(&page, &server)?;
        shadow.click_text(".nav button", "结果")?;
        shadow.wait_for("this.querySelector('.mr button.name')", LIMIT)?;
        shadow.click_text(".mr button.name", "石门摊位费补助")?;
        shadow.wait_for("this.textContent.includes('石门示例办法')", LIMIT)?;
        let links = shadow.eval("return [...this.querySelectorAll('a')].map((a) => [a.href, a.target])")?;
        Ok(serde_json::from_value(links)?)
    };
    let sound = links()?;
    ensure!(
        sound == [("https://www.example.gov.cn/sjz/0001.html".to_owned(), "_top".to_owned())],
        "{sound:?}"
    );
    // What `huiqi check` would refuse, written past it.
    let mut catalog = Catalog::parse(&std::fs::read(data.join("catalog.txt"))?)?;
    let parts = Parts::new(&data);
    for (_, table, _) in &mut catalog.areas {
        let mut raw = Table::decode(&parts::read(&data, table)?)?;
        for name in &mut raw.details {
            let mut details = decode_details(&parts::read(&data, name)?)?;
            for detail in &mut details {
                detail.source = "javascript:document.title='run'".to_owned();
                detail.handling.push(("网址".to_owned(), " javascript:alert(1)".to_owned()));
            }
            *name = parts.add(PartKind::Details, &encode_details(&details))?;
        }
        *table = parts.add(PartKind::Table, &raw.encode())?;
    }
    std::fs::write(data.join("catalog.txt"), catalog.print())?;
    let hostile = links()?;
    ensure!(hostile.is_empty(), "{hostile:?}");
    Ok(())
}
