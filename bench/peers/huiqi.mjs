// The product as one of the engines: parts are fetched, opened and handed to the module, all of one round at once.
// run.mjs puts this file as bench.js beside engine.wasm, root.txt (the name of the root) and the parts.
const parts = new Map();
let longestCall = 0;
// The module's functions, timed: how long the page stands still at most.
const timed = (exports) => Object.fromEntries(Object.entries(exports).map(([name, f]) => [name, typeof f !== 'function' ? f : (...args) => {
  const t = performance.now(), result = f(...args); longestCall = Math.max(longestCall, performance.now() - t); return result;
}]));
export const longest = () => longestCall;
let engine, simplifier, opened = false;

// Making room may move the memory: the place first, the view after it.
const put = (bytes) => { const place = engine.input(bytes.length); new Uint8Array(engine.memory.buffer, place, bytes.length).set(bytes); };
const text = () => { const place = engine.output(), length = engine.output_length(); return new TextDecoder().decode(new Uint8Array(engine.memory.buffer, place, length)); };
const fetched = (name) => {
  if (!parts.has(name)) parts.set(name, fetch(`/data/${name}.bin`).then(async (r) => new Uint8Array(await new Response(r.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer())));
  return parts.get(name);
};
// Each part is opened when it arrives, as in the widget.
const provide = (names) => Promise.all(names.map(async (name) => {
  const raw = await fetched(name);
  const bytes = new Uint8Array(24 + raw.length); bytes.set(new TextEncoder().encode(name)); bytes.set(raw, 24); put(bytes);
  if (!engine.provide()) throw new Error(`damaged: ${name}`);
}));

export async function init() {
  const code = fetch('/engine.wasm.gz').then(async (r) => new Response(r.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  const root = fetch('/root.txt').then((r) => r.text()).then((name) => fetched(name.trim()));
  engine = timed((await WebAssembly.instantiate(await code, {})).instance.exports);
  put(await root);
  if (!engine.open()) throw new Error('damaged root');
  simplifier = text();
}
const ask = (q) => { put(new TextEncoder().encode(q)); engine.ask(); };
const gather = async () => { while (engine.needs()) await provide(text().split('\n')); };

// The last answer: everything that can change it has arrived.
export async function search(q, k) {
  ask(q);
  await gather();
  if (!opened && engine.lacks()) {
    opened = true;
    put(await fetched(simplifier)); engine.simplify();
    ask(q);
    await gather();
  }
  engine.rank(k);
  return { q, k };
}
export async function ids({ q, k }) {
  ask(q);
  engine.rank(k);
  if (engine.heads()) await provide(text().split('\n'));
  engine.ids();
  return text().split('\n').filter(Boolean);
}
// A query of which everything is there: the module alone, in milliseconds.
export const warm = (q, k) => { const t = performance.now(); ask(q); engine.rank(k); return performance.now() - t; };
