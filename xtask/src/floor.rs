//! Whether a module runs in the oldest browser that the project supports, Chromium 80.
//!
//! A browser that meets an unknown instruction refuses the whole file, so one is enough to lose everyone
//! with that browser; no test in a newer browser would show it.

use anyhow::{Context as _, Result, ensure};
use wasmparser::{FuncType, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures};

/// What Chromium 80 knows beyond the first version of WebAssembly: and of that, what the compiler is told to
/// use.
const FLOOR: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT);

/// Fails with the first thing in the module that the browser floor lacks.
pub(crate) fn check(module: &[u8]) -> Result<()> {
    Validator::new_with_features(FLOOR).validate_all(module).context(
        "not within the browser floor (MVP, sign-ext, bulk-memory, mutable-globals, nontrapping-fptoint)",
    )?;
    let mut types: Vec<FuncType> = Vec::new();
    // The type of every function, the imported ones first, as the format numbers them.
    let mut functions: Vec<u32> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section.into_iter_err_on_gc_types() {
                    types.push(group?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if let TypeRef::Func(index) = import.ty {
                        functions.push(index);
                        let name = format!("import {}.{}", import.module, import.name);
                        require_no_i64(&types, index, &name)?;
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    functions.push(index?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == wasmparser::ExternalKind::Func {
                        let index = functions.get(export.index as usize).context("an export of nothing")?;
                        require_no_i64(&types, *index, &format!("export {}", export.name))?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn require_no_i64(types: &[FuncType], index: u32, name: &str) -> Result<()> {
    let signature = types.get(index as usize).context("a function without a type")?;
    let crosses = signature.params().iter().chain(signature.results()).any(|&value| value == ValType::I64);
    ensure!(!crosses, "{name}: a 64-bit integer in its signature; BigInt cannot cross in Chromium 80");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one function type, and one exported function `f` of it with the given body.
    fn module(signature: &[u8], body: &[u8]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, content: &[u8]| {
            bytes.push(id);
            bytes.push(u8::try_from(content.len()).expect("a section of a few bytes"));
            bytes.extend_from_slice(content);
        };
        section(1, &[&[1, 0x60], signature].concat());
        section(3, &[1, 0]);
        section(7, &[1, 1, b'f', 0, 0]);
        let length = u8::try_from(body.len() + 2).expect("a body of a few bytes");
        section(10, &[&[1, length, 0], body, &[0x0b]].concat());
        bytes
    }

    #[test]
    fn floor() {
        const I32: u8 = 0x7f;
        const I64: u8 = 0x7e;
        for (name, signature, body, expected) in [
            ("plain", &[1, I32, 1, I32][..], &[0x20, 0][..], "within"),
            ("sign extension", &[1, I32, 1, I32][..], &[0x20, 0, 0xc0][..], "within"),
            ("i64 parameter", &[1, I64, 0][..], &[][..], "export f: a 64-bit integer"),
            ("i64 result", &[0, 1, I64][..], &[0x42, 0][..], "export f: a 64-bit integer"),
            ("two results", &[0, 2, I32, I32][..], &[0x41, 0, 0x41, 0][..], "floor"),
            ("reference types", &[0, 0][..], &[0xd0, 0x6f, 0x1a][..], "floor"),
            ("SIMD", &[0, 0][..], &[0x41, 0, 0xfd, 15, 0x1a][..], "floor"),
        ] {
            let result = check(&module(signature, body));
            let seen = result.map_or_else(|error| format!("{error:#}"), |()| "within".to_owned());
            assert!(seen.contains(expected), "{name}: {seen}");
        }
    }
}
