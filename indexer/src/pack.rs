//! `huiqi pack`: one flat folder for content management systems, which take few kinds of files, no folders, and no more
//! than some hundred at a time.
//!
//! Contents are the published ones; only names change: what is called `.bin` and `.txt` elsewhere gets the extension that
//! the system takes. The tag says which (`data-extension`), and the loader asks for these names.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};
use huiqi_engine::bundle::{self, CATALOG_NAME, Catalog, PART_EXTENSION, PartKind, Table};
use huiqi_engine::catalogue::Code;
use huiqi_engine::trust::{KEYS_NAME, PublicKey};

use crate::diagnostic::io_words;
use crate::embed::{Embed, Part, Places, WIDGET, Wishes};
use crate::parts::{self, write_whole};

/// Most files of one edition.
pub const LIMIT: usize = 500;

/// What was packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed {
    /// Files of this edition.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Those that were not there before.
    pub fresh: usize,
}

struct Packer<'a> {
    out: &'a Path,
    extension: &'a str,
    packed: Packed,
}

impl Packer<'_> {
    /// Writes a file unless it is there already.
    fn write(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let name = match name.rsplit_once('.') {
            Some((stem, "bin" | "txt")) => format!("{stem}.{}", self.extension),
            _ => name.to_owned(),
        };
        let path = self.out.join(name);
        self.packed.files += 1;
        self.packed.bytes += bytes.len();
        if !std::fs::read(&path).is_ok_and(|old| old == bytes) {
            self.packed.fresh += 1;
            write_whole(&path, bytes, true)?;
        }
        Ok(())
    }
}

/// Fills a flat folder with the widget, a bundle, its static pages and the page for frames; the catalog comes last.
///
/// # Errors
/// When something is missing or damaged, or there are more files than such systems take.
pub fn pack(
    data: &Path,
    widget: &Path,
    out: &Path,
    extension: &str,
    key: Option<PublicKey>,
) -> anyhow::Result<Packed> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|e| anyhow::anyhow!("读不到 {}：{}", path.display(), io_words(&e)))
    };
    let catalog_bytes = read(&data.join(CATALOG_NAME))?;
    let catalog = Catalog::parse(&catalog_bytes)?;
    let mut names = bundle::decode_texts(PartKind::Files, &parts::read(data, &catalog.files)?)?;
    names.push(catalog.files.clone());
    let regions = regions(&catalog, data)?;
    let keys = data.join(KEYS_NAME);
    // Beside these: the catalog, the page of everything and the page for frames.
    let count = names.len() + WIDGET.len() + regions.len() + usize::from(keys.exists()) + 3;
    if count > LIMIT {
        bail!(
            "一共 {count} 个文件，内容管理系统一般最多收 {LIMIT} 个：去掉一些原文或政策，或把数据放到一般的网站目录"
        );
    }
    std::fs::create_dir_all(out).with_context(|| format!("建不了目录 {}", out.display()))?;
    let mut packer = Packer { out, extension, packed: Packed::default() };
    for name in &names {
        let name = format!("{name}.{PART_EXTENSION}");
        let stored = read(&data.join(&name))?;
        bundle::verify_part(name.trim_end_matches(".bin"), &stored)?;
        packer.write(&name, &stored)?;
    }
    for name in WIDGET {
        packer.write(name, &read(&widget.join(name))?)?;
    }
    let places = Places { data, widget, data_url: "./", widget_url: "./" };
    let embed = |region: Option<Code>| {
        let extension = Some(extension.to_owned());
        Embed::read(&places, Wishes { region, key: key.clone(), limit: 30, extension })
    };
    for region in regions {
        let page = embed(Some(region))?.part(Part::Page);
        packer.write(&format!("region-{}.html", region.region_text()), page.as_bytes())?;
    }
    let all = embed(None)?;
    packer.write("index.html", all.part(Part::Page).as_bytes())?;
    packer.write("embed.html", all.part(Part::Frame).as_bytes())?;
    if keys.exists() {
        packer.write(KEYS_NAME, &read(&keys)?)?;
    }
    packer.write(CATALOG_NAME, &catalog_bytes)?;
    Ok(packer.packed)
}

/// Provinces that some measure is for: each gets a page of what holds there.
fn regions(catalog: &Catalog, data: &Path) -> anyhow::Result<BTreeSet<Code>> {
    let mut found = BTreeSet::new();
    for (_, table, _) in &catalog.areas {
        for measure in Table::decode(&parts::read(data, table)?)?.measures {
            found.extend(measure.regions.iter().filter_map(|code| Code::new(code.as_str().get(..2)?)));
        }
    }
    Ok(found)
}
