//! Short names for what a module imports and exports.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use wasm_encoder::{
    ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, GlobalType, ImportSection,
    MemoryType, Module, RawSection, RefType, TableType, ValType,
};
use wasmparser::{
    ElementItems, ElementKind, ElementSectionReader, ExternalKind, Operator, Parser, Payload, TypeRef,
};

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
/// a new name are left out, and so is everything that no browser reads: names, producers, relocations.
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
                    let name = imports.get(import.name).context("an import without a new name")?;
                    written.import(from, name, entity(import.ty).with_context(|| import.name.to_owned())?);
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
            Payload::ElementSection(section) => {
                renamed.section(&elements(section.clone())?);
            }
            Payload::CustomSection(_) => {}
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    renamed.section(&RawSection { id, data: &module[range] });
                }
            }
        }
    }
    Ok(renamed.finish())
}

/// The same functions in the only table, in the spelling of the first version of WebAssembly.
fn elements(section: ElementSectionReader<'_>) -> Result<ElementSection> {
    let mut written = ElementSection::new();
    for element in section {
        let element = element?;
        let ElementKind::Active { table_index: None | Some(0), offset_expr } = element.kind else {
            bail!("an element segment that is not put into the only table");
        };
        let mut operators = offset_expr.get_operators_reader();
        let Operator::I32Const { value } = operators.read()? else { bail!("a place that is no constant") };
        let functions = match element.items {
            ElementItems::Functions(functions) => functions.into_iter().collect::<Result<Vec<u32>, _>>()?,
            ElementItems::Expressions(_, all) => all
                .into_iter()
                .map(|one| match one?.get_operators_reader().read()? {
                    Operator::RefFunc { function_index } => Ok(function_index),
                    other => bail!("{other:?} in a table of functions"),
                })
                .collect::<Result<Vec<u32>>>()?,
        };
        written.active(None, &ConstExpr::i32_const(value), Elements::Functions(functions.into()));
    }
    Ok(written)
}

/// What is imported, as far as modules of ours share it.
fn entity(ty: TypeRef) -> Result<EntityType> {
    Ok(match ty {
        TypeRef::Func(index) => EntityType::Function(index),
        TypeRef::Table(table) if table.element_type.is_func_ref() && !table.table64 => {
            EntityType::Table(TableType {
                element_type: RefType::FUNCREF,
                table64: false,
                minimum: table.initial,
                maximum: table.maximum,
                shared: false,
            })
        }
        TypeRef::Memory(memory) if !memory.memory64 && !memory.shared => EntityType::Memory(MemoryType {
            minimum: memory.initial,
            maximum: memory.maximum,
            memory64: false,
            shared: false,
            page_size_log2: None,
        }),
        TypeRef::Global(global) if global.content_type == wasmparser::ValType::I32 => {
            EntityType::Global(GlobalType { val_type: ValType::I32, mutable: global.mutable, shared: false })
        }
        other => bail!("{other:?} is of a kind that no module of ours shares"),
    })
}

/// The module without what no browser reads.
pub(crate) fn strip(module: &[u8]) -> Result<Vec<u8>> {
    let mut bare = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let (Some((id, range)), false) =
            (payload.as_section(), matches!(payload, Payload::CustomSection(_)))
        {
            bare.section(&RawSection { id, data: &module[range] });
        }
    }
    Ok(bare.finish())
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
            \x07\x09\x02\x01b\x02\0\x01c\0\x00";
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
