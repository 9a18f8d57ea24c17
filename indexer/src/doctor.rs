//! `huiqi doctor`: what a visitor's browser would stumble over on a page with the widget. It asks for the same files, checks
//! them as the browser would, and says what to change. Nothing is sent but requests for files.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use huiqi_engine::bundle::{self, CATALOG_NAME, Catalog, PART_EXTENSION, PART_VERSION};
use huiqi_engine::date::Date;
use huiqi_engine::trust::{self, KEYS_NAME, PublicKey, Seen};
use scraper::{Html, Selector};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use ureq::http::Uri;

use crate::embed::WIDGET;

/// Longest answer that is read.
const BODY_LIMIT: u64 = 32 << 20;
/// The entry file may be this old on its way, in seconds.
const CACHE_LIMIT: u64 = 600;
/// Data that is older than this many days is worth a word.
const OLD: i32 = 14;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// 问题: visitors are hurt.
    Problem,
    /// 提示: worth knowing.
    Note,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// Stable name.
    pub id: &'static str,
    /// What was found, and where.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// An answer of a server.
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// What can be read of it, whether or not its header tells the truth.
    fn content(&self) -> Vec<u8> {
        self.decoded().unwrap_or_else(|| self.body.clone())
    }

    /// The body as a browser hands it to scripts; nothing when the header does not tell the truth.
    fn decoded(&self) -> Option<Vec<u8>> {
        match self.header("content-encoding") {
            Some(encoding) if encoding.contains("gzip") => {
                let mut out = Vec::new();
                flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut out).ok().map(|_| out)
            }
            _ => Some(self.body.clone()),
        }
    }
}

/// What files are called where the loader finds them.
#[derive(Debug, Clone, Default)]
struct Names {
    /// `data-extension` of the loader's tag.
    extension: Option<String>,
    /// What `data-map` names.
    map: BTreeMap<String, Address>,
}

impl Names {
    /// The address of a file in a folder, as `at` in `loader.js` finds it.
    fn at(&self, folder: &Address, name: &str) -> Option<Address> {
        let name = match (&self.extension, name.rsplit_once('.')) {
            (Some(extension), Some((stem, "bin" | "txt"))) => format!("{stem}.{extension}"),
            _ => name.to_owned(),
        };
        self.map.get(&name).cloned().or_else(|| folder.join(&name))
    }
}

/// An address in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    /// Scheme and host.
    origin: String,
    /// Path with its slash at the beginning.
    path: String,
}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let known = matches!(scheme, "http" | "https");
        known.then(|| Self { origin: format!("{scheme}://{authority}"), path: uri.path().to_owned() })
    }

    /// What `reference` means on a page at this address (RFC 3986, 5.2, without queries).
    fn join(&self, reference: &str) -> Option<Self> {
        let reference = reference.trim().split(['?', '#']).next().unwrap_or_default();
        if let Some((scheme, _)) = reference.split_once(':')
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        {
            return Self::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            let (scheme, _) = self.origin.split_once(':')?;
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let whole = if reference.starts_with('/') {
            reference.to_owned()
        } else if reference.is_empty() {
            self.path.clone()
        } else {
            format!("{folder}/{reference}")
        };
        let mut segments: Vec<&str> = Vec::new();
        let (last, before) =
            whole.split('/').collect::<Vec<_>>().split_last().map(|(l, b)| (*l, b.to_vec()))?;
        for segment in before.into_iter().skip(1) {
            match segment {
                "." => {}
                ".." => drop(segments.pop()),
                other => segments.push(other),
            }
        }
        let last = match last {
            "." => "",
            ".." => {
                segments.pop();
                ""
            }
            other => other,
        };
        segments.push(last);
        Some(Self { origin: self.origin.clone(), path: format!("/{}", segments.join("/")) })
    }

    fn text(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }
}

/// Examines a page on a day.
///
/// # Errors
/// When the address is none, or no server answers there.
pub fn examine(url: &str, today: Date) -> anyhow::Result<Vec<Finding>> {
    let page = Address::parse(url)
        .with_context(|| format!("地址“{url}”不对，写 http:// 或 https:// 开头的完整网址"))?;
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .user_agent("huiqi-doctor")
        .build();
    let mut doctor =
        Doctor { agent: config.into(), page: page.clone(), names: Names::default(), findings: Vec::new() };
    let got = doctor.get(&page)?;
    doctor.page(&got, today);
    Ok(doctor.findings)
}

