//! Publishers: where their files are, whether they are who the page says, what they may speak for.

use huiqi_engine::bundle::{self, CATALOG_NAME, Catalog, RegionRoot};
use huiqi_engine::catalogue::{Catalogue, Code};
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::federation::Renumbering;
use huiqi_engine::trust::{Authority, KEYS_NAME};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::Page;
use crate::fetch::{self, Cache, Fetched, LoadError};

/// Most publishers in one page.
const LIMIT: usize = 8;

#[wasm_bindgen]
extern "C" {
    // Where nothing may be stored, both throw.
    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = getItem)]
    fn get_item(key: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = setItem)]
    fn set_item(key: &str, value: &str) -> Result<(), JsValue>;
}

/// Where the files of a publisher are, and by which key it is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    page: Page,
    /// Address of the folder, with a slash at its end.
    folder: String,
    /// `publisher-key`: nothing, or the public key of the publisher's root.
    key: String,
}

impl Source {
    /// What the attributes `src` and `publisher-key` say: two lists, side by side.
    pub(crate) fn all(page: &Page, src: &str, keys: &str) -> Vec<Self> {
        let keys: Vec<&str> = keys.split_whitespace().collect();
        let key = |at: usize| keys.get(at).filter(|key| **key != "-").copied().unwrap_or_default().to_owned();
        let words: Vec<&str> = src.split_whitespace().collect();
        let mut all = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let folder = page.base(word);
            if folder.is_empty() {
                crate::refuse("src", " http 或 https 地址", word);
            } else if all.len() == LIMIT {
                crate::refuse("src", "至多 8 个地址", word);
            } else {
                all.push(Self { page: page.clone(), folder, key: key(at) });
            }
        }
        if let Some(more) = keys.get(words.len().max(1)) {
            crate::refuse("publisher-key", "和 src 一样多", more);
        }
        if all.is_empty() {
            all.push(Self { page: page.clone(), folder: page.base("data/"), key: key(0) });
        }
        all
    }

    /// Fetches a file as it is stored.
    async fn file(&self, name: &str, cache: Cache) -> Fetched<Vec<u8>> {
        fetch::file(&self.page.at(&self.folder, name), name, cache).await
    }

    /// Fetches, checks and opens a part.
    pub(crate) async fn part(&self, name: &str) -> Fetched<Vec<u8>> {
        fetch::part(&self.page.at(&self.folder, &format!("{name}.{}", bundle::PART_EXTENSION)), name).await
    }

    /// Decides whether `catalog` comes from the publisher; for whom it may speak.
    async fn trust(&self, catalog: &[u8]) -> Fetched<Authority> {
        let failed = |_| LoadError::new("核对签名的组件没能打开，刷新页面再试一次");
        let call = JsFuture::from(self.page.module("trust.bin")).await.map_err(failed)?;
        let keys = self.file(KEYS_NAME, Cache::Ask).await?;
        let place = format!("huiqi {}", self.folder);
        let seen = get_item(&place).ok().flatten().unwrap_or_default();
        let mut seen = seen.split(' ').map(|number| number.parse::<u64>().unwrap_or_default());
        let mut w = Writer::new();
        w.str(&self.key);
        w.blob(&keys);
        w.blob(catalog);
        for _ in 0..2 {
            w.uint(u128::from(seen.next().unwrap_or_default()));
        }
        let call: js_sys::Function = call.unchecked_into();
        let input = Uint8Array::from(&w.into_bytes()[..]);
        let answer = call.call2(&JsValue::NULL, &"check".into(), &input).map_err(failed)?;
        let answer = answer.unchecked_into::<Uint8Array>().to_vec();
        let mut r = Reader::new(&answer);
        let error = r.string();
        if !error.is_empty() {
            return Err(LoadError::new(format!("{}：{error}", self.folder)));
        }
        r.string();
        // Technical numbers, no fact about a firm; without storage, `expires` alone protects from old data.
        let _ = set_item(&place, &format!("{} {}", r.uint(), r.uint()));
        Ok(Authority::read(&mut r))
    }
}

/// A bundle, as far as the first screen needs it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub source: Source,
    pub catalog: Catalog,
    /// What the publisher may speak for; nothing where the page names no key.
    pub authority: Option<Authority>,
    /// Tables of areas, with the numbers of the areas in the catalog.
    pub tables: Vec<(usize, Fetched<Vec<u8>>)>,
    pub catalogue: Catalogue,
    pub regions: RegionRoot,
}

async fn load(source: Source, region: Option<Code>) -> Fetched<Loaded> {
    let bytes = source.file(CATALOG_NAME, Cache::Ask).await?;
    let authority = if source.key.is_empty() { None } else { Some(source.trust(&bytes).await?) };
    let catalog = Catalog::parse(&bytes)?;
    if catalog.is_ahead((js_sys::Date::now() / 1000.0) as u64) {
        return Err(LoadError::new(format!(
            "数据是{}发布的，比本机日期还晚：先校准设备的日期",
            catalog.published.chinese()
        )));
    }
    let areas = catalog.areas_of(region.as_slice());
    let tables = fetch::all(areas.iter().filter_map(|at| Some(source.part(&catalog.areas.get(*at)?.1))));
    let rest = futures_util::future::join(source.part(&catalog.catalogue), source.part(&catalog.regions));
    let (tables, (catalogue, regions)) = futures_util::future::join(tables, rest).await;
    let tables: Vec<(usize, Fetched<Vec<u8>>)> = areas.into_iter().zip(tables).collect();
    // Nothing at all is a failure; a part of it is not.
    if let [(_, Err(error))] = &tables[..] {
        return Err(error.clone());
    }
    let mut catalogue = bundle::decode_catalogue(&catalogue?)?;
    let regions = RegionRoot::decode(&regions?)?;
    catalogue.regions = regions.names.clone();
    Ok(Loaded { source, catalog, authority, tables, catalogue, regions })
}

/// Loads the bundles of all publishers.
pub(crate) async fn load_all(sources: Vec<Source>, region: Option<Code>) -> Vec<Fetched<Loaded>> {
    fetch::all(sources.into_iter().map(|source| load(source, region))).await
}

/// A publisher whose bundle is used.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub source: Source,
    pub catalog: Catalog,
    pub authority: Option<Authority>,
    /// What its numbers are in the catalogue of the page; none of the first publisher's changes.
    pub numbers: Option<Renumbering>,
}
