//! Short names for what a module imports and exports.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use wasm_encoder::{EntityType, ExportKind, ExportSection, ImportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// What a module and its script call each other's things, in the module's order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

pub(crate) fn of(module: &[u8]) -> Result<Names> {
    let mut names = Names::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    names.imports.push(import?.name.to_owned());
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    names.exports.push(export?.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

/// The same module with other names: all imports come from `from`, and several may share a name. Exports without
/// a new name are left out.
pub(crate) fn rename(
    module: &[u8],
    from: &str,
    imports: &BTreeMap<String, String>,
    exports: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let mut renamed = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::ImportSection(section) => {
                let mut written = ImportSection::new();
                for import in section.clone().into_imports() {
                    let import = import?;
                    let TypeRef::Func(index) = import.ty else { bail!("{} is no function", import.name) };
                    let name = imports.get(import.name).context("an import without a new name")?;
                    written.import(from, name, EntityType::Function(index));
                }
                renamed.section(&written);
            }
            Payload::ExportSection(section) => {
                let mut written = ExportSection::new();
                for export in section.clone() {
                    let export = export?;
                    let kind = match export.kind {
                        ExternalKind::Func => ExportKind::Func,
                        ExternalKind::Table => ExportKind::Table,
                        ExternalKind::Memory => ExportKind::Memory,
                        ExternalKind::Global => ExportKind::Global,
                        _ => bail!("{} is of a kind that no browser of ours knows", export.name),
                    };
                    if let Some(name) = exports.get(export.name) {
                        written.export(name, kind, export.index);
                    }
                }
                renamed.section(&written);
            }
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    renamed.section(&RawSection { id, data: &module[range] });
                }
            }
        }
    }
    Ok(renamed.finish())
}

/// The shortest names there are: `a` to `Z`, `aa` to `ZZ`, and so on.
pub(crate) fn short(mut number: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut name = String::new();
    loop {
        name.insert(0, char::from(LETTERS[number % LETTERS.len()]));
        match (number / LETTERS.len()).checked_sub(1) {
            Some(rest) => number = rest,
            None => return name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::Validator;

    /// Imports two functions of the same type, exports one of them, its memory, and the memory again.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x05\x01\x60\x01\x7f\0\
        \x02\x1f\x02\x04./js\x09__wbg_one\0\0\x04./js\x05__two\0\0\
        \x05\x03\x01\0\x01\
        \x07\x17\x03\x06memory\x02\0\x03one\0\x00\x04more\x02\0\
        \0\x05\x04note";

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect()
    }

    #[test]
    fn names_change_and_nothing_else() -> Result<()> {
        Validator::new().validate_all(MODULE)?;
        let names = of(MODULE)?;
        assert_eq!(names.imports, ["__wbg_one", "__two"]);
        assert_eq!(names.exports, ["memory", "one", "more"]);
        let imports = map(&[("__wbg_one", "a"), ("__two", "a")]);
        let renamed = rename(MODULE, "m", &imports, &map(&[("memory", "b"), ("one", "c")]))?;
        Validator::new().validate_all(&renamed)?;
        let expected: &[u8] = b"\0asm\x01\0\0\0\
            \x01\x05\x01\x60\x01\x7f\0\
            \x02\x0d\x02\x01m\x01a\0\0\x01m\x01a\0\0\
            \x05\x03\x01\0\x01\
            \x07\x09\x02\x01b\x02\0\x01c\0\x00\
            \0\x05\x04note";
        assert_eq!(renamed, expected);
        assert!(rename(MODULE, "m", &map(&[("__two", "a")]), &BTreeMap::new()).is_err());
        Ok(())
    }

    #[test]
    fn the_shortest_names_come_first() {
        let names: Vec<String> = [0, 25, 26, 51, 52, 53, 52 + 52 * 52 - 1, 52 + 52 * 52].map(short).into();
        assert_eq!(names, ["a", "z", "A", "Z", "aa", "ab", "ZZ", "aaa"]);
    }
}
