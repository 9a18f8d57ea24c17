//! The JavaScript between the browser and the widget's module, made small. `app.js` lies on the server
//! uncompressed, because a page loads it as it is, so every letter of it counts.
//!
//! wasm-bindgen writes for every browser, and for people to read. Here its functions become the members of one
//! object, in fewer words, and those that say the same become one; what serves browsers below the floor goes;
//! and the names that script and module share become short ([`crate::names`]).
//!
//! That works on the text which the exact version of wasm-bindgen in Cargo.toml writes. With another version the
//! build fails here and says what it no longer finds.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;

use crate::dist::LATER;
use crate::names::{self, short};

/// Under which name the module finds its imports.
const IMPORTS: &str = "a";

/// How imported functions say what they do, and how we do. Which of these occur depends on the widget.
const FORMS: &[(&str, &str)] = &[
    ("return isLikeNone(ret) ? 0 : addHeapObject(ret);", "return addOptionalObject(ret);"),
    ("return isLikeNone(ret) ? Number.MAX_SAFE_INTEGER : (ret) >>> 0;", "return optionalNumber(ret);"),
    // Asking after one of the browser's classes throws only where the class is missing.
    ("    let result;\n    try {\n        result = ", "    const ret = "),
    (
        ";\n    } catch (_) {\n        result = false;\n    }\n    const ret = result;\n    return ret;\n",
        ";\n    return ret;\n",
    ),
    // Four ways to the global object, of which the first succeeds on every page.
    ("typeof self === 'undefined' ? undefined : self", "self"),
    ("typeof window === 'undefined' ? undefined : window", "self"),
    ("typeof globalThis === 'undefined' ? undefined : globalThis", "self"),
    ("typeof global === 'undefined' ? undefined : global", "self"),
    // Two numbers are returned by writing them to where the first argument says.
    (
        "len1 = WASM_VECTOR_LEN;
    getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 1, len1, true);
    getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 0, ptr1, true);
",
        "len1 = returnPair(arg0, ptr1);\n",
    ),
    ("    const len1 = returnPair(", "    returnPair("),
    ("    var len1 = returnPair(", "    returnPair("),
    ("    var ptr1 = ", "    const ptr1 = "),
    // Closures that may not be entered again while they run differ from the others in one point only.
    ("makeClosure(arg0, arg1, ", "makeEitherClosure(true, arg0, arg1, "),
    ("makeMutClosure(arg0, arg1, ", "makeEitherClosure(false, arg0, arg1, "),
];

/// What must occur, and what serves us.
const HELPERS: &[(&str, &str)] = &[
    // Wraps a function once, instead of being called with a new one each time.
    (
        "function handleError(f, args) {\n    try {\n        return f.apply(this, args);\n",
        "const handleError = (f) => (...args) => {\n    try {\n        return f(...args);\n",
    ),
    // When the memory has grown, its buffer is another one, whatever the old one says of itself.
    (
        "cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined \
         && cachedDataViewMemory0.buffer !== wasm.memory.buffer)",
        "cachedDataViewMemory0.buffer !== wasm.memory.buffer",
    ),
    // A text is encoded and then copied, the way for callers without `realloc`: writing it into the module's
    // memory at once takes thrice the code, and texts are as short as what a person types.
    ("    if (realloc === undefined) {\n        const buf", "    {\n        const buf"),
    ("function makeEitherClosure(false, arg0", "function makeEitherClosure(again, arg0"),
    ("const a = state.a;\n        state.a = 0;\n", "const a = state.a;\n        if (!again) state.a = 0;\n"),
    // The registry frees closures that Rust gave away, once JavaScript has forgotten them. There are none: ours
    // are kept by Rust, or called once, which frees them too.
    ("            CLOSURE_DTORS.unregister(state);\n", ""),
    ("    CLOSURE_DTORS.register(real, state, state);\n", ""),
    // How the script is told of the module. Ours loads the module itself.
    (
        "export function __wbg_set_wasm(val) {\n    wasm = val;\n}\n",
        // A module that broke down once answers no more, and the loader is told: its state is worth nothing.
        "const load = async (bytes, broke) => {
    const { exports } = (await WebAssembly.instantiate(unpack(bytes), { IMPORTS: imports })).instance;
    let works = true;
    wasm = {};
    for (const name in exports) {
        const it = exports[name];
        wasm[name] = it.call ? (...args) => {
            try {
                return works ? it(...args) : 0;
            } catch (error) {
                if (works) broke();
                works = false;
                throw error;
            }
        } : it;
    }
};
",
    ),
];

