//! The pages of a visit, one by one: what each shows, does and keeps.

use anyhow::Result;
use huiqi_tests::browser::{Area, Browser, Kind, Viewport};
use huiqi_tests::demo_dir;
use huiqi_tests::server::Server;
use huiqi_tests::visit::{LIMIT, go, screens, visit};

const MAKER: &str = "sample-city-maker.yaml";

/// Pictures for people to look at, in target/screens.
#[test]
fn pictures_of_all_pages() -> Result<()> {
    let server = Server::start(demo_dir()?)?;
    let browser = Browser::launch(Kind::Current)?;
    let folder = screens();
    let phone = Viewport { width: 375, height: 740, scale: 2.0, mobile: true };
    for (name, viewport) in [("1280", Viewport::DESKTOP), ("375", phone)] {
        let page = browser.new_page()?;
        page.set_viewport(viewport)?;
        let shadow = visit(&page, &server, "/", MAKER)?;
        let shot = |what: &str| page.screenshot(folder.join(format!("{what}-{name}.png")), Area::FullPage);
        shadow.wait_for("/依据/.test(this.querySelector('.mr .d').textContent)", LIMIT)?;
        shot("results-maker")?;
        shadow.click_text(".nx button", "继续回答")?;
        shadow.wait_for("this.querySelector('.prog')", LIMIT)?;
        shot("ask")?;
        go(&shadow, "方案")?;
        shadow.wait_for("this.querySelector('input[name=paper]')", LIMIT)?;
        shot("plan")?;
        shadow.click_text(".btn", "打印或存 PDF")?;
        shadow.wait_for("this.querySelector('.paper')", LIMIT)?;
        shot("print")?;
        go(&shadow, "方案")?;
        shadow.click_text(".btn", "如果数字变一变")?;
        shadow.wait_for("this.querySelector('.rng') || this.textContent.includes('没有离得近')", LIMIT)?;
        shot("what-if")?;
        go(&shadow, "日历")?;
        shadow.wait_for("this.querySelector('.cal')", LIMIT)?;
        shot("calendar")?;
        go(&shadow, "方案")?;
        if shadow.exists("fieldset .ans")? {
            shadow.click_text("fieldset .ans", "并排比较")?;
            shadow.wait_for("this.querySelector('.cp')", LIMIT)?;
            shot("compare")?;
            go(&shadow, "方案")?;
        }
        shadow.click_text(".btn", "分享")?;
        shadow.wait_for("this.querySelector('.dlg')", LIMIT)?;
        shadow.click_text(".dlg .opt", "连我填的信息")?;
        shadow.wait_for("this.querySelector('.dlg .note')", LIMIT)?;
        page.screenshot(folder.join(format!("share-{name}.png")), Area::Viewport)?;
        shadow.click_text(".dlg button", "关闭")?;
        go(&shadow, "企业信息")?;
        shadow.click_text(".btn", "保存、导入企业信息")?;
        shadow.wait_for("this.querySelector('#firm-name')", LIMIT)?;
        shot("kept")?;
        go(&shadow, "结果")?;
        shadow.click_text(".tools button", "繁體")?;
        shadow.wait_for("this.textContent.includes('結果')", LIMIT)?;
        shot("results-hant")?;
        shadow.click_text(".tools button", "English")?;
        shadow.wait_for("this.textContent.includes('Eligible')", LIMIT)?;
        shot("results-en")?;
        shadow.click(".mr .name")?;
        shadow.wait_for("this.querySelector('.cond')", LIMIT)?;
        shot("measure-en")?;
        println!("{name}: {:?}", page.console()?);
    }
    Ok(())
}
