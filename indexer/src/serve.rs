//! A local web server to look at pages with. Not for the open net.

use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tiny_http::{Header, Method, Request, Response, Server};

/// Serves `dir` on loopback until the process ends.
///
/// # Errors
/// When the folder is missing or the port is taken.
pub fn serve(dir: &Path, port: u16, csp: Option<&str>, talk: &mut dyn Write) -> anyhow::Result<()> {
    let root = dir.canonicalize().with_context(|| format!("没有目录 {}", dir.display()))?;
    let server = Server::http(("127.0.0.1", port))
        .map_err(|e| anyhow::anyhow!("端口 {port} 用不了：{e}；换一个 --port"))?;
    let csp = csp.map(|c| header("Content-Security-Policy", c)).transpose()?;
    writeln!(talk, "http://127.0.0.1:{port}/")?;
    talk.flush()?;
    let server = Arc::new(server);
    let mut workers = Vec::new();
    for _ in 0..4 {
        let (server, root, csp) = (Arc::clone(&server), root.clone(), csp.clone());
        workers.push(std::thread::spawn(move || {
            while let Ok(request) = server.recv() {
                // A browser that hangs up early is no fault of ours.
                let _ = answer(request, &root, csp.as_ref());
            }
        }));
    }
    for worker in workers {
        worker.join().map_err(|_| anyhow::anyhow!("网页服务意外停止"))?;
    }
    Ok(())
}

fn header(name: &str, value: &str) -> anyhow::Result<Header> {
    Header::from_bytes(name, value).map_err(|()| anyhow::anyhow!("{name} 的值不能放进 HTTP 头：{value}"))
}

fn answer(request: Request, root: &Path, csp: Option<&Header>) -> anyhow::Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return Ok(request.respond(Response::from_string("只支持 GET").with_status_code(405))?);
    }
    let Some(path) = resolve(root, request.url()) else {
        let response = Response::from_string("没有这个文件").with_status_code(404);
        let plain = header("Content-Type", "text/plain; charset=utf-8")?;
        return Ok(request.respond(response.with_header(plain))?);
    };
    let bytes = std::fs::read(&path)?;
    let mut response = Response::from_data(bytes).with_header(header("Content-Type", content_type(&path))?);
    let part = path.file_stem().is_some_and(|s| huiqi_engine::bundle::is_part_name(&s.to_string_lossy()));
    let cache = if part { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.add_header(header("Cache-Control", cache)?);
    response.add_header(header("X-Content-Type-Options", "nosniff")?);
    if let Some(csp) = csp {
        response.add_header(csp.clone());
    }
    Ok(request.respond(response)?)
}

/// The file below `root` that a URL names; a folder is its `index.html`.
fn resolve(root: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?;
    let path = percent_decode(path)?;
    let mut full = root.to_owned();
    for part in Path::new(path.trim_start_matches('/')).components() {
        match part {
            Component::Normal(name) if !name.to_string_lossy().starts_with('.') => full.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    if full.is_dir() {
        full.push("index.html");
    }
    // A link inside the folder must not lead out of it.
    let full = full.canonicalize().ok()?;
    (full.starts_with(root) && full.is_file()).then_some(full)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        if b == b'%' {
            let digit = |b: Option<u8>| char::from(b?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push((high * 16 + low) as u8);
        } else {
            bytes.push(b);
        }
    }
    String::from_utf8(bytes).ok().filter(|s| !s.contains('\0'))
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_inside_are_served() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("a")).unwrap();
        std::fs::write(root.join("a/index.html"), "x").unwrap();
        std::fs::write(root.join(".secret"), "x").unwrap();
        assert_eq!(resolve(&root, "/a/?q=1"), Some(root.join("a/index.html")));
        assert_eq!(resolve(&root, "/%61"), Some(root.join("a/index.html")));
        for url in ["/../etc/passwd", "/%2e%2e/etc/passwd", "/.secret", "/a/%00", "/%zz", "/nothing"] {
            assert_eq!(resolve(&root, url), None, "{url}");
        }
    }
}
