//! The recipe of README.zh-CN.md, run as it stands there, with nginx as Debian has it and a browser at the end.
#![cfg(unix)]

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use huiqi_tests::browser::{Area, Browser, Kind, Page};
use huiqi_tests::{NOON, binary, command_in, copy_folder, demo_dir, run, today, workspace_root};
use serde_json::Value;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(20);
const HEADING: &str = "## 十分钟装到网站上";
const FORM: &str = "this.querySelector('select[name=省]')";

/// The commands of the recipe, in their order.
fn recipe() -> Result<String> {
    let text = fs::read_to_string(workspace_root().join("README.zh-CN.md"))?;
    let (_, section) = text.split_once(HEADING).context("the recipe's heading")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut script = String::new();
    let mut inside = false;
    for line in section.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => script.extend([line, "\n"]),
            other => ensure!(!other.starts_with("```"), "a block that is not run: {other}"),
        }
    }
    ensure!(!inside && script.contains("huiqi doctor"), "the recipe is cut: {script}");
    Ok(script)
}

/// A webmaster's machine: the folder with what he was given, a site, and an nginx that serves it.
struct Machine {
    folder: TempDir,
    nginx: Nginx,
    /// Seconds since noon of the day on which tests take place, when this began.
    after_noon: u64,
}

