//! `huiqi doctor` finds what is planted, and is silent on a good page.

use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use huiqi_tests::publisher::{Publisher, write_page};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::{command, demo_dir, files_below};
use serde_json::Value;

const AS_OF: &str = "2026-11-22";

/// Names of what is found, problems and notes.
fn found(url: &str, as_of: &str) -> Result<Vec<String>> {
    let output = command(&["doctor", url, "--json", "--as-of", as_of])?;
    ensure!(output.code < 2, "huiqi doctor: {}", output.talk);
    let row = |line: &str| -> Result<(bool, String)> {
        let row: Value = serde_json::from_str(line)?;
        let of = |key: &str| row[key].as_str().map(str::to_owned).with_context(|| key.to_owned());
        ensure!(!of("message")?.is_empty() && !of("hint")?.is_empty(), "{line}");
        Ok((of("weight")? == "问题", of("id")?))
    };
    let rows = output.data.lines().map(row).collect::<Result<Vec<_>>>()?;
    ensure!(
        rows.iter().any(|(problem, _)| *problem) == (output.code == 1),
        "{}: {}",
        output.code,
        output.data
    );
    Ok(rows.into_iter().map(|(_, id)| id).collect())
}

fn page(text: &str) -> Vec<u8> {
    format!("<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>x</title>{text}").into_bytes()
}

const TAG: &str = "<huiqi-match src=\"data/\"><script src=\"widget/loader.js\" async></script></huiqi-match>";

#[test]
fn a_good_page_is_good() -> Result<()> {
    let (_dir, publisher) = signed()?;
    let server = Server::start(publisher.dir.join("site"))?;
    let nothing = found(&server.url("/"), AS_OF)?;
    ensure!(nothing.is_empty(), "{nothing:?}");
    // Data that nobody signed is worth a word, and nothing else is.
    let server = Server::start(demo_dir()?)?;
    for path in ["/", "/examples/themed/", "/examples/several/"] {
        let found = found(&server.url(path), AS_OF)?;
        ensure!(found == ["unsigned"], "{path}: {found:?}");
    }
    // The header as it is printed is enough, and what it costs is said.
    let strict = found(&server.url("/examples/strict-csp/"), AS_OF)?;
    ensure!(strict == ["csp-floor", "unsigned"], "{strict:?}");
    Ok(())
}

/// A publisher that signs, and a page that names its key.
fn signed() -> Result<(tempfile::TempDir, Publisher)> {
    let dir = tempfile::tempdir()?;
    let publisher = Publisher::new(dir.path().to_owned(), "sjz", "河北省石家庄市", "石门")?;
    let signer = publisher.new_key("sign.key")?;
    publisher.issue(&["--add", &signer, "--regions", "130100"])?;
    publisher.publish(0, "sign.key")?;
    let tag = format!("src=\"data/\" publisher-key=\"{}\"", publisher.root);
    write_page(&dir.path().join("site"), &tag)?;
    Ok((dir, publisher))
}

/// Signatures as a page checks them.
#[test]
fn signatures_are_checked() -> Result<()> {
    let (_dir, publisher) = signed()?;
    let site = publisher.dir.join("site");
    let server = Server::start(&site)?;
    let catalog = std::fs::read_to_string(publisher.data().join("catalog.txt"))?;
    for bad in [
        catalog.replace("publisher 示例", "publisher 假冒"),
        catalog.split("signature ").next().context("a body")?.to_owned(),
    ] {
        server.set_fault("/data/catalog.txt", Fault::Replace(bad.into_bytes()));
        let found = found(&server.url("/"), AS_OF)?;
        ensure!(found == ["signature"], "{found:?}");
    }
    server.clear_faults();
    let other = publisher.new_key("other.key")?;
    write_page(&site, &format!("src=\"data/\" publisher-key=\"{other}\""))?;
    ensure!(found(&server.url("/"), AS_OF)? == ["signature"], "another key");
    server.set_fault("/data/keys.txt", Fault::NotFound);
    ensure!(found(&server.url("/"), AS_OF)? == ["file"], "no keys");
    Ok(())
}

/// A folder of `huiqi pack`, and a map of names: the same files, and the same faults in them.
#[test]
fn other_names_are_followed() -> Result<()> {
    let (dir, publisher) = signed()?;
    let out = dir.path().join("packed");
    let (data, widget) = (publisher.path("site/data"), publisher.path("site/widget"));
    let to = out.display().to_string();
    let output = command(&[
        "pack",
        "--data",
        &data,
        "--widget",
        &widget,
        "--out",
        &to,
        "--publisher-key",
        &publisher.root,
    ])?;
    ensure!(output.code == 0, "huiqi pack: {}", output.talk);
    let server = Server::start(&out)?;
    ensure!(found(&server.url("/embed.html"), AS_OF)?.is_empty(), "a packed folder");
    server.set_fault("/search.json", Fault::Status(403));
    ensure!(found(&server.url("/embed.html"), AS_OF)? == ["file"], "a file that is not let through");
    let html = std::fs::read_to_string(out.join("embed.html"))?;
    let mapped = html.replace("data-extension=\"json\"", "data-extension=\"json\" data-map=\"map.json\"");
    ensure!(mapped != html, "{html}");
    server.clear_faults();
    server.set_fault("/embed.html", Fault::Replace(mapped.into_bytes()));
    ensure!(found(&server.url("/embed.html"), AS_OF)? == ["file"], "a map that is missing");
    server.set_fault("/map.json", Fault::Replace(b"[1]".to_vec()));
    ensure!(found(&server.url("/embed.html"), AS_OF)? == ["map"], "a map that is none");
    std::fs::rename(out.join("app.json"), out.join("1.json"))?;
    server.set_fault("/map.json", Fault::Replace(b"{\"app.json\": \"1.json\"}".to_vec()));
    ensure!(found(&server.url("/embed.html"), AS_OF)?.is_empty(), "a file by its other name");
    Ok(())
}

