//! A publisher of its own, with keys and a few policies, for tests of signatures and of several publishers.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::{TODAY, command, copy_folder, demo_dir, publish, workspace_root};

/// A publisher with its keys, its policies and what it has published.
#[derive(Debug)]
pub struct Publisher {
    /// Folder of everything.
    pub dir: PathBuf,
    /// The public half of its root key.
    pub root: String,
}

/// A policy with two measures: one for small firms, one for whoever has a title of the publisher's own.
///
/// # Errors
/// When the fixture cannot be read.
pub fn policy(id: &str, title: &str, region: &str, word: &str) -> Result<String> {
    let text = std::fs::read_to_string(workspace_root().join("tests/fixtures/publisher/policy.yaml"))?;
    Ok(text.replace("ID", id).replace("TITLE", title).replace("REGION", region).replace("某某", word))
}

impl Publisher {
    /// Makes keys and policies; nothing is published yet.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn new(dir: PathBuf, id: &str, region: &str, word: &str) -> Result<Self> {
        let title = format!("{word}示例称号");
        std::fs::create_dir_all(dir.join("policies/catalogue"))?;
        std::fs::write(
            dir.join("policies/catalogue/qualifications.yaml"),
            format!("- id: {id}/title\n  名称: {title}\n"),
        )?;
        std::fs::write(dir.join("policies/a.yaml"), policy(id, &title, region, word)?)?;
        let lax = "检查:\n  P201: 提示\n  P204: 提示\n  P205: 提示\n  P206: 提示\n  P207: 提示\n";
        std::fs::write(dir.join("policies/huiqi.yaml"), lax)?;
        let mut publisher = Self { dir, root: String::new() };
        publisher.root = publisher.new_key("root.key")?;
        Ok(publisher)
    }

    /// Path of a file in its folder.
    pub fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    /// Makes a key; returns its public half.
    ///
    /// # Errors
    /// When the command complains.
    pub fn new_key(&self, name: &str) -> Result<String> {
        let output = command(&["key", "new", &self.path(name)])?;
        ensure!(output.code == 0, "huiqi key new: {}", output.talk);
        Ok(output.data.trim().to_owned())
    }

    /// Where it publishes.
    pub fn data(&self) -> PathBuf {
        self.dir.join("site/data")
    }

    /// Changes `keys.txt`.
    ///
    /// # Errors
    /// When the command complains.
    pub fn issue(&self, more: &[&str]) -> Result<()> {
        let (root, data) = (self.path("root.key"), self.path("site/data"));
        let mut arguments = vec!["key", "issue", "--root", &root, "--data", &data, "--as-of", TODAY];
        arguments.extend(more);
        let output = command(&arguments)?;
        ensure!(output.code == 0, "huiqi key issue: {}", output.talk);
        Ok(())
    }

    /// Publishes, signed by a key.
    ///
    /// # Errors
    /// When the command complains.
    pub fn publish(&self, later: u64, key: &str) -> Result<()> {
        let key = self.path(key);
        let policies = self.dir.join("policies");
        publish(
            &policies,
            &self.data(),
            &self.dir.join("index"),
            later,
            &["--publisher", "示例", "--key", &key],
        )
    }
}

/// A page with the tag on it, and the widget beside it.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_page(site: &Path, attributes: &str) -> Result<()> {
    std::fs::create_dir_all(site)?;
    copy_folder(&demo_dir()?.join("widget"), &site.join("widget"))?;
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><huiqi-match {attributes}>\
         <script src=\"widget/loader.js\"></script><p id=\"list\">备用清单</p></huiqi-match>"
    );
    Ok(std::fs::write(site.join("index.html"), html)?)
}

/// Opens a part as it lies on the disk.
///
/// # Errors
/// When it cannot be read, or is no gzip file.
pub fn open_part(path: &Path) -> Result<Vec<u8>> {
    let stored = std::fs::read(path).with_context(|| path.display().to_string())?;
    let mut raw = Vec::new();
    flate2::read::GzDecoder::new(&stored[..]).read_to_end(&mut raw)?;
    Ok(raw)
}