struct Doctor {
    agent: ureq::Agent,
    page: Address,
    names: Names,
    findings: Vec<Finding>,
}

impl Doctor {
    fn get(&self, address: &Address) -> anyhow::Result<Got> {
        let failed = || format!("{} 没有回答", address.text());
        let request = self.agent.get(address.text()).header("Origin", &self.page.origin);
        let mut answer = request.call().with_context(failed)?;
        let headers = answer.headers().iter();
        let headers = headers
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let body = answer.body_mut().with_config().limit(BODY_LIMIT).read_to_vec().with_context(failed)?;
        Ok(Got { status: answer.status().as_u16(), headers, body })
    }

    /// A file that must be there; says so when it is not.
    fn file(&mut self, address: &Address, what: &str) -> Option<Got> {
        match self.get(address) {
            Ok(got) if got.status == 200 => Some(got),
            Ok(got) => {
                let hint = match got.status {
                    403 => "防火墙或服务器不让下载这种文件：把这个目录加进允许的名单",
                    404 => "文件没传上去，或地址写错了：组件的几个文件和发布目录要整个上传",
                    _ => "请看服务器的日志",
                };
                self.problem(
                    "file",
                    format!("{what}（{}）：服务器回答 {}", address.text(), got.status),
                    hint,
                );
                None
            }
            Err(error) => {
                self.problem("file", format!("{what}：{error}"), "检查服务器和网络");
                None
            }
        }
    }

