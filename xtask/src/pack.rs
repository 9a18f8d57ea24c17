//! Makes files small before they are published. Many servers compress nothing, so what lies on the server
//! is what a phone pays.

use std::num::NonZeroU64;

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use liblzma::stream::{Action, Filters, LzmaOptions, MatchFinder, Status, Stream};
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_compat::EngineTargets;
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;
use sha2::Digest as _;

/// The same script, shorter, and pure ASCII whatever it holds: pages in GB2312 load it too.
pub(crate) fn minify(name: &str, source: &str) -> Result<String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::cjs()).parse();
    if let Some(error) = parsed.diagnostics.first() {
        bail!("{name}: {error}");
    }
    let mut program = parsed.program;
    // The oldest supported browser decides which syntax may appear.
    let target = EngineTargets::from_target("chrome80").map_err(anyhow::Error::msg)?;
    let compress = CompressOptions { target, ..CompressOptions::smallest() };
    let options = MinifierOptions {
        mangle: Some(MangleOptions::default()),
        compress: Some(compress),
        mangle_properties: None,
    };
    let minified = Minifier::new(options).minify(&allocator, &mut program);
    let code = Codegen::new()
        .with_options(CodegenOptions::minify())
        .with_scoping(minified.scoping)
        .build(&program)
        .code;
    Ok(escape(&code))
}

/// Writes characters outside ASCII as escapes. They stand in strings only, where that means the same.
fn escape(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut units = [0; 2];
    for c in code.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// What `integrity` in HTML and `fetch` names a file by.
pub(crate) fn integrity(bytes: &[u8]) -> String {
    let hash = sha2::Sha256::digest(bytes);
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(hash))
}

/// Gzip by an exhaustive search, some 5 % below the usual best. The header holds no time.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    // A module has more kinds of content than the 15 blocks that are usual; it comes to some 30.
    // More rounds as well: some seconds once for a few hundred bytes less for every visitor.
    let iteration_count = NonZeroU64::new(40).context("rounds")?;
    let options =
        zopfli::Options { iteration_count, maximum_block_splits: 100, ..zopfli::Options::default() };
    let mut out = Vec::new();
    zopfli::compress(options, zopfli::Format::Gzip, bytes, &mut out).context("zopfli")?;
    Ok(out)
}

/// LZMA as `widget/unpack` reads it, with the length of `bytes` in front (four bytes, the lowest first): a sixth less than
/// [`gzip`]. What was packed is unpacked here before anybody downloads it.
pub(crate) fn lzma(bytes: &[u8]) -> Result<Vec<u8>> {
    const EXTREME: u32 = 9 | 1 << 31;
    let mut options = LzmaOptions::new_preset(EXTREME)?;
    options.literal_context_bits(4).literal_position_bits(0).position_bits(0);
    // The finder that looks for the shortest matches, at length: modules are short, and built once.
    options.match_finder(MatchFinder::BinaryTree2).depth(4000);
    let mut filters = Filters::new();
    filters.lzma1(&options);
    let mut stream = Stream::new_raw_encoder(&filters)?;
    let mut packed = u32::try_from(bytes.len())?.to_le_bytes().to_vec();
    loop {
        packed.reserve(bytes.len() / 2 + 1024);
        let done = usize::try_from(stream.total_in())?;
        if stream.process_vec(&bytes[done..], &mut packed, Action::Finish)? == Status::StreamEnd {
            break;
        }
    }
    let mut back = vec![0; bytes.len()];
    huiqi_unpack::unpack(&packed[4..], &mut back);
    ensure!(back == bytes, "widget/unpack does not read what was packed");
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_get_shorter_and_stay_ascii() {
        let source =
            "/* note */ (function () { var message = '政策'; console.log(message + \"\\u2028\"); })();";
        let short = minify("x.js", source).unwrap();
        assert!(
            short.is_ascii() && short.len() < source.len() && short.contains("\\u653f\\u7b56"),
            "{short}"
        );
        assert!(minify("x.js", "let 1;").is_err());
    }

    #[test]
    fn lzma_reads_back() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(|n| (n * n / 7).to_le_bytes()).collect();
        let noise = text.iter().scan(7_u32, |s, b| {
            *s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223 + u32::from(*b));
            Some((*s >> 24) as u8)
        });
        let noise: Vec<u8> = noise.collect();
        for bytes in [&b""[..], b"a", &b"abcabcabc".repeat(100), &text, &noise, &[0; 70_000]] {
            let packed = lzma(bytes).unwrap();
            assert_eq!(packed[..4], (bytes.len() as u32).to_le_bytes());
        }
        // Damaged bytes are other bytes, never a panic.
        let mut packed = lzma(&text).unwrap();
        for at in (4..packed.len()).step_by(97) {
            packed[at] ^= 0x55;
            let mut out = vec![0; text.len()];
            huiqi_unpack::unpack(&packed[4..], &mut out);
        }
        huiqi_unpack::unpack(&[], &mut [0; 100]);
    }

    #[test]
    fn gzip_reads_back() {
        use std::io::Read as _;
        let bytes = b"abcabcabc".repeat(100);
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&gzip(&bytes).unwrap()[..]).read_to_end(&mut back).unwrap();
        assert_eq!(back, bytes);
    }
}