/// What must occur and serves nobody any more: each is removed from its beginning to the end named.
const REMOVED: &[(&str, &str)] = &[
    ("    let len = arg.length;\n", "    return ptr;\n"),
    ("if (!('encodeInto' in cachedTextEncoder)) {\n", "\n}\n"),
    ("function makeEitherClosure(true, ", "\n}\n"),
    ("const CLOSURE_DTORS = ", ";\n"),
];

/// What the new texts call.
const ADDED: &str = "
function addOptionalObject(obj) {
    return isLikeNone(obj) ? 0 : addHeapObject(obj);
}
function optionalNumber(number) {
    return isLikeNone(number) ? Number.MAX_SAFE_INTEGER : number >>> 0;
}
function returnPair(at, ptr) {
    at >>>= 0;
    const view = getDataViewMemory0();
    view.setInt32(at + 4, WASM_VECTOR_LEN, true);
    view.setInt32(at, ptr, true);
}
";

/// The entry file of each widget is asked for while the module still arrives, and what every first page takes of the files
/// that it names, unless the publisher has to be believed first. Who asks for one then gets that answer, once.
const EARLY: &str = "
const begun = {};
const begin = (url, cache) => {
    begun[url] = self.fetch(url, { cache });
    begun[url].catch(() => {});
    return begun[url];
};
export function early(at, base) {
    for (const widget of document.querySelectorAll('huiqi-match')) {
        const folder = base((widget.getAttribute('src') || 'data/').trim().split(/ +/)[0]);
        const url = folder && at(folder, 'catalog.txt');
        if (!url || begun[url]) continue;
        const entry = begin(url, 'no-cache');
        // Nothing more of a publisher that has yet to prove who it is.
        if (!widget.getAttribute('publisher-key')) entry.then((answer) => answer.clone().text()).then((text) => {
            const parts = text.match(/^(catalogue|regions|area \\d+) \\w{24}/gm) || [];
            // Of several areas, only that of the country concerns everybody.
            const areas = parts.filter((part) => part[0] === 'a' && !part.startsWith('area 000000'));
            for (const part of parts) {
                if (parts.length < 4 || !areas.includes(part)) begin(at(folder, part.slice(-24) + '.bin'), 'default');
            }
        }).catch(() => {});
    }
    return this;
}
const fetch = (url, init) => {
    const answer = begun[url];
    delete begun[url];
    return answer || self.fetch(url, init);
};
";

/// Opens what was packed (`pack::lzma`): the length of the result stands in front. Its memory goes with it.
const UNPACK: &str = "
export function unpack(packed) {
    const code = Uint8Array.from(atob('MODULE'), (c) => c.charCodeAt(0));
    const e = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
    const size = new DataView(packed).getUint32(0, true), length = packed.byteLength - 4;
    const at = e.g(length + size);
    new Uint8Array(e.m.buffer, at).set(new Uint8Array(packed, 4));
    e.o(at, length, at + length, size);
    return new Uint8Array(e.m.buffer, at + length, size);
}
";

/// What [`shrink`] makes.
#[derive(Debug)]
pub(crate) struct Shrunk {
    pub(crate) script: String,
    pub(crate) module: Vec<u8>,
    pub(crate) pages: Vec<u8>,
}