    fn problem(&mut self, id: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Weight::Problem, id, message.into(), hint.into());
    }

    fn note(&mut self, id: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Weight::Note, id, message.into(), hint.into());
    }

    fn add(&mut self, weight: Weight, id: &'static str, message: String, hint: String) {
        let finding = Finding { weight, id, message, hint };
        // Several tags of a page share most of what there is to say.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn page(&mut self, got: &Got, today: Date) {
        if got.status != 200 {
            return self.problem("page", format!("网页没打开：服务器回答 {}", got.status), "检查网址");
        }
        // Attributes are ASCII in every encoding that pages have.
        let body = got.content();
        let html = Html::parse_document(&String::from_utf8_lossy(&body));
        let all = |css: &str| -> Vec<Vec<(String, String)>> {
            // Written here, not typed by anybody.
            let Ok(selector) = Selector::parse(css) else { return Vec::new() };
            let attributes = |e: scraper::ElementRef<'_>| {
                e.value().attrs().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
            };
            html.select(&selector).map(attributes).collect()
        };
        let value = |attributes: &[(String, String)], name: &str| {
            attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
        };
        let base = all("base[href]").first().and_then(|b| self.page.join(&value(b, "href")?));
        let base = base.unwrap_or_else(|| self.page.clone());
        let tags = all("huiqi-match");
        if tags.is_empty() {
            return self.problem(
                "tag",
                "网页里没有 <huiqi-match>",
                "运行 huiqi embed，把标签贴进网页；内容管理系统删标签的，改用框架",
            );
        }
        let mut policies: Vec<String> = Vec::new();
        policies.extend(
            got.headers.iter().filter(|(n, _)| n == "content-security-policy").map(|(_, v)| v.clone()),
        );
        for meta in all("meta[http-equiv]") {
            let kind = value(&meta, "http-equiv").unwrap_or_default();
            if kind.eq_ignore_ascii_case("content-security-policy") {
                policies.extend(value(&meta, "content"));
            }
        }
        let mut loaders: Vec<(Address, Got)> = Vec::new();
        let mut strangers: BTreeSet<String> = BTreeSet::new();
        for script in all("script[src]") {
            let Some(address) = value(&script, "src").and_then(|src| base.join(&src)) else { continue };
            let named = address.path.rsplit('/').next().is_some_and(|name| name.contains("loader"));
            let got = if named { self.get(&address).ok() } else { None };
            let is_loader = got.as_ref().is_some_and(|g| {
                let body = g.content();
                g.status != 200 || contains(&body, b"huiqi-match")
            });
            let Some(got) = got.filter(|_| is_loader) else {
                if address.origin != self.page.origin {
                    strangers.insert(address.origin.clone());
                }
                continue;
            };
            self.names(&base, value(&script, "data-extension"), value(&script, "data-map"));
            self.loader(&address, &got, value(&script, "integrity"), value(&script, "crossorigin").is_some());
            self.policy(&policies, "script-src", &address, "组件脚本");
            loaders.push((address, got));
        }
        if loaders.is_empty() {
            self.problem(
                "loader",
                "有 <huiqi-match>，没有组件的脚本 loader.js",
                "把 huiqi embed 印出来的 <script> 也贴上",
            );
        }
        if loaders.windows(2).any(|pair| pair[0].1.body != pair[1].1.body) {
            let list: Vec<String> = loaders.iter().map(|(address, _)| address.text()).collect();
            self.problem(
                "versions",
                format!("一页里有两个版本的组件：{}", list.join("、")),
                "只留一个 <script>",
            );
        }
        if !strangers.is_empty() {
            let list: Vec<&str> = strangers.iter().map(String::as_str).collect();
            self.note(
                "third-party",
                format!("网页里有别家的脚本：{}", list.join("、")),
                "别家的脚本看得到按键。改用框架（huiqi embed --part 框架），组件放在自己的另一个域名下",
            );
        }
        self.keyword(&policies);
        for tag in &tags {
            if let Some((loader, _)) = loaders.first() {
                self.policy(&policies, "connect-src", loader, "组件目录");
            }
            let src = value(tag, "src").unwrap_or_else(|| "data/".to_owned());
            let keys = value(tag, "publisher-key").unwrap_or_default();
            let mut keys = keys.split_whitespace();
            for src in src.split_whitespace() {
                let key = keys.next().filter(|key| *key != "-");
                let Some(data) = base.join(&format!("{}/", src.trim_end_matches('/'))) else {
                    self.problem("src", format!("src=“{src}”不是 http 或 https 地址"), "写发布目录的地址");
                    continue;
                };
                self.mixed(&data, "发布目录");
                self.policy(&policies, "connect-src", &data, "发布目录");
                self.data(&data, key, today);
            }
        }
    }

    /// WebAssembly must be allowed by every policy of the page.
    fn keyword(&mut self, policies: &[String]) {
        for policy in policies {
            let Some(sources) = sources(policy, "script-src") else { continue };
            if !sources.iter().any(|s| matches!(s.as_str(), "'wasm-unsafe-eval'" | "'unsafe-eval'")) {
                self.problem(
                    "csp-wasm",
                    "内容安全策略（CSP）的 script-src 里没有 'wasm-unsafe-eval'，组件不能运行",
                    "在 script-src 里加上 'wasm-unsafe-eval'；整行见 huiqi embed --part 策略",
                );
            } else if !sources.iter().any(|s| s == "'unsafe-eval'") {
                self.note(
                    "csp-floor",
                    "有这样的策略，组件要 Chromium 97 以上才能运行；更早的浏览器看到备用清单",
                    "不用改",
                );
            }
        }
    }

    fn policy(&mut self, policies: &[String], directive: &str, address: &Address, what: &str) {
        for policy in policies {
            let Some(sources) = sources(policy, directive) else { continue };
            if !sources.iter().any(|source| allows(source, address, &self.page)) {
                self.problem(
                    "csp-host",
                    format!("内容安全策略（CSP）的 {directive} 不允许{what}（{}）", address.origin),
                    format!(
                        "在 {directive} 里加上 {}",
                        if address.origin == self.page.origin { "'self'" } else { &address.origin }
                    ),
                );
            }
        }
    }

    fn mixed(&mut self, address: &Address, what: &str) {
        if self.page.origin.starts_with("https:") && address.origin.starts_with("http:") {
            self.problem(
                "mixed",
                format!("网页是 https，{what}是 http（{}），浏览器会拦下", address.text()),
                "都用 https，或写相对地址",
            );
        }
    }

    fn cors(&mut self, address: &Address, got: &Got, what: &str) {
        let allowed = got.header("access-control-allow-origin").unwrap_or_default();
        if address.origin != self.page.origin && allowed != "*" && allowed != self.page.origin {
            self.problem(
                "cors",
                format!("{what}在另一个域名（{}），没有允许网页读取", address.origin),
                "在那边的服务器加上响应头 Access-Control-Allow-Origin: *，见 huiqi embed 的服务器设置",
            );
        }
    }

    fn loader(&mut self, address: &Address, got: &Got, integrity: Option<String>, anonymous: bool) {
        self.mixed(address, "组件脚本");
        if got.status != 200 {
            return self.problem(
                "file",
                format!("组件脚本（{}）：服务器回答 {}", address.text(), got.status),
                "文件没传上去，或地址写错了",
            );
        }
        let script = got.decoded().unwrap_or_default();
        if let Some(integrity) = integrity {
            if !matches(&integrity, &script) {
                self.problem(
                    "integrity",
                    "标签里的 integrity 和 loader.js 对不上，浏览器不会运行它",
                    "重新运行 huiqi embed，换上新的标签；没有换过组件的话，文件可能被改动了",
                );
            }
            if address.origin != self.page.origin && !anonymous {
                self.problem(
                    "crossorigin",
                    "脚本在另一个域名，标签里没有 crossorigin=\"anonymous\"",
                    "照 huiqi embed 印的写",
                );
            }
        }
        self.cors(address, got, "组件");
        // The loader names what it was built with; `app.js`, which stands first, names what is fetched later.
        let mut text = String::from_utf8_lossy(&script).into_owned();
        for name in WIDGET.iter().filter(|name| !["loader.js", "frame.js"].contains(name)) {
            let Some(file) = self.names.at(address, name) else { continue };
            let Some(got) = self.file(&file, name) else { continue };
            self.encoding(&got, name, false);
            let bytes = got.decoded().unwrap_or_default();
            if name == &"app.js" {
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
            if !text.contains(&format!(
                "sha256-{}",
                base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&bytes))
            )) {
                self.problem(
                    "build",
                    format!("{name} 和 loader.js 不是同一次生成的，浏览器不会运行"),
                    "组件的几个文件要一起上传；缓存里有旧文件的，清一下缓存",
                );
            }
        }
    }

    /// A server that calls compressed files encoded makes browsers open them twice.
    /// `zipped`: whether the file is one that gzip made.
    fn encoding(&mut self, got: &Got, what: &str, zipped: bool) {
        let declared = got.header("content-encoding").is_some_and(|e| e.contains("gzip"));
        let is_zipped = |bytes: &[u8]| bytes.starts_with(&[0x1f, 0x8b]);
        let sound = is_zipped(&got.body) && got.decoded().is_some_and(|bytes| !zipped || is_zipped(&bytes));
        if what.ends_with(".bin") && declared && !sound {
            self.problem(
                "encoding",
                format!("{what} 没有再压缩，服务器却加了 Content-Encoding: gzip，浏览器打不开"),
                "对 .bin 文件去掉这个响应头",
            );
        }
    }

    /// Whether the data is the publisher's whose key stands in the tag.
    fn signature(&mut self, data: &Address, key: Option<&str>, catalog: &[u8]) {
        const AGAIN: &str =
            "用根密钥运行 huiqi key issue，用签名密钥重新 huiqi build；确认标签里的公钥没有写错";
        let Some(key) = key else {
            return self.note(
                "unsigned",
                format!("标签里没有 {} 的公钥，数据在路上或服务器上被换掉也看不出来", data.text()),
                "做密钥、签名、写 publisher-key：见 SECURITY.md",
            );
        };
        let Some(address) = self.names.at(data, KEYS_NAME) else { return };
        let Some(got) = self.file(&address, "发布目录的 keys.txt") else { return };
        self.cors(&address, &got, "发布目录");
        let keys = got.decoded().unwrap_or_default();
        let root = PublicKey::parse(key);
        let checked =
            root.and_then(|root| trust::check(&root, &keys, catalog, Seen::default(), crate::keys::verify));
        if let Err(error) = checked {
            self.problem("signature", format!("网页不会用这里的数据：{error}"), AGAIN);
        }
    }

    /// Takes what the loader's tag says of names.
    fn names(&mut self, base: &Address, extension: Option<String>, map: Option<String>) {
        self.names = Names { extension, map: BTreeMap::new() };
        let Some(address) = map.and_then(|map| base.join(&map)) else { return };
        let Some(got) = self.file(&address, "文件名对照表（data-map）") else { return };
        let Ok(map) = serde_json::from_slice::<BTreeMap<String, String>>(&got.decoded().unwrap_or_default())
        else {
            return self.problem(
                "map",
                format!("文件名对照表（{}）不是“名字: 地址”的 JSON", address.text()),
                "写成 {\"app.js\": \"/upload/1.js\", …}",
            );
        };
        self.names.map = map.into_iter().filter_map(|(name, to)| Some((name, address.join(&to)?))).collect();
    }

    fn data(&mut self, data: &Address, key: Option<&str>, today: Date) {
        let Some(address) = self.names.at(data, CATALOG_NAME) else { return };
        let Some(got) = self.file(&address, "发布目录的 catalog.txt") else { return };
        self.cors(&address, &got, "发布目录");
        let age = got.header("age").and_then(|age| age.parse::<u64>().ok()).unwrap_or(0);
        let kept = got.header("cache-control").and_then(max_age).unwrap_or(0).max(age);
        if kept > CACHE_LIMIT {
            self.problem(
                "cache",
                format!("catalog.txt 会被缓存 {} 分钟，更新了别人也看不到", kept / 60),
                "对 catalog.txt 设 Cache-Control: no-cache，见 huiqi embed 的服务器设置；代理和 CDN 也要设",
            );
        }
        let bytes = got.decoded().unwrap_or_default();
        self.signature(data, key, &bytes);
        let catalog = match Catalog::parse(&bytes) {
            Ok(catalog) => catalog,
            Err(error) => {
                return self.problem("catalog", error.to_string(), "地址可能写错了，或重新运行 huiqi build");
            }
        };
        if today > catalog.expires {
            self.problem(
                "expired",
                format!("政策数据过了有效期（{}），网页上不再显示合计", catalog.expires.chinese()),
                "重新运行 huiqi build 再上传",
            );
        } else if today.days() - catalog.published.days() > OLD {
            let days = today.days() - catalog.published.days();
            self.note("old", format!("政策数据 {days} 天没有更新了"), "重新运行 huiqi build 再上传");
        }
        let names = catalog.areas.iter().flat_map(|(_, table, search)| [table, search]);
        let names: Vec<&String> = names.chain([&catalog.catalogue, &catalog.regions]).collect();
        for name in names {
            let file = format!("{name}.{PART_EXTENSION}");
            let Some(address) = self.names.at(data, &file) else { continue };
            let Some(got) = self.file(&address, "数据文件") else { continue };
            let before = self.findings.len();
            self.encoding(&got, &format!("{name}.bin"), true);
            if before != self.findings.len() {
                continue;
            }
            let bytes = got.decoded().unwrap_or_default();
            if let Err(error) = bundle::verify_part(name, &bytes) {
                self.problem("part", error.to_string(), "重新上传发布目录；经过代理的，看它有没有改内容");
                continue;
            }
            let mut raw = Vec::new();
            let opened = flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut raw).is_ok();
            // HQ, the kind, the version as a digit.
            let version = raw.get(3).filter(|_| opened && raw.starts_with(b"HQ"));
            let version = version.map(|digit| digit.wrapping_sub(b'0'));
            if version.is_some_and(|version| version != PART_VERSION) {
                let version = version.unwrap_or_default();
                self.note(
                    "version",
                    format!("数据是第 {version} 版格式，这个程序写第 {PART_VERSION} 版：网站上的组件或数据该换新的了"),
                    "组件和数据用同一版程序生成，一起上传",
                );
            }
        }
    }
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

