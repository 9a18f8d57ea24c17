//! `huiqi doctor` finds what is planted, and is silent on a good page.

use anyhow::{Context as _, Result, ensure};
use huiqi_tests::server::{Fault, Server};
use huiqi_tests::{command, demo_dir};
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
    let server = Server::start(demo_dir()?)?;
    for path in ["/", "/examples/themed/", "/examples/several/"] {
        let found = found(&server.url(path), AS_OF)?;
        ensure!(found.is_empty(), "{path}: {found:?}");
    }
    // The header as it is printed is enough, and what it costs is said.
    let strict = found(&server.url("/examples/strict-csp/"), AS_OF)?;
    ensure!(strict == ["csp-floor"], "{strict:?}");
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
    let server = Server::start(&site)?;
    let later = found(&server.url("/"), "2026-12-15")?;
    ensure!(later == ["old"], "{later:?}");
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