/// Makes script and module smaller. The script is then a plain one, because only those can be checked by a hash: it leaves
/// its functions, and one that loads the module from its bytes, on its own element.
///
/// `pages` is the part of the module that is fetched later; it gets what it takes from the module from `shared`.
/// `unpack` is the module that opens the others: small enough to be compiled at once.
pub(crate) fn shrink(script: &str, module: &[u8], pages: &[u8], unpack: &[u8]) -> Result<Shrunk> {
    let shared = names::of(module)?;
    // What the pages take from the module, by short names: `shared` hands it over.
    let taken: BTreeMap<String, String> = names::of(pages)?
        .imports
        .into_iter()
        .enumerate()
        .map(|(number, name)| (name, short(number)))
        .collect();
    let pairs: Vec<String> = taken.iter().map(|(long, short)| format!("{short}: wasm.{long}")).collect();
    let (functions, mut script) = take_imports(&replace(script)?, &shared.imports)?;
    // Functions that say the same share a name.
    let mut members = String::new();
    let mut imports = BTreeMap::new();
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    for (name, function) in &functions {
        let next = short(known.len());
        let now = known.entry(function).or_insert_with(|| {
            members.push_str(&format!("    {next}: {function},\n"));
            next
        });
        imports.insert(name.clone(), now.clone());
    }
    // At the end, because it calls what stands before.
    let exports = [("memory", "m"), ("grow", "g"), ("open", "o")];
    let exports = exports.map(|(long, short)| (long.to_owned(), short.to_owned())).into();
    let unpack = names::rename(unpack, IMPORTS, &BTreeMap::new(), &exports)?;
    let unpack = UNPACK.replace("MODULE", &base64::engine::general_purpose::STANDARD.encode(unpack));
    let shared_text =
        format!("export function shared() {{ return {{ {IMPORTS}: {{ {} }} }}; }}", pairs.join(", "));
    script.push_str(&format!("{ADDED}{EARLY}{unpack}{shared_text}\nconst imports = {{\n{members}}};\n"));
    let (script, exports) = rename_exports(&script, &shared.exports)?;
    if let Some(left) = imports.keys().find(|name| script.contains(name.as_str())) {
        bail!("{left} is still in the script");
    }
    let script = plain(&script);
    Ok(Shrunk {
        script,
        module: names::rename(module, IMPORTS, &imports, &exports)?,
        pages: names::rename(pages, IMPORTS, &taken, &BTreeMap::new())?,
    })
}

/// A plain script instead of one that exports.
fn plain(script: &str) -> String {
    let heads = script.split("export function ").skip(1).filter_map(|rest| rest.split_once('('));
    let names: Vec<&str> = heads.map(|(name, _)| name).collect();
    let script = script.replace("export function ", "function ");
    let hashes: Vec<String> = LATER.iter().map(|name| format!("'{name}': 'HASH-OF-{name}'")).collect();
    let (names, hashes) = (names.join(", "), hashes.join(", "));
    format!(
        "(() => {{\n{script}document.currentScript.huiqi = {{ load, {names}, hashes: {{ {hashes} }} }};\n}})();\n"
    )
}

fn replace(script: &str) -> Result<String> {
    let gone = |text: &str| format!("wasm-bindgen no longer writes:\n{text}");
    let mut script = script.to_owned();
    for (old, new) in FORMS {
        script = script.replace(old, new);
    }
    for (old, new) in HELPERS {
        ensure!(script.contains(old), gone(old));
        script = script.replace(old, &new.replace("IMPORTS", IMPORTS));
    }
    for (start, end) in REMOVED {
        let from = script.find(start).with_context(|| gone(start))?;
        let length = script[from..].find(end).with_context(|| gone(end))? + end.len();
        script.replace_range(from..from + length, "");
    }
    // Room for a text is always made by the same function.
    const PASSED: &str = "passStringToWasm0(ret, ";
    let room = script.split_once(PASSED).and_then(|(_, rest)| rest.split_once(')'));
    let (room, _) = room.with_context(|| gone(PASSED))?;
    let (malloc, _) = room.split_once(", ").with_context(|| gone(PASSED))?;
    Ok(script.replace(&format!("passStringToWasm0(ret, {room})"), "passStringToWasm0(ret)").replace(
        "passStringToWasm0(arg, malloc, realloc)",
        &format!("passStringToWasm0(arg, malloc = {malloc})"),
    ))
}