/// Whether one of the hashes in an `integrity` attribute is that of these bytes.
fn matches(integrity: &str, bytes: &[u8]) -> bool {
    let encode = |hash: &[u8]| base64::engine::general_purpose::STANDARD.encode(hash);
    integrity.split_whitespace().any(|one| match one.split_once('-') {
        Some(("sha256", hash)) => hash == encode(&Sha256::digest(bytes)),
        Some(("sha384", hash)) => hash == encode(&Sha384::digest(bytes)),
        Some(("sha512", hash)) => hash == encode(&Sha512::digest(bytes)),
        _ => false,
    })
}

/// The sources of a directive of a policy, of `default-src` where it has none; `None` where nothing is said.
fn sources(policy: &str, directive: &str) -> Option<Vec<String>> {
    let find = |name: &str| {
        policy.split(';').find_map(|part| {
            let mut words = part.split_whitespace();
            let same = words.next()?.eq_ignore_ascii_case(name);
            same.then(|| words.map(str::to_ascii_lowercase).collect())
        })
    };
    find(directive).or_else(|| find("default-src"))
}

/// Whether a source of a policy allows an address (CSP 3, 6.7.2, without paths).
fn allows(source: &str, address: &Address, page: &Address) -> bool {
    let (scheme, host) = address.origin.split_once("://").unwrap_or_default();
    match source {
        "*" => true,
        "'self'" => address.origin == page.origin,
        "https:" | "http:" => source.strip_suffix(':') == Some(scheme) || source == "http:",
        _ => {
            let (wanted, rest) = source.split_once("://").map_or((None, source), |(s, r)| (Some(s), r));
            let rest = rest.split('/').next().unwrap_or_default();
            let same_host = match rest.strip_prefix("*.") {
                Some(domain) => host.ends_with(&format!(".{domain}")),
                None => host == rest,
            };
            same_host && wanted.is_none_or(|wanted| wanted == scheme || wanted == "http")
        }
    }
}

