//! What a webmaster pastes: the tag with its fallback list, the policy line, settings of the server. Made from what was
//! really published, so that hashes and addresses fit.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use huiqi_engine::bundle::{self, CATALOG_NAME, Catalog, Table};
use huiqi_engine::catalogue::{Code, Nesting};
use huiqi_engine::date::Date;
use huiqi_engine::measure::{Audience, Window};
use huiqi_engine::trust::{KEYS_NAME, PublicKey};
use sha2::{Digest as _, Sha256};

use crate::diagnostic::io_words;
use crate::parts;

/// What the widget consists of.
pub const WIDGET: [&str; 8] =
    ["loader.js", "app.js", "app.bin", "pages.bin", "search.bin", "trust.bin", "en.bin", "frame.js"];

/// Parts of the answer with what they are for.
pub const PARTS: [(Part, &str, &str); 9] = [
    (Part::Tag, "标签", "贴进网页（推荐：固定版本，文件被改动就不运行）"),
    (Part::Follow, "跟随", "或者贴这个（跟随更新：换了新版组件不用改网页）"),
    (Part::Policy, "策略", "网页有内容安全策略（CSP）的，响应头写成这样，或在原有的里面补上缺的词"),
    (Part::Nginx, "nginx", "nginx 的设置，写在 server { } 里，别的 location 前面"),
    (Part::Apache, "apache", "Apache 的设置，写在发布目录的 .htaccess 里"),
    (Part::Iis, "iis", "IIS 的设置，写在发布目录的 web.config 里"),
    (
        Part::Iframe,
        "框架",
        "本页有第三方脚本（统计、客服）的，改用框架：把组件放在自己的另一个域名下，别的脚本看不到企业填的信息",
    ),
    (
        Part::Frame,
        "框架页",
        "框架里的网页，存成 embed.html，和组件放在同一个域名下，响应头加 Referrer-Policy: no-referrer",
    ),
    (Part::Page, "网页", "不能运行脚本的网站：整页都是静态的清单"),
];

/// One part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The tag, pinned to what was built.
    Tag,
    /// The tag without a hash.
    Follow,
    /// The header.
    Policy,
    /// Settings of nginx.
    Nginx,
    /// Settings of Apache.
    Apache,
    /// Settings of IIS.
    Iis,
    /// The frame in the page around.
    Iframe,
    /// The framed page.
    Frame,
    /// A page without scripts.
    Page,
}

/// Where things lie.
#[derive(Debug, Clone)]
pub struct Places<'a> {
    /// Folder with the bundle.
    pub data: &'a Path,
    /// Folder with the widget.
    pub widget: &'a Path,
    /// Address of the bundle as the page sees it.
    pub data_url: &'a str,
    /// Address of the widget as the page sees it.
    pub widget_url: &'a str,
}

/// What the webmaster asked for.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Region of the site: its seat is chosen beforehand, and the list has what holds there.
    pub region: Option<Code>,
    /// Public key of the publisher's root, for the tag.
    pub key: Option<PublicKey>,
    /// Lines of the fallback list.
    pub limit: usize,
    /// What `.bin` and `.txt` are called on a host that takes neither, see [`pack`](crate::pack).
    pub extension: Option<String>,
}

/// One line of the list.
#[derive(Debug)]
struct Listed {
    name: String,
    summary: String,
    source: String,
    issuer: String,
}

/// What is needed to answer.
#[derive(Debug)]
pub struct Embed {
    listed: Vec<Listed>,
    publisher: String,
    published: Date,
    /// `integrity` of the loader.
    integrity: String,
    data_url: String,
    widget_url: String,
    wishes: Wishes,
}

