//! A site as a publisher would have it: plain pages, the widget and a bundle of the policies, in
//! target/demo.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::step::{Steps, cargo, quiet, stdout_of};
use crate::{dist, files, in_root};

/// Examples that lie below the plain one, which is the site's first page.
const EXAMPLES: [&str; 5] = ["strict-csp", "themed", "several", "events", "iframe"];

/// Builds the site.
/// `as_of`: the day to publish on and a second of it, now where none is given.
pub(crate) fn build(steps: &mut Steps, as_of: Option<(&str, &str)>) -> Result<()> {
    dist::dist(steps)?;
    steps.run("build huiqi", build_huiqi)?;
    steps.run("demo site", || {
        let site = in_root("target/demo");
        files::empty_folder(&site)?;
        let mut build = huiqi();
        build.args(["build", "policies", "--publisher", "惠企通示例", "--out"]).arg(site.join("data"));
        quiet(on(build, as_of))?;
        files::copy_folder(&in_root("examples/plain"), &site)?;
        files::copy_folder(&dist::folder(), &site.join("widget"))?;
        for example in EXAMPLES {
            files::copy_folder(&in_root("examples").join(example), &site.join("examples").join(example))?;
        }
        // Two pages are printed by the command.
        for (example, part) in [("static", "网页"), ("iframe", "框架页")] {
            let mut embed = huiqi();
            embed.args([
                "embed",
                "--part",
                part,
                "--data-url",
                "../../data/",
                "--widget-url",
                "../../widget/",
            ]);
            embed.arg("--data").arg(site.join("data")).arg("--widget").arg(site.join("widget"));
            let page = stdout_of(embed)?;
            let folder = site.join("examples").join(example);
            fs::create_dir_all(&folder)?;
            let name = if example == "iframe" { "embed.html" } else { "index.html" };
            files::write(&folder.join(name), page.as_bytes())?;
        }
        federated(&site.join("examples/federated"), as_of)
    })
}

/// A build on a given day.
fn on(mut build: Command, as_of: Option<(&str, &str)>) -> Command {
    if let Some((day, second)) = as_of {
        build.args(["--as-of", day, "--sequence", second]);
    }
    build
}

/// Two publishers that sign, and the page that names their keys: its name there, its folders of policies, its regions.
const PUBLISHERS: [(&str, &str, &[&str], &str); 2] = [
    ("country", "COUNTRY-KEY", &["000000", "130000", "130800"], "000000"),
    ("guangdong", "GUANGDONG-KEY", &["440000", "440100", "440106", "440300", "440309"], "440000"),
];

/// The example of several publishers. Keys are made anew each time: they protect nothing.
fn federated(folder: &Path, as_of: Option<(&str, &str)>) -> Result<()> {
    let work = in_root("target/demo-publishers");
    files::empty_folder(&work)?;
    let mut page = String::from_utf8(files::read(&in_root("examples/federated/index.html"))?)?;
    for (name, place, parts, regions) in PUBLISHERS {
        let (policies, data) = (work.join(name).join("policies"), folder.join(name));
        for part in parts {
            files::copy_folder(&in_root("policies").join(part), &policies.join(part))?;
        }
        files::copy_folder(&in_root("policies/catalogue"), &policies.join("catalogue"))?;
        files::write(&policies.join("huiqi.yaml"), &files::read(&in_root("policies/huiqi.yaml"))?)?;
        let new = |file: &str| {
            let mut key = huiqi();
            key.args(["key", "new"]).arg(work.join(name).join(file));
            Ok::<String, anyhow::Error>(stdout_of(key)?.trim().to_owned())
        };
        let (root, signer) = (new("root.key")?, new("sign.key")?);
        let mut issue = huiqi();
        issue.args(["key", "issue", "--add", &signer, "--regions", regions, "--root"]);
        issue.arg(work.join(name).join("root.key")).arg("--data").arg(&data);
        if let Some((day, _)) = as_of {
            issue.args(["--as-of", day]);
        }
        quiet(issue)?;
        let mut build = huiqi();
        build
            .arg("build")
            .arg(&policies)
            .arg("--out")
            .arg(&data)
            .arg("--index")
            .arg(work.join(name).join("index"));
        build
            .args(["--publisher", &format!("惠企通示例（{name}）"), "--key"])
            .arg(work.join(name).join("sign.key"));
        quiet(on(build, as_of))?;
        ensure!(page.contains(place), "examples/federated/index.html has no {place}");
        page = page.replace(place, &root);
    }
    files::write(&folder.join("index.html"), page.as_bytes())
}

/// Serves the site until interrupted.
pub(crate) fn serve(wanted: u16) -> Result<()> {
    let port = free_port(wanted)?;
    let mut serve = huiqi();
    serve.arg("serve").arg(in_root("target/demo")).args(["--port", &port.to_string()]);
    let status = serve.status().context("cannot start huiqi serve")?;
    if !status.success() {
        bail!("huiqi serve ended with {status}");
    }
    Ok(())
}

/// Compiles the command that the other steps use.
pub(crate) fn build_huiqi() -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--package", "huiqi"]).current_dir(in_root(""));
    quiet(build).map(drop)
}

/// The command that [`build_huiqi`] made.
pub(crate) fn huiqi() -> Command {
    let mut command = Command::new(in_root("target/debug/huiqi"));
    command.current_dir(in_root(""));
    command
}

fn free_port(wanted: u16) -> Result<u16> {
    (wanted..=u16::MAX)
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .with_context(|| format!("no free port from {wanted} on"))
}
