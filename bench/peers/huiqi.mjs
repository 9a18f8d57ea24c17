// The product as one of the engines: its search module, as the widget loads it (widget/src/search.rs). Parts are fetched
// and handed over, all of one round at once. run.mjs puts this file as bench.js beside engine.wasm.gz, root.txt (the name
// of the root) and the parts.
const parts = new Map();
let engine, names, simplified = false;

// How long the page stands still at most: the longest call into the module.
let longestCall = 0;
export const longest = () => longestCall;
const call = (name, input = new Uint8Array()) => {
  const t = performance.now();
  // Making room may move the memory: the place first, the view after it.
  const place = engine.input(input.length);
  new Uint8Array(engine.memory.buffer, place, input.length).set(input);
  engine[name]();
  longestCall = Math.max(longestCall, performance.now() - t);
  return reader(new Uint8Array(engine.memory.buffer, engine.output(), engine.output_length()));
};

// engine/src/codec.rs: numbers in groups of seven bits, lengths before texts and lists.
const reader = (bytes) => {
  let at = 0;
  const uint = () => { let value = 0, shift = 1, byte; do { byte = bytes[at++]; value += (byte & 127) * shift; shift *= 128; } while (byte & 128); return value; };
  const string = () => { const n = uint(); at += n; return new TextDecoder().decode(bytes.slice(at - n, at)); };
  return { uint, string, list: (read) => Array.from({ length: uint() }, read) };
};
const uint = (value) => { const out = []; do { out.push((value & 127) | (value > 127 ? 128 : 0)); value = Math.floor(value / 128); } while (value); return out; };
const joined = (...pieces) => { const out = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0)); let at = 0; for (const p of pieces) { out.set(p, at); at += p.length; } return out; };
const utf8 = (text) => new TextEncoder().encode(text);
const fine = (r) => { const error = r.string(); if (error) throw new Error(error); return r; };

const fetched = (name) => {
  if (!parts.has(name)) parts.set(name, fetch(`/data/${name}.bin`).then(async (r) => new Uint8Array(await new Response(r.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer())));
  return parts.get(name);
};
// Each part is opened when it arrives, as in the widget.
const provide = (list) => Promise.all(list.map(async (name) => { const raw = await fetched(name); fine(call('provide', joined(utf8(name), raw))); }));

export async function init() {
  const code = fetch('/engine.wasm.gz').then(async (r) => new Response(r.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  const root = fetch('/root.txt').then((r) => r.text()).then((name) => fetched(name.trim()));
  engine = (await WebAssembly.instantiate(await code, {})).instance.exports;
  const r = fine(call('root', await root));
  names = { words: r.string(), simplifier: r.string(), sounds: r.string() };
  // The widget fetches the words meanwhile.
  await new Promise((done) => setTimeout(done));
  call('open');
}
const ask = (q) => { call('ask', utf8(q)); };
// Parts to be fetched, each with the number of its area.
const named = (r) => r.list(() => { r.uint(); return r.string(); });
const gather = async () => { for (;;) { const list = named(call('needs')); if (!list.length) return; await provide(list); } };
const rank = (k) => { const r = call('rank', new Uint8Array(uint(k))); const total = r.uint(), full = r.uint(), lacks = r.uint(); return { total, full, lacks, hits: r.list(() => ({ entry: r.uint(), row: r.uint(), tier: r.uint(), year: r.uint() })) }; };

// The last answer: everything that can change it has arrived.
export async function search(q, k) {
  ask(q);
  await gather();
  let found = rank(k);
  if (!simplified && found.lacks && !found.full) {
    simplified = true;
    fine(call('simplify', await fetched(names.simplifier)));
    ask(q);
    await gather();
    found = rank(k);
  }
  return { q, found };
}
export async function ids({ q, found }) {
  ask(q);
  const entries = found.hits.map((hit) => hit.entry), r = call('lookup', new Uint8Array([entries.length, ...entries, 0].flatMap(uint)));
  await provide(named(r));
  return entries.map((entry) => call('describe', new Uint8Array([...uint(entry), 0])).string());
}
// A query of which everything is there: the module alone, in milliseconds.
export const warm = (q, k) => { const t = performance.now(); ask(q); rank(k); return performance.now() - t; };