impl Embed {
    /// Reads what was published.
    ///
    /// # Errors
    /// When a folder holds no bundle or no widget, or an address is none.
    pub fn read(places: &Places<'_>, wishes: Wishes) -> anyhow::Result<Self> {
        let catalog = places.data.join(CATALOG_NAME);
        let read = |path: &Path, hint: &str| {
            std::fs::read(path)
                .map_err(|e| anyhow::anyhow!("读不到 {}：{}；{hint}", path.display(), io_words(&e)))
        };
        let catalog = Catalog::parse(&read(&catalog, "先运行 huiqi build，--data 写它的 --out 目录")?)?;
        let script = read(&places.widget.join("loader.js"), "--widget 写组件所在的目录")?;
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&script));
        Ok(Self {
            listed: listed(&catalog, places.data, wishes.region)?,
            publisher: catalog.publisher,
            published: catalog.published,
            integrity: format!("sha256-{hash}"),
            data_url: address(places.data_url)?,
            widget_url: address(places.widget_url)?,
            wishes,
        })
    }

    /// One part.
    pub fn part(&self, part: Part) -> String {
        match part {
            Part::Tag => self.tag(true, 2),
            Part::Follow => self.tag(false, 2),
            Part::Policy => self.policy(),
            Part::Nginx => self.nginx(),
            Part::Apache => self.apache(),
            Part::Iis => self.iis(),
            Part::Iframe => self.iframe(),
            Part::Frame => self.frame(),
            Part::Page => self.page(),
        }
    }

    /// `level`: of the heading, which is the first one only where the page is ours.
    fn tag(&self, pinned: bool, level: u8) -> String {
        let region = self.wishes.region.map(|code| format!(" region=\"{}\"", code.region_text()));
        let region = region.unwrap_or_default();
        let extension = self.wishes.extension.as_ref();
        let extension = extension.map(|e| format!(" data-extension=\"{e}\"")).unwrap_or_default();
        let key = self.wishes.key.as_ref().map(|key| format!(" publisher-key=\"{key}\"")).unwrap_or_default();
        // Without `crossorigin`, a browser cannot check what comes from another host.
        let pinned = if pinned {
            format!(" integrity=\"{}\" crossorigin=\"anonymous\"", self.integrity)
        } else {
            String::new()
        };
        format!(
            "<huiqi-match src=\"{}\"{region}{key}>\n  <script src=\"{}loader.js\"{pinned}{extension} async></script>\n{}</huiqi-match>\n",
            escape(&self.data_url),
            escape(&self.widget_url),
            self.list(self.wishes.limit, level, "  ")
        )
    }

    /// The list as it stands in the tag and on the static page.
    fn list(&self, limit: usize, level: u8, indent: &str) -> String {
        let mut out = format!("{indent}<h{level}>惠企政策清单</h{level}>\n{indent}<ul>\n");
        for row in self.listed.iter().take(limit) {
            let name = escape(&row.name);
            // The folder may hold what somebody else published: an address that runs a script is no link.
            let is_web = ["https://", "http://"].iter().any(|scheme| row.source.starts_with(scheme));
            let name = if !is_web { name } else { format!("<a href=\"{}\">{name}</a>", escape(&row.source)) };
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "{indent}  <li>{name}：{}（{}）</li>",
                escape(&row.summary),
                escape(&row.issuer)
            );
        }
        let _ = writeln!(out, "{indent}</ul>");
        if self.listed.len() > limit {
            let _ =
                writeln!(out, "{indent}<p>共 {} 项，这里列出最近发布的 {limit} 项。</p>", self.listed.len());
        }
        out
    }

    /// Hosts that the page fetches from, besides its own.
    fn hosts(&self) -> Vec<String> {
        let mut hosts = vec!["'self'".to_owned()];
        for url in [&self.widget_url, &self.data_url] {
            if let Some(host) = origin(url)
                && !hosts.contains(&host)
            {
                hosts.push(host);
            }
        }
        hosts
    }

    fn policy(&self) -> String {
        let hosts = self.hosts().join(" ");
        format!(
            "Content-Security-Policy: default-src 'none'; script-src {hosts} 'wasm-unsafe-eval'; style-src 'self'; \
             connect-src {hosts}; img-src 'self'; require-trusted-types-for 'script'\n"
        )
    }

    /// Whether the page lies on another host, so that browsers want to be told that it may read the files.
    fn is_foreign(&self) -> bool {
        self.hosts().len() > 1
    }

    /// `expires`, not `add_header`: a location with an `add_header` of its own would lose those of the server, and one that
    /// is sent with errors too would have caches keep a 404.
    fn nginx(&self) -> String {
        let (open, set) = if self.is_foreign() {
            (
                "# 网页在另一个域名，要允许它读取\nset $huiqi_open \"\";\nadd_header Access-Control-Allow-Origin $huiqi_open always;\n",
                "    set $huiqi_open \"*\";\n",
            )
        } else {
            ("", "")
        };
        let (data, widget) = (pattern(&self.data_url), pattern(&self.widget_url));
        let files = files_pattern();
        format!(
            "{open}# 发布目录：每次都问有没有新的\n\
             location ~ \"{data}(catalog|keys)\\.txt$\" {{\n    charset utf-8;\n    expires -1;\n{set}}}\n\
             # 数据文件：名字就是内容，内容变了名字就变，可以一直存着\n\
             location ~ \"{data}[0-9a-f]{{24}}\\.bin$\" {{\n    default_type application/octet-stream;\n    \
             expires 365d;\n{set}}}\n\
             # 组件\n\
             location ~ \"{widget}({files})$\" {{\n    \
             expires 10m;\n{set}}}\n"
        )
    }

    fn apache(&self) -> String {
        let open = if self.is_foreign() { "Header set Access-Control-Allow-Origin \"*\"\n" } else { "" };
        format!(
            "AddType application/octet-stream .bin\nAddDefaultCharset utf-8\n{open}\
             <FilesMatch \"^(catalog|keys)\\.txt$\">\n  Header set Cache-Control \"no-cache\"\n</FilesMatch>\n\
             <FilesMatch \"^[0-9a-f]{{24}}\\.bin$\">\n  \
             Header set Cache-Control \"public, max-age=31536000, immutable\"\n</FilesMatch>\n\
             <FilesMatch \"^({})$\">\n  \
             Header set Cache-Control \"max-age=600\"\n</FilesMatch>\n",
            files_pattern()
        )
    }

    fn iis(&self) -> String {
        let fresh = |name: &str| {
            format!(
                "  <location path=\"{name}\">\n    <system.webServer>\n      <staticContent>\n        \
                 <clientCache cacheControlMode=\"DisableCache\" />\n      </staticContent>\n    </system.webServer>\n  \
                 </location>\n"
            )
        };
        let open = if self.is_foreign() {
            "    <httpProtocol><customHeaders>\n      \
             <add name=\"Access-Control-Allow-Origin\" value=\"*\" />\n    </customHeaders></httpProtocol>\n"
        } else {
            ""
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<configuration>\n  <system.webServer>\n    <staticContent>\n      \
             <remove fileExtension=\".bin\" />\n      \
             <mimeMap fileExtension=\".bin\" mimeType=\"application/octet-stream\" />\n    </staticContent>\n{open}  \
             </system.webServer>\n{}{}</configuration>\n",
            fresh(CATALOG_NAME),
            fresh(KEYS_NAME)
        )
    }

    /// What only a settings of the framed page may say stays out of its address: `frame.js` takes no more than these.
    fn iframe(&self) -> String {
        let region =
            self.wishes.region.map(|code| format!("?region={}", code.region_text())).unwrap_or_default();
        let widget = escape(&self.widget_url);
        format!(
            "<iframe data-huiqi src=\"{widget}embed.html{region}\" title=\"惠企政策匹配\" loading=\"lazy\" \
             referrerpolicy=\"no-referrer\" width=\"100%\" height=\"900\" frameborder=\"0\"></iframe>\n\
             <script src=\"{widget}frame.js\" async></script>\n"
        )
    }

    fn frame(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<title>惠企政策匹配</title>\n</head>\n<body>\n<main>\n{}</main>\n\
             <script src=\"{}frame.js\"></script>\n</body>\n</html>\n",
            self.tag(true, 1),
            escape(&self.widget_url)
        )
    }

    fn page(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>惠企政策清单</title>\n</head>\n\
             <body>\n<main>\n<h1>{}</h1>\n{}<p>{}发布，以原文为准。</p>\n</main>\n</body>\n</html>\n",
            escape(&self.publisher),
            self.list(usize::MAX, 2, ""),
            self.published.chinese()
        )
    }
}

