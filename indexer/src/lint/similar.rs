//! Which texts are nearly the same, without comparing each with each: MinHash signatures (Broder 1997) in bands.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher as _};

/// Bands of a signature and numbers per band: texts of which 85 % agree share a band with near certainty.
const BANDS: usize = 8;
const ROWS: usize = 4;
/// Most earlier texts of one band that a text is compared with.
const COMPARED: usize = 8;

/// Pieces of a text.
pub(super) type Shingles = BTreeSet<u64>;

/// Every run of `n` letters or digits, hashed.
pub(super) fn shingles(text: &str, n: usize) -> Shingles {
    let chars: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    chars.windows(n.min(chars.len()).max(1)).map(|window| hash(&window)).collect()
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Share of pieces that two texts have in common (Jaccard).
fn likeness(a: &Shingles, b: &Shingles) -> f64 {
    let common = a.intersection(b).count();
    let all = a.len() + b.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

/// For each text that is at least `least` like an earlier one: its number, the earlier one's, and the likeness.
pub(super) fn pairs(texts: &[Shingles], least: f64) -> Vec<(usize, usize, f64)> {
    let mut buckets: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        if text.is_empty() {
            continue;
        }
        let signature: Vec<u64> = (0..BANDS * ROWS)
            .map(|seed| {
                let mixed = text.iter().map(|piece| mix(*piece, seed as u64));
                mixed.min().unwrap_or_default()
            })
            .collect();
        let mut candidates = BTreeSet::new();
        for (band, rows) in signature.chunks(ROWS).enumerate() {
            let bucket = buckets.entry((band, hash(&rows))).or_default();
            candidates.extend(bucket.iter().copied());
            if bucket.len() < COMPARED {
                bucket.push(at);
            }
        }
        let best = candidates
            .into_iter()
            .map(|other| (other, likeness(text, &texts[other])))
            .filter(|(_, share)| *share >= least)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        found.extend(best.map(|(other, share)| (at, other, share)));
    }
    found
}

/// One of many independent orders of the pieces (the finaliser of SplitMix64).
fn mix(piece: u64, seed: u64) -> u64 {
    let mut z = piece ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
