//! The published policies again and again under other ids and titles: as many measures as a bench wants, as real as ours.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::{copy_folder, workspace_root};

/// The text of every policy file that needs no other file beside it, always in the same order.
///
/// # Errors
/// When the policies cannot be read.
pub fn templates() -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for region in fs::read_dir(workspace_root().join("policies"))? {
        let region = region?.path();
        let code =
            region.file_name().is_some_and(|n| n.to_string_lossy().bytes().all(|b| b.is_ascii_digit()));
        if !code || !region.is_dir() {
            continue;
        }
        for file in fs::read_dir(&region)? {
            let path = file?.path();
            // The samples have a text of their own beside them.
            let text = fs::read_to_string(&path)?;
            if path.extension().is_some_and(|e| e == "yaml") && !text.contains("\n原文: ") {
                texts.push(text);
            }
        }
    }
    texts.sort();
    Ok(texts)
}

/// The same policy of another publisher: other ids and titles.
///
/// # Errors
/// When the policy has no id.
pub fn variant(template: &str, at: usize) -> Result<String> {
    let id = template.lines().find_map(|l| l.strip_prefix("编号: ")).context("编号")?;
    let number = |line: &str| line.starts_with("文号: ");
    let lines = template.lines().filter(|line| !number(line)).map(|line| match line.strip_prefix("标题: ") {
        Some(title) => format!("标题: {title}之{at}"),
        None => line.replace(id, &format!("{id}-v{at}")),
    });
    // References to other files would lead nowhere.
    let lines = lines.filter(|line| !line.starts_with("    前置: ") && !line.starts_with("被替代为: "));
    Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
}

/// Fills a folder of policies with exactly so many measures.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_measures(policies: &Path, measures: usize) -> Result<()> {
    let templates = templates()?;
    let count = |text: &str| text.lines().filter(|line| line.starts_with("  - 编号: ")).count();
    copy_folder(&workspace_root().join("policies/catalogue"), &policies.join("catalogue"))?;
    fs::copy(workspace_root().join("policies/huiqi.yaml"), policies.join("huiqi.yaml"))?;
    let (mut left, mut at, mut too_large) = (measures, 0, 0);
    while left > 0 {
        ensure!(too_large < templates.len(), "no policy has {left} measures or less");
        let template = &templates[at % templates.len()];
        let size = count(template);
        if size > 0 && size <= left {
            let folder = policies.join(format!("{:02}", at / 100));
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("{at}.yaml")), variant(template, at)?)?;
            (left, too_large) = (left - size, 0);
        } else {
            too_large += 1;
        }
        at += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use huiqi::check::load;
    use huiqi::fields::Sink;

    use super::*;
    use crate::today;

    #[test]
    fn there_are_as_many_measures_as_wanted() {
        let dir = tempfile::tempdir().expect("a folder");
        write_measures(dir.path(), 1_000).expect("policies");
        let mut sink = Sink::default();
        let project = load(dir.path(), today(), &mut sink, |_, _| {}).expect("a project");
        assert_eq!((project.measure_count(), sink.counts().errors), (1_000, 0));
    }
}