#[test]
fn planted_faults_are_found() -> Result<()> {
    let site = demo_dir()?;
    let read = |name: &str| -> Result<Vec<u8>> { Ok(std::fs::read(site.join(name))?) };
    let catalog = String::from_utf8(read("data/catalog.txt")?)?;
    let table =
        catalog.lines().find_map(|l| l.strip_prefix("area ")?.split(' ').nth(1)).context("a table")?;
    let table = format!("/data/{table}.bin");
    let other = Server::start(&site)?;
    let foreign = TAG.replace("data/", &other.url("/data/")).replace("widget/", &other.url("/widget/"));
    let altered = |mut bytes: Vec<u8>| {
        bytes.extend(b"\n//");
        bytes
    };
    let pinned =
        TAG.replace("async", "integrity=\"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\" async");
    let html = |text: &str| ("/index.html", Fault::Replace(page(text)));
    let csp = |policy: &str| {
        html(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">{TAG}"))
    };
    let two = format!("{TAG}<script src=\"old/loader.js\"></script>");
    let past = catalog.replace("expires 20", "expires 19");
    ensure!(past != catalog, "the catalog has no term");
    for (expected, faults) in [
        ("page", vec![("/index.html", Fault::NotFound)]),
        ("tag", vec![html("<p>正文</p>")]),
        ("loader", vec![html("<huiqi-match src=\"data/\"></huiqi-match>")]),
        ("csp-wasm", vec![csp("script-src 'self'; connect-src 'self'")]),
        ("csp-host", vec![csp("script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'")]),
        (
            "third-party",
            vec![html(&format!("<script src=\"https://tongji.example.com/h.js\"></script>{TAG}"))],
        ),
        ("integrity", vec![html(&pinned)]),
        (
            "versions",
            vec![html(&two), ("/old/loader.js", Fault::Replace(altered(read("widget/loader.js")?)))],
        ),
        ("file", vec![("/widget/app.bin", Fault::Status(403))]),
        ("build", vec![("/widget/search.bin", Fault::Replace(altered(read("widget/search.bin")?)))]),
        ("file", vec![("/data/catalog.txt", Fault::NotFound)]),
        (
            "catalog",
            vec![("/data/catalog.txt", Fault::Replace(b"<!doctype html><title>404</title>".to_vec()))],
        ),
        ("expired", vec![("/data/catalog.txt", Fault::Replace(past.into_bytes()))]),
        ("part", vec![(&table, Fault::Replace(altered(read(table.trim_start_matches('/'))?)))]),
        ("cors", vec![html(&foreign)]),
        ("src", vec![html(&TAG.replace("data/", "javascript:alert(1)"))]),
    ] {
        let server = Server::start(&site)?;
        for (path, fault) in faults {
            server.set_fault(path, fault);
        }
        let found = found(&server.url("/index.html"), AS_OF)?;
        ensure!(found.iter().any(|id| id == expected), "{expected} is not found: {found:?}");
    }
    // What lies in headers and days.
    let server = Server::start(&site)?;
    server.set_header("Cache-Control", "max-age=86400");
    ensure!(found(&server.url("/"), AS_OF)?.contains(&"cache".to_owned()), "the cache");
    let server = Server::start(&site)?;
    server.set_header("Content-Encoding", "gzip");
    ensure!(found(&server.url("/"), AS_OF)?.contains(&"encoding".to_owned()), "the encoding");
    // A server that really compresses what it sends is fine.
    let server = Server::start(&site)?;
    let zip = |bytes: &[u8]| -> Result<Vec<u8>> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes)?;
        Ok(out.finish()?)
    };
    for file in files_below(&site)? {
        let path = format!("/{}", file.strip_prefix(&site)?.display());
        server.set_fault(&path, Fault::Replace(zip(&std::fs::read(&file)?)?));
    }
    server.set_header("Content-Encoding", "gzip");
    let nothing = found(&server.url("/examples/themed/index.html"), AS_OF)?;
    ensure!(nothing == ["unsigned"], "{nothing:?}");
    let server = Server::start(&site)?;
    let later = found(&server.url("/"), "2026-12-15")?;
    ensure!(later == ["unsigned", "old"], "{later:?}");
    Ok(())
}

#[test]
fn bad_addresses_are_named() -> Result<()> {
    for (url, expected) in [
        ("zc.example.gov.cn", "写 http:// 或 https:// 开头的完整网址"),
        ("ftp://a/", "写 http:// 或 https:// 开头的完整网址"),
        ("http://127.0.0.1:9/", "没有回答"),
    ] {
        let output = command(&["doctor", url])?;
        ensure!(output.code == 2 && output.talk.contains(expected), "{url}: {} {}", output.code, output.talk);
    }
    Ok(())
}