/// The functions that the module imports, each as an arrow function with its old name, and the rest of the script.
fn take_imports(script: &str, names: &[String]) -> Result<(Vec<(String, String)>, String)> {
    let mut functions = Vec::new();
    let mut rest = String::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let head = line.strip_prefix("export function ").and_then(|head| head.split_once('('));
        match head.filter(|(name, _)| names.iter().any(|one| one == name)) {
            Some((name, head)) => {
                let mut body = Vec::new();
                let end = loop {
                    let line = lines.next().with_context(|| format!("{name} has no end"))?;
                    if line.starts_with('}') {
                        break line;
                    }
                    if !line.trim_start().starts_with("//") {
                        body.push(line.trim().to_owned());
                    }
                };
                let function =
                    arrow(head, body, end).with_context(|| format!("{name} has an unknown form"))?;
                functions.push((name.to_owned(), function));
            }
            None => {
                rest.push_str(line);
                rest.push('\n');
            }
        }
    }
    for name in names {
        let count = functions.iter().filter(|(one, _)| one == name).count();
        ensure!(count == 1, "{name} is imported by the module and {count} times in the script");
    }
    Ok((functions, rest))
}

/// A function in fewer words. Where the module expects no result, one that is returned nonetheless is dropped by
/// the browser.
fn arrow(head: &str, mut body: Vec<String>, end: &str) -> Option<String> {
    const CATCHING: &str = ") { return handleError(function (";
    let (parameters, catches) = match end {
        "}" => (head.strip_suffix(") {")?, false),
        "}, arguments); }" => (head.strip_prefix(CATCHING)?.strip_suffix(") {")?, true),
        _ => return None,
    };
    while let [.., first, second] = &body[..]
        && let Some(both) = joined(first, second)
    {
        body.truncate(body.len() - 2);
        body.push(both);
    }
    let body = match &body[..] {
        [only] if !["throw ", "const ", "let ", "if "].iter().any(|word| only.starts_with(word)) => {
            format!("({})", only.strip_prefix("return ").unwrap_or(only).strip_suffix(';')?)
        }
        _ => format!("{{ {} }}", body.join(" ")),
    };
    let arrow = format!("({parameters}) => {body}");
    Some(if catches { format!("handleError({arrow})") } else { arrow })
}

/// `const x = value;` and a second line that uses it once, before anything else is done: one line.
fn joined(first: &str, second: &str) -> Option<String> {
    let (name, value) = first.strip_prefix("const ")?.strip_suffix(';')?.split_once(" = ")?;
    for before in [
        "return ",
        "return addHeapObject(",
        "return addOptionalObject(",
        "return optionalNumber(",
        "returnPair(arg0, ",
        "returnPair(arg0, passStringToWasm0(",
    ] {
        if let Some(after) = second.strip_prefix(before).and_then(|rest| rest.strip_prefix(name))
            && [";", ");", "));"].contains(&after)
        {
            return Some(format!("{before}{value}{after}"));
        }
    }
    None
}