impl Machine {
    /// `server`: more lines of the server block, at its end.
    fn start(server: &str) -> Result<Machine> {
        let folder = tempfile::Builder::new().prefix("huiqi-recipe-").tempdir()?;
        let at = |name: &str| folder.path().join(name);
        // Workers of nginx run as somebody else when the test runs as root.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        copy_folder(&workspace_root().join("policies"), &at("policies"))?;
        copy_folder(&demo_dir()?.join("widget"), &at("widget"))?;
        fs::create_dir_all(at("site/hqzc"))?;
        fs::write(
            at("site/hqzc/index.html"),
            "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n<title>惠企政策</title>\n\
             <link rel=\"icon\" href=\"/icon.png\">\n<link rel=\"stylesheet\" href=\"/site.css\">\n</head>\n<body>\n\
             <header><p>示例市人民政府</p></header>\n<main>\n<h1>惠企政策</h1>\n<!-- huiqi -->\n<!-- /huiqi -->\n</main>\n\
             </body>\n</html>\n",
        )?;
        fs::write(at("site/site.css"), "body { margin: 0; }\n")?;
        fs::write(at("site/icon.png"), "")?;
        let after_noon = UNIX_EPOCH.elapsed()?.as_secs().saturating_sub(NOON);
        Ok(Machine { nginx: Nginx::start(&at("nginx"), &at("site"), server)?, after_noon, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the commands as a webmaster would who has set the variables at their beginning.
    fn shell(&self, script: &str) -> Result<String> {
        let programs = self.path("bin");
        fs::create_dir_all(&programs)?;
        // Each test takes place on one day, which begins at noon: its browser believes nothing from the future.
        let huiqi = format!(
            "case $1 in\ncheck|doctor) exec {0} \"$@\" --as-of {1} ;;\n\
             build) exec {0} \"$@\" --as-of {1} --sequence $(($(date +%s) - {2})) ;;\nesac\nexec {0} \"$@\"",
            quoted(&binary()?),
            today(),
            self.after_noon
        );
        // Only an option tells nginx of settings that are not the system's.
        let nginx =
            format!("exec {} -c {} \"$@\"", quoted(&program()?), quoted(&self.path("nginx/nginx.conf")));
        for (name, text) in [("huiqi", huiqi), ("nginx", nginx)] {
            fs::write(programs.join(name), format!("#!/bin/sh\n{text}\n"))?;
            fs::set_permissions(programs.join(name), fs::Permissions::from_mode(0o755))?;
        }
        let path = std::env::var("PATH")?;
        let output = run(Command::new("sh")
            .args(["-e", "-c", script])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("SITE", self.path("site"))
            .env("PAGE", "hqzc/index.html")
            .env("URL", self.nginx.url("/hqzc/"))
            .env("CONF", self.path("nginx"))
            .env_remove("SERVER"))?;
        ensure!(
            output.code == 0,
            "the recipe ended with {}:\n{}\n{}\n{}",
            output.code,
            output.data,
            output.talk,
            self.nginx.log()
        );
        Ok(output.data)
    }

    fn read(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.path(name)).with_context(|| name.to_owned())
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

/// The nginx of the system.
fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join("nginx")).find(|file| file.is_file());
    found.context("there is no nginx: run `cargo xtask test`")
}

/// An nginx with a folder of its own for everything. Ends with the test, whatever becomes of that.
struct Nginx {
    keeper: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Nginx {
    /// The settings are those of Debian's package as far as they matter, and what many sites add to them.
    fn start(folder: &Path, site: &Path, server: &str) -> Result<Nginx> {
        for name in ["sites-available", "snippets", "temp"] {
            fs::create_dir_all(folder.join(name))?;
        }
        // Free now, and nobody else is told of it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let here = folder.display();
        let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("    {name}_temp_path \"{here}/temp/{name}\";\n"))
            .concat();
        fs::write(
            folder.join("nginx.conf"),
            format!(
                "worker_processes auto;\npid \"{here}/nginx.pid\";\nerror_log \"{here}/error.log\";\n\
                 events {{\n    worker_connections 768;\n}}\n\
                 http {{\n{temp}    sendfile on;\n    tcp_nopush on;\n    types_hash_max_size 2048;\n    \
                 include /etc/nginx/mime.types;\n    default_type application/octet-stream;\n    \
                 access_log \"{here}/access.log\";\n    gzip on;\n    include sites-available/*;\n}}\n"
            ),
        )?;
        fs::write(
            folder.join("sites-available/default"),
            format!(
                "# server {{\n#\tserver_name example.com;\n# }}\nserver {{\n\tlisten {address} default_server;\n\n\
                 \troot \"{}\";\n\n\tindex index.html index.htm index.nginx-debian.html;\n\n\tserver_name _;\n\n\
                 \tlocation / {{\n\t\ttry_files $uri $uri/ =404;\n\t}}\n{server}}}\n",
                site.display()
            ),
        )?;
        // The shell's input ends with this process, even when that is killed: then nginx is told to end as well.
        let keeper = Command::new("sh")
            .args(["-c", "\"$@\" & cat > /dev/null; kill -TERM $!; wait", "keeper"])
            .arg(program()?)
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .args(["-g", "daemon off;"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let nginx = Nginx { keeper, folder: folder.to_owned(), address };
        let deadline = Instant::now() + LIMIT;
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                bail!("nginx does not answer: {}", nginx.log());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What nginx complained of.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("error.log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It fails only for a process that is gone already, which is what is wanted.
        let _ = self.keeper.wait();
    }
}

/// Status and headers of an address of the page's own host.
fn answer(page: &Page, path: &str) -> Result<Value> {
    page.eval(&format!(
        "fetch('{path}', {{cache: 'no-store'}}).then((a) => ({{status: a.status, ...Object.fromEntries(a.headers)}}))"
    ))
}

#[test]
fn the_recipe_works_as_it_is_written() -> Result<()> {
    // A rule for caches and a header for everything, as half of all sites have them.
    let machine = Machine::start(
        "\tadd_header X-Content-Type-Options nosniff always;\n\
         \tlocation ~* \\.(js|css|png|txt|bin)$ {\n\t\texpires 30d;\n\t}\n",
    )?;
    let browser = Browser::launch(Kind::Current)?;
    let page = browser.new_page()?;
    page.goto(&machine.nginx.url("/hqzc/"))?;
    ensure!(page.eval("document.querySelector('h1').textContent")? == "惠企政策", "the page before");

    let script = recipe()?;
    let said = machine.shell(&script)?;
    ensure!(said.ends_with("没有发现问题。\n"), "huiqi doctor: {said}");
    // Old workers of nginx may finish what they have begun.
    page.wait_for(
        "fetch('/hqzc/', {cache: 'no-store'}).then((a) => a.headers.has('content-security-policy'))",
        LIMIT,
    )?;

    let page = browser.new_page()?;
    page.goto(&machine.nginx.url("/hqzc/"))?;
    page.wait_for("!!customElements.get('huiqi-match')", LIMIT)?;
    let widget = page.shadow()?;
    widget.wait_for(FORM, LIMIT)?;
    widget.click_text(".nav button", "搜政策")?;
    widget.fill("input[type=search]", "设备更新")?;
    widget.wait_for("this.querySelector('.hit')", LIMIT)?;
    page.screenshot(workspace_root().join("target/screens/recipe.png"), Area::Viewport)?;
    let console = page.console()?;
    ensure!(console.is_empty(), "{console:?}");
    let requests = page.requests()?;
    for request in &requests {
        ensure!(request.url.starts_with(&machine.nginx.url("/")), "a request went to {}", request.url);
        // The last ones may still be on their way.
        ensure!(request.failed.is_none() && request.status.is_none_or(|s| s == 200), "{request:?}");
    }

    // The header is the printed one, and only this page has it.
    let (data, widget) = (machine.path("site/huiqi/data"), machine.path("site/huiqi/widget"));
    let (data, widget) = (data.display().to_string(), widget.display().to_string());
    let printed = command_in(
        machine.folder.path(),
        &["embed", "--part", "策略", "--data", &data, "--widget", &widget],
    )?;
    let policy = answer(&page, "/hqzc/")?["content-security-policy"].take();
    let policy = policy.as_str().context("a policy")?;
    ensure!(printed.data.trim_end() == format!("Content-Security-Policy: {policy}"), "{policy}");
    let part =
        requests.iter().find_map(|r| r.url.split("/huiqi/data/").nth(1).filter(|n| n.ends_with(".bin")));
    let part = format!("/huiqi/data/{}", part.context("a part")?);
    for (path, kept) in [
        ("/huiqi/data/catalog.txt", "no-cache"),
        (part.as_str(), "max-age=31536000"),
        ("/huiqi/widget/loader.js", "max-age=600"),
        ("/huiqi/widget/app.bin", "max-age=600"),
        // What is not ours stays as it was.
        ("/site.css", "max-age=2592000"),
    ] {
        let answer = answer(&page, path)?;
        ensure!(answer["status"] == 200 && answer["cache-control"] == kept, "{path}: {answer}");
        ensure!(
            answer["x-content-type-options"] == "nosniff",
            "{path} has lost the server's header: {answer}"
        );
        ensure!(answer["content-security-policy"] == Value::Null, "{path}: {answer}");
    }
    let catalog = answer(&page, "/huiqi/data/catalog.txt")?;
    ensure!(catalog["content-type"] == "text/plain; charset=utf-8", "{catalog}");
    // A part that is not there yet may be there in a minute.
    let missing = answer(&page, "/huiqi/data/000000000000000000000000.bin")?;
    ensure!(missing["status"] == 404 && missing["cache-control"] == Value::Null, "{missing}");

    // Run again, it replaces what it wrote.
    let before = ["site/hqzc/index.html", "nginx/snippets/huiqi.conf", "nginx/sites-available/default"]
        .map(|name| machine.read(name).map(|text| (name, text)));
    machine.shell(&script)?;
    for file in before {
        let (name, text) = file?;
        ensure!(machine.read(name)? == text, "{name} became {}", machine.read(name)?);
    }
    ensure!(machine.nginx.log().lines().all(|line| !line.contains("[warn]")), "{}", machine.nginx.log());
    Ok(())
}

/// Settings for a host that pages elsewhere read from, and for addresses that count from a page.
#[test]
fn printed_settings_are_understood() -> Result<()> {
    for (addresses, folder, open) in [
        ("--data-url https://zc.example.gov.cn/data --widget-url https://zc.example.gov.cn/w.1", "", "*"),
        ("--data-url ../data --widget-url ../w.1", "", ""),
        ("--data-url ../data --widget-url ../w.1", "deep/", ""),
    ] {
        let machine = Machine::start("\tadd_header X-Content-Type-Options nosniff always;\n")?;
        let script = format!(
            "mkdir -p \"$SITE/{folder}\"; huiqi build policies --out \"$SITE/{folder}data\" --publisher x
             cp -r widget \"$SITE/{folder}w.1\"
             huiqi embed --data \"$SITE/{folder}data\" --widget \"$SITE/{folder}w.1\" {addresses} --part nginx \\
                > \"$CONF/snippets/huiqi.conf\"
             sed -i '/^\\s*server_name/a include snippets/huiqi.conf;' \"$CONF/sites-available/default\"
             nginx -t; nginx -s reload"
        );
        machine.shell(&script)?;
        let browser = Browser::launch(Kind::Current)?;
        let page = browser.new_page()?;
        page.goto(&machine.nginx.url("/hqzc/"))?;
        page.wait_for(
            &format!("fetch('/{folder}data/catalog.txt').then((a) => a.headers.get('cache-control') === 'no-cache')"),
            LIMIT,
        )?;
        for (path, kept) in [("data/catalog.txt", "no-cache"), ("w.1/app.js", "max-age=600")] {
            let answer = answer(&page, &format!("/{folder}{path}"))?;
            let found = answer["access-control-allow-origin"].as_str().unwrap_or_default();
            ensure!(answer["cache-control"] == kept && found == open, "{addresses}: {path}: {answer}");
            ensure!(answer["x-content-type-options"] == "nosniff", "{addresses}: {path}: {answer}");
        }
        // Nobody else reads the pages of this host.
        let other = answer(&page, "/hqzc/")?;
        ensure!(other["access-control-allow-origin"] == Value::Null, "{addresses}: {other}");
    }
    Ok(())
}
