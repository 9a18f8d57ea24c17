//! The widget as a package for npm: target/dist/npm/, and the same as one file to hand over.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, GzBuilder};

use crate::{dist, files, in_root, pack};

/// Written by hand, in widget/npm/.
const OWN: [&str; 11] = [
    "README.md",
    "custom-elements.json",
    "define.d.ts",
    "define.js",
    "index.d.ts",
    "index.js",
    "package.json",
    "react.d.ts",
    "vite.d.ts",
    "vite.js",
    "vue.d.ts",
];

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// What xtask fills in, and where.
const PLACES: [(&str, &str); 2] = [("package.json", "\"VERSION\""), ("index.js", "HASH-OF-loader.js")];

pub(crate) fn folder() -> PathBuf {
    in_root("target/dist/npm")
}

/// The package as one file.
pub(crate) fn tarball() -> PathBuf {
    in_root(&format!("target/dist/huiqi-match-{}.tgz", env!("CARGO_PKG_VERSION")))
}

/// Lays out the package around the widget that was built last.
pub(crate) fn build() -> Result<()> {
    lay_out(&dist::folder(), &folder())?;
    write(&folder(), &tarball())
}

fn lay_out(widget: &Path, folder: &Path) -> Result<()> {
    files::empty_folder(folder)?;
    fs::create_dir(folder.join("widget"))?;
    for name in dist::FILES.iter().chain([&dist::NOTICES]) {
        files::copy(&widget.join(name), &folder.join("widget").join(name))?;
    }
    for name in LICENCES {
        files::copy(&in_root(name), &folder.join(name))?;
    }
    let version = format!("{:?}", env!("CARGO_PKG_VERSION"));
    // The page names this package, the package the loader, the loader the rest.
    let loader = pack::integrity(&files::read(&widget.join(dist::FILES[0]))?);
    for name in OWN {
        let mut text = String::from_utf8(files::read(&in_root("widget/npm").join(name))?)?;
        for ((of, place), value) in PLACES.iter().zip([&version, &loader]) {
            ensure!(*of != name || text.contains(place), "widget/npm/{name} has no {place}");
            if *of == name {
                text = text.replace(place, value);
            }
        }
        files::write(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// Writes a package as npm does, but the same bytes for the same files: sorted, without times and owners.
fn write(folder: &Path, target: &Path) -> Result<()> {
    let mut names: Vec<String> = OWN.iter().chain(&LICENCES).map(|&name| name.to_owned()).collect();
    names.extend(dist::FILES.iter().chain([&dist::NOTICES]).map(|name| format!("widget/{name}")));
    names.sort();
    let file = File::create(target).with_context(|| format!("writing {}", target.display()))?;
    let mut archive = tar::Builder::new(GzBuilder::new().write(file, Compression::best()));
    for name in names {
        let bytes = files::read(&folder.join(&name))?;
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, format!("package/{name}"), &bytes[..])?;
    }
    archive.into_inner()?.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest as _;

    /// A widget that was never built will do.
    fn made_up(dir: &Path) -> Result<PathBuf> {
        files::empty_folder(dir)?;
        for name in dist::FILES.iter().chain([&dist::NOTICES]) {
            files::write(&dir.join(name), name.as_bytes())?;
        }
        Ok(dir.to_owned())
    }

    #[test]
    fn same_files_same_bytes_and_nothing_missing() -> Result<()> {
        let dir = in_root("target/tmp/npm");
        let widget = made_up(&dir.join("widget"))?;
        let sums: Vec<_> = ["a", "b"]
            .iter()
            .map(|name| {
                lay_out(&widget, &dir.join(name))?;
                write(&dir.join(name), &dir.join(format!("{name}.tgz")))?;
                Ok(sha2::Sha256::digest(files::read(&dir.join(format!("{name}.tgz")))?))
            })
            .collect::<Result<_>>()?;
        assert_eq!(sums[0], sums[1]);
        let index = String::from_utf8(files::read(&dir.join("a/index.js"))?)?;
        assert!(index.contains(&pack::integrity(b"loader.js")) && !index.contains("HASH-OF"), "{index}");
        fs::remove_file(widget.join("trust.bin"))?;
        assert!(lay_out(&widget, &dir.join("a")).is_err());
        Ok(())
    }
}
