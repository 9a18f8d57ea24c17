//! What the tests run besides our own code, browsers above all: found, or installed where that can be done without asking.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use crate::step::{quiet, require, say, stdout_of};
use crate::{files, in_root, npm};

/// The package with the oldest supported browser, Chromium 80.0.3987.
const CHROMIUM80: &str = "chrome-aws-lambda@2.1.1";
const CHROMIUM80_SHA256: &str = "94f8953cd47c3fbd9d0ba8f50d2e5aa4e8136ca52b37e2babcc12e43018ade77";

/// Rules for accessible pages, for tests only: nothing of it is published.
const AXE: &str = "axe-core@4.14.1";
const AXE_SHA256: &str = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745";

/// The examples that are built with npm's tools.
const PROJECTS: [&str; 2] = ["react", "vue"];
/// The oldest Node that the Vite in their lock files runs on.
const NODE: (u32, u32) = (20, 19);

/// A current Chromium, and a font with Chinese characters, without which pictures show boxes.
pub(crate) fn chromium() -> Result<PathBuf> {
    let found = match named_in("HUIQI_CHROMIUM")? {
        Some(path) => Some(path),
        None => ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| in_path(name)),
    };
    if let Some(path) = found {
        if !has_chinese_font() && apt_install(&["fonts-noto-cjk"]).is_err() {
            say("no font with Chinese characters: screenshots will show boxes (Debian: fonts-noto-cjk)");
        }
        return Ok(path);
    }
    apt_install(&["chromium", "fonts-noto-cjk"]).context(
        "no Chromium: install the packages chromium and fonts-noto-cjk, or set HUIQI_CHROMIUM to its path",
    )?;
    in_path("chromium").context("chromium was installed and is not in PATH")
}

/// What a test needs to make a network of its own.
pub(crate) fn network() -> Result<()> {
    program("ip", "iproute2")?;
    program("unshare", "util-linux")
}

/// The server of the recipe. Tests start it with settings of their own.
pub(crate) fn nginx() -> Result<()> {
    program("nginx", "nginx")
}

/// Firefox in the version that is supported for long.
pub(crate) fn firefox() -> Result<PathBuf> {
    browser("HUIQI_FIREFOX", &["firefox-esr", "firefox"], "firefox-esr")
}

/// The driver of WebKitGTK, which knows where its browser is.
pub(crate) fn webkit() -> Result<PathBuf> {
    browser("HUIQI_WEBKIT", &["WebKitWebDriver"], "webkit2gtk-driver")
}

/// The screen that WebKitGTK draws on.
pub(crate) fn xvfb() -> Result<PathBuf> {
    browser("HUIQI_XVFB", &["Xvfb"], "xvfb")
}

/// The program that a variable names, or the first of some names, whose Debian package is installed if there is none.
fn browser(variable: &str, names: &[&str], package: &str) -> Result<PathBuf> {
    if let Some(path) = named_in(variable)? {
        return Ok(path);
    }
    let find = || names.iter().find_map(|name| in_path(name));
    if let Some(path) = find() {
        return Ok(path);
    }
    apt_install(&[package]).with_context(|| {
        format!("no {}: install the package {package}, or set {variable} to its path", names[0])
    })?;
    find().with_context(|| format!("{package} was installed and is not in PATH"))
}

/// Installs a Debian package unless its program is there.
fn program(name: &str, package: &str) -> Result<()> {
    // Those for administrators are not in everybody's PATH.
    let elsewhere = ["/usr/sbin", "/sbin"].iter().any(|dir| Path::new(dir).join(name).is_file());
    if in_path(name).is_some() || elsewhere {
        return Ok(());
    }
    apt_install(&[package]).with_context(|| format!("{name} is needed (Debian: {package})"))
}

/// axe-core as one script.
pub(crate) fn axe() -> Result<PathBuf> {
    if let Some(path) = named_in("HUIQI_AXE")? {
        return Ok(path);
    }
    let script = in_root("target/tools/axe/axe.min.js");
    if !script.is_file() {
        from_npm(AXE, AXE_SHA256, "package/axe.min.js", &script, |entry, file| {
            Ok(io::copy(entry, file).map(drop)?)
        })
        .with_context(|| format!("no axe: put axe.min.js of npm's {AXE} to {}", script.display()))?;
    }
    Ok(script)
}

/// The oldest supported Chromium.
pub(crate) fn chromium80() -> Result<PathBuf> {
    if let Some(path) = named_in("HUIQI_CHROMIUM80")? {
        return Ok(path);
    }
    let browser = in_root("target/tools/chromium80/chromium");
    if !browser.is_file() {
        from_npm(CHROMIUM80, CHROMIUM80_SHA256, "package/bin/chromium.br", &browser, |entry, file| {
            io::copy(&mut brotli::Decompressor::new(entry, 1 << 16), file)?;
            make_executable(file)
        })
        .with_context(|| {
            format!("no Chromium 80: put the one of npm's {CHROMIUM80} to {}", browser.display())
        })?;
    }
    let mut libraries = Command::new("ldd");
    libraries.arg(&browser);
    // Those inside the package are incomplete; the ones of the system serve.
    if stdout_of(libraries)?.contains("not found") {
        apt_install(&["libnss3", "libnspr4", "libexpat1"])
            .context("Chromium 80 needs the libraries nss3, nspr4 and expat")?;
    }
    Ok(browser)
}