/// Measures for firms of a region that can still be applied for, newest first.
fn listed(catalog: &Catalog, data: &Path, region: Option<Code>) -> anyhow::Result<Vec<Listed>> {
    let mut all: Vec<(Reverse<Option<Date>>, String, Listed)> = Vec::new();
    for (area, table, _) in &catalog.areas {
        let near = |code: Code| region.is_none_or(|r| code.nesting(r) != Nesting::Apart);
        if !near(*area) {
            continue;
        }
        let table = Table::decode(&parts::read(data, table)?)?;
        let mut cards = Vec::new();
        for name in &table.cards {
            cards.extend(bundle::decode_cards(&parts::read(data, name)?)?);
        }
        let mut details = Vec::new();
        for name in &table.details {
            details.extend(bundle::decode_details(&parts::read(data, name)?)?);
        }
        for ((measure, card), detail) in table.measures.into_iter().zip(cards).zip(details) {
            let window = measure.schedule.window(catalog.published);
            let over = matches!(window, Window::Closed | Window::Expired | Window::Replaced);
            if over || measure.audience != Audience::Firm || !measure.regions.iter().any(|c| near(*c)) {
                continue;
            }
            let row = Listed {
                name: measure.name,
                summary: card.summary,
                source: detail.source,
                issuer: measure.issuer,
            };
            all.push((Reverse(detail.issued), measure.id, row));
        }
    }
    all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    Ok(all.into_iter().map(|(_, _, row)| row).collect())
}