/// How long a shared cache may keep an answer, in seconds.
fn max_age(header: &str) -> Option<u64> {
    let lower = header.to_ascii_lowercase();
    if lower.contains("no-cache") || lower.contains("no-store") {
        return None;
    }
    let of =
        |name: &str| lower.split(',').find_map(|part| part.trim().strip_prefix(name)?.trim().parse().ok());
    of("s-maxage=").or_else(|| of("max-age="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved() {
        let page = Address::parse("https://a.gov.cn/zc/x/index.html?y").unwrap();
        for (reference, expected) in [
            ("data/", "https://a.gov.cn/zc/x/data/"),
            ("../data/", "https://a.gov.cn/zc/data/"),
            ("../../../data/", "https://a.gov.cn/data/"),
            ("/w/loader.js?v=1", "https://a.gov.cn/w/loader.js"),
            ("./a/./b.js", "https://a.gov.cn/zc/x/a/b.js"),
            ("//b.gov.cn/w.js", "https://b.gov.cn/w.js"),
            ("http://b.gov.cn:8080/w.js", "http://b.gov.cn:8080/w.js"),
            ("", "https://a.gov.cn/zc/x/index.html"),
        ] {
            assert_eq!(page.join(reference).map(|a| a.text()).as_deref(), Some(expected), "{reference}");
        }
        assert_eq!(page.join("javascript:alert(1)"), None);
        assert_eq!(Address::parse("ftp://a/b"), None);
        assert_eq!(Address::parse("a.gov.cn"), None);
    }

    #[test]
    fn policies_are_read() {
        let page = Address::parse("https://a.gov.cn/").unwrap();
        let other = Address::parse("https://w.b.gov.cn/x").unwrap();
        for (source, own, foreign) in [
            ("'self'", true, false),
            ("*", true, true),
            ("https:", true, true),
            ("https://w.b.gov.cn", false, true),
            ("*.b.gov.cn", false, true),
            ("b.gov.cn", false, false),
            ("http://a.gov.cn", true, false),
            ("'none'", false, false),
        ] {
            assert_eq!(
                (allows(source, &page, &page), allows(source, &other, &page)),
                (own, foreign),
                "{source}"
            );
        }
        let policy = "default-src 'none'; Script-Src 'self' 'wasm-unsafe-eval'";
        assert_eq!(sources(policy, "script-src").unwrap(), ["'self'", "'wasm-unsafe-eval'"]);
        assert_eq!(sources(policy, "connect-src").unwrap(), ["'none'"]);
        assert_eq!(sources("img-src *", "script-src"), None);
    }

    #[test]
    fn ages_and_hashes() {
        for (header, expected) in [
            ("max-age=86400", Some(86_400)),
            ("public, max-age=60, s-maxage=7200", Some(7_200)),
            ("no-cache, max-age=86400", None),
            ("private", None),
        ] {
            assert_eq!(max_age(header), expected, "{header}");
        }
        assert!(matches("sha256-x sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", b"abc"));
        assert!(!matches("sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", b"abd"));
        let mut doctor = Doctor {
            agent: ureq::agent(),
            page: Address::parse("https://a.gov.cn/").unwrap(),
            names: Names::default(),
            findings: Vec::new(),
        };
        doctor.mixed(&Address::parse("http://a.gov.cn/data/").unwrap(), "发布目录");
        assert_eq!(doctor.findings[0].id, "mixed");
    }
}