/// Shortens the names in every `wasm.name`, the most frequent first; returns what each became that is used.
fn rename_exports(script: &str, names: &[String]) -> Result<(String, BTreeMap<String, String>)> {
    let mut pieces = Vec::new();
    let mut uses: BTreeMap<&str, usize> = names.iter().map(|name| (name.as_str(), 0)).collect();
    let mut rest = script;
    while let Some(at) = rest.find("wasm.") {
        let (before, after) = rest.split_at(at + "wasm.".len());
        let length = after.find(|c: char| !is_word(c)).unwrap_or(after.len());
        let (name, next) = after.split_at(length);
        let count = uses.get_mut(name).with_context(|| format!("the module exports no {name:?}"))?;
        *count += 1;
        pieces.push((before, name));
        rest = next;
    }
    let mut order: Vec<(&str, usize)> = uses.into_iter().collect();
    order.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let used = order.into_iter().filter(|(_, count)| *count > 0).enumerate();
    let renamed: BTreeMap<String, String> =
        used.map(|(number, (name, _))| (name.to_owned(), short(number))).collect();
    let mut out = String::new();
    for (before, name) in pieces {
        out.push_str(before);
        out.push_str(&renamed[name]);
    }
    out.push_str(rest);
    Ok((out, renamed))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "export function mount(host) {
    return takeObject(wasm.mount(addHeapObject(host)));
}
export function __wbg_body_0da01a9a056907d8(arg0) {
    const ret = getObject(arg0).body;
    return addOptionalObject(ret);
}
export function __wbg_body_1111111111111111(arg0) {
    // Another note.
    const ret = getObject(arg0).body;
    return addOptionalObject(ret);
}
export function __wbg_focus_d5e2fdbdb56416f0() { return handleError(function (arg0) {
    getObject(arg0).focus();
}, arguments); }
export function __wbg_key_76125a528069feff(arg0, arg1) {
    const ret = getObject(arg1).key;
    const ptr1 = passStringToWasm0(ret);
    returnPair(arg0, ptr1);
}
function rest() {}
";

    fn names() -> Vec<String> {
        let heads = SCRIPT.split("export function ").filter_map(|text| text.split_once('('));
        heads.map(|(name, _)| name.to_owned()).filter(|name| name.starts_with("__wbg")).collect()
    }

    #[test]
    fn exports_become_members_of_the_script_element() {
        let script = plain("let a;\nexport function mount(host) {\n}\nfunction b() {}\n");
        assert_eq!(
            script,
            "(() => {\nlet a;\nfunction mount(host) {\n}\nfunction b() {}\n\
             document.currentScript.huiqi = { load, mount, hashes: { 'pages.bin': 'HASH-OF-pages.bin', 'search.bin': \
             'HASH-OF-search.bin', 'trust.bin': 'HASH-OF-trust.bin', 'en.bin': 'HASH-OF-en.bin' } };\n})();\n"
        );
    }

    #[test]
    fn imported_functions_become_arrows() -> Result<()> {
        let (functions, rest) = take_imports(SCRIPT, &names())?;
        let texts: Vec<&str> = functions.iter().map(|(_, text)| text.as_str()).collect();
        let body = "(arg0) => (addOptionalObject(getObject(arg0).body))";
        let focus = "handleError((arg0) => (getObject(arg0).focus()))";
        let key = "(arg0, arg1) => (returnPair(arg0, passStringToWasm0(getObject(arg1).key)))";
        assert_eq!(texts, [body, body, focus, key]);
        assert!(
            rest.contains("export function mount") && rest.ends_with("}\nfunction rest() {}\n"),
            "{rest}"
        );
        Ok(())
    }

    #[test]
    fn what_is_unknown_is_refused() {
        let missing = [names(), vec!["__wbg_gone".to_owned()]].concat();
        let error = take_imports(SCRIPT, &missing).expect_err("one import is not in the script");
        assert!(error.to_string().contains("__wbg_gone"), "{error}");
        let other = SCRIPT.replace("}, arguments); }", "}); }");
        let error = take_imports(&other, &names()).expect_err("one function has another form");
        assert!(error.to_string().contains("__wbg_focus_d5e2fdbdb56416f0 has an unknown form"), "{error}");
        let error = replace(SCRIPT).expect_err("the helpers are missing");
        assert!(error.to_string().contains("no longer writes:\nfunction handleError"), "{error}");
    }

    #[test]
    fn lines_are_joined_where_nothing_comes_between() {
        for (first, second, expected) in [
            ("const ret = a.b;", "return ret;", Some("return a.b;")),
            ("const ret = a.b;", "return addHeapObject(ret);", Some("return addHeapObject(a.b);")),
            ("const ret = a.b;", "return ret + ret;", None),
            ("const ret = a.b;", "return other(ret);", None),
            ("const ret = a.b;", "return retry;", None),
            ("var ret = a.b;", "return ret;", None),
        ] {
            assert_eq!(joined(first, second).as_deref(), expected, "{first} {second}");
        }
    }

    #[test]
    fn exports_are_renamed_by_whole_words() -> Result<()> {
        let names = ["memory", "mem", "unused"].map(str::to_owned);
        let (script, renamed) = rename_exports("wasm.mem(); wasm.memory.mem; wasm.memory", &names)?;
        assert_eq!(script, "wasm.b(); wasm.a.mem; wasm.a");
        assert_eq!(renamed.len(), 2);
        assert!(rename_exports("wasm.other()", &names).is_err());
        Ok(())
    }
}