/// The files of the widget as a regular expression of nginx and Apache.
fn files_pattern() -> String {
    WIDGET.join("|").replace('.', "\\.")
}

/// A relative address, or one of http and https; with a slash at its end.
fn address(url: &str) -> anyhow::Result<String> {
    let lower = url.to_ascii_lowercase();
    let has_scheme = lower.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':'));
    let fine = !has_scheme || lower.starts_with("https://") || lower.starts_with("http://");
    if !fine || url.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'<>?#".contains(c)) {
        anyhow::bail!("地址“{url}”不对：写 huiqi/data/ 这样的相对地址，或 https:// 开头的完整地址");
    }
    Ok(if url.ends_with('/') || url.is_empty() { url.to_owned() } else { format!("{url}/") })
}

/// Scheme and host of a full address.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next().filter(|host| !host.is_empty())?;
    Some(format!("{scheme}://{host}"))
}

/// A regular expression of nginx for the beginning of the paths below an address. Where the address counts from a page,
/// whose own path is not known, only the end of the folder is.
fn pattern(url: &str) -> String {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    };
    let mut out = String::from(if path.starts_with('/') { "^/" } else { "/" });
    for segment in path.split_inclusive('/').filter(|s| !matches!(*s, "/" | "./" | "../")) {
        for c in segment.chars() {
            if "\\.+*?()|[]{}^$".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// Text as it stands in HTML, attributes included.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_hosts() {
        for (url, expected, host) in [
            ("data", "data/", None),
            ("/huiqi/data/", "/huiqi/data/", None),
            ("", "", None),
            (
                "https://zc.example.gov.cn/data",
                "https://zc.example.gov.cn/data/",
                Some("https://zc.example.gov.cn"),
            ),
            ("http://10.0.0.8:8080", "http://10.0.0.8:8080/", Some("http://10.0.0.8:8080")),
        ] {
            let found = address(url).unwrap();
            assert_eq!(found, expected);
            assert_eq!(origin(&found).as_deref(), host);
        }
        for (url, expected) in [
            ("data/", "/data/"),
            ("../../w.1/", "/w\\.1/"),
            ("", "/"),
            ("/", "^/"),
            ("/huiqi/data/", "^/huiqi/data/"),
            ("https://zc.example.gov.cn/data/", "^/data/"),
            ("https://zc.example.gov.cn/", "^/"),
        ] {
            assert_eq!(pattern(url), expected, "{url}");
        }
        for url in ["javascript:alert(1)", "data:text/html,x", "a\"b", "a b", "x?y", "file:///etc"] {
            assert!(address(url).is_err(), "{url}");
        }
        assert_eq!(escape("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
    }
}