/// A folder `npm-NAME` for each example that is built: what its lock file names, and the package as it is handed over.
pub(crate) fn node_modules() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("HUIQI_NPM_DIR").map(PathBuf::from) {
        ensure!(folder.is_dir(), "HUIQI_NPM_DIR names {}, which does not exist", folder.display());
        return Ok(folder);
    }
    require_npm()?;
    let mut node = Command::new("node");
    node.arg("--version");
    let version = stdout_of(node)?;
    ensure!(recent(&version), "Vite needs Node {}.{} or later, this is {version}", NODE.0, NODE.1);
    for project in PROJECTS {
        let folder = in_root(&format!("target/tools/npm-{project}"));
        let example = in_root("examples").join(project);
        fs::create_dir_all(&folder)?;
        let mut sum = Sha256::new();
        for (from, name) in [
            (example.join("package.json"), "package.json"),
            (example.join("package-lock.json"), "package-lock.json"),
            (npm::tarball(), "huiqi-match.tgz"),
        ] {
            sum.update(files::read(&from)?);
            files::copy(&from, &folder.join(name))?;
        }
        let (sum, note) = (hex(&sum.finalize()), folder.join("installed.txt"));
        if fs::read_to_string(&note).is_ok_and(|before| before == sum) {
            continue;
        }
        // The lock file holds a hash of every package but ours, which was built here. None of them runs anything yet.
        let mut install = Command::new("npm");
        install.args(["ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install.current_dir(&folder);
        quiet(install).with_context(|| format!("no packages for examples/{project}: they come from npm"))?;
        files::write(&note, sum.as_bytes())?;
    }
    Ok(in_root("target/tools"))
}

/// Whether a version such as `v20.20.2` is at least [`NODE`].
fn recent(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= NODE
}

fn require_npm() -> Result<()> {
    if require("npm", "").is_err() {
        apt_install(&["npm"]).context("npm is needed (Debian: npm)")?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fetches a package from npm, checks it, and writes one of its files with `unpack`.
fn from_npm(
    name: &str,
    sha256: &str,
    inside: &str,
    target: &Path,
    unpack: impl Fn(&mut dyn Read, &mut File) -> Result<()>,
) -> Result<()> {
    require_npm()?;
    let folder = target.parent().context("a file in a folder")?;
    fs::create_dir_all(folder)?;
    let mut pack = Command::new("npm");
    pack.args(["pack", name]).current_dir(folder);
    quiet(pack)?;
    let package = folder.join(format!("{}.tgz", name.replace('@', "-")));
    let sum = hex(&Sha256::digest(fs::read(&package)?));
    ensure!(sum == sha256, "{} has the SHA-256 {sum}, not the one expected", package.display());
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(File::open(&package)?)));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()?.as_ref() == Path::new(inside) {
            // Renamed at the end, so that an interrupted run leaves nothing that looks complete.
            let part = target.with_extension("part");
            unpack(&mut entry, &mut File::create(&part)?)?;
            fs::rename(&part, target)?;
            return Ok(fs::remove_file(&package)?);
        }
    }
    bail!("{} holds no {inside}", package.display())
}

#[cfg(unix)]
fn make_executable(file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.set_permissions(fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn make_executable(_: &File) -> Result<()> {
    bail!("this browser exists for Linux only")
}

/// The program that a variable names, which must then exist.
fn named_in(variable: &str) -> Result<Option<PathBuf>> {
    let Some(path) = std::env::var_os(variable).map(PathBuf::from) else { return Ok(None) };
    ensure!(path.is_file(), "{variable} names {}, which does not exist", path.display());
    Ok(Some(path))
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn has_chinese_font() -> bool {
    let mut list = Command::new("fc-list");
    list.arg(":lang=zh-cn");
    stdout_of(list).is_ok_and(|fonts| !fonts.trim().is_empty())
}

/// Installs Debian packages; only root can, and only where there is apt.
fn apt_install(packages: &[&str]) -> Result<()> {
    let mut id = Command::new("id");
    id.arg("-u");
    let root = stdout_of(id).is_ok_and(|user| user.trim() == "0");
    ensure!(
        root && in_path("apt-get").is_some(),
        "only root on Debian can install {} from here",
        packages.join(" ")
    );
    say(&format!("installing {}", packages.join(" ")));
    let mut update = Command::new("apt-get");
    update.arg("update");
    quiet(update)?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "--no-install-recommends"]).args(packages);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    quiet(install).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node() {
        assert!(recent("v20.19.0\n") && recent("v22.1.0") && !recent("v20.9.0") && !recent("v18.20.4"));
    }
}
