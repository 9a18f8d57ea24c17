#!/usr/bin/env node
// usage: node run.mjs --corpus data/1k/corpus.jsonl --queries data/1k/queries.jsonl [--engines a,b] [--work DIR] [--cold 8] [--node-only]
// prints one JSON line per engine; see README.md for the fields
import fs from 'node:fs';
import path from 'node:path';
import http from 'node:http';
import os from 'node:os';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { readJsonl, quality, relevantSets, compressAndMeasure, walk, median, quantile, r2 } from './common.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const arg = (k, d) => { const i = process.argv.indexOf('--' + k); return i < 0 ? d : process.argv[i + 1]; };
const corpus = arg('corpus'), queryFile = arg('queries'), cold = +arg('cold', 8), work = path.resolve(arg('work', path.join(here, 'work', path.basename(path.dirname(path.resolve(corpus))))));
const chromiumPath = arg('chromium', '/usr/bin/chromium');
const huiqi = arg('huiqi', null); // a folder with engine.wasm.gz, root.txt, build.json and site/: see huiqi.mjs
const JS = { 'minisearch-icu': ['minisearch', 'icu'], 'minisearch-bigram': ['minisearch', 'bigram'], orama: ['orama'], flexsearch: ['flexsearch'], lunr: ['lunr'] };
const engines = arg('engines', [...(huiqi ? ['huiqi'] : []), 'pagefind', ...Object.keys(JS)].join(',')).split(',');

if (process.argv.includes('--child')) { // builds one JS engine in a process of its own
  const [mod, kind] = JS[arg('child')], e = (await import(`./engines/${mod}.mjs`)).make(kind), docs = readJsonl(corpus);
  const t0 = performance.now(); await e.build(docs); const t1 = performance.now(); const text = await e.dump(); const t2 = performance.now();
  fs.writeFileSync(arg('dest'), text);
  console.log('RESULT ' + JSON.stringify({ buildMs: t1 - t0, dumpMs: t2 - t1, maxRssMiB: process.resourceUsage().maxRSS / 1024 }));
  process.exit(0);
}

const docs = readJsonl(corpus), queries = readJsonl(queryFile);
const rel = relevantSets(docs, queries);

function exec(cmd, args, opts = {}) {
  return new Promise((ok, no) => {
    const t0 = performance.now(), p = spawn(cmd, args, { ...opts, stdio: ['ignore', 'pipe', 'pipe'] }); let out = '', hwm = 0;
    const poll = setInterval(() => { try { const m = /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${p.pid}/status`, 'utf8')); if (m) hwm = Math.max(hwm, +m[1]); } catch { } }, 50);
    p.stdout.on('data', d => out += d); p.stderr.on('data', d => out += d);
    p.on('error', no); p.on('close', code => { clearInterval(poll); const r = { ms: performance.now() - t0, out, hwmMiB: hwm / 1024, code }; code ? no(Object.assign(new Error(`${cmd} left with ${code}: ${out.slice(-600)}`), r)) : ok(r); });
  });
}
const esc = s => s.replace(/[&<>]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' }[c]));

async function buildPagefind(dir) {
  const site = path.join(dir, 'site'); fs.mkdirSync(path.join(site, 'd'), { recursive: true });
  for (const d of docs) fs.writeFileSync(path.join(site, 'd', `${d.id}.html`), `<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>${esc(d.title)}</title></head><body data-pagefind-body><h1>${esc(d.title)}</h1>${d.body.split('\n').map(p => `<p>${esc(p)}</p>`).join('')}</body></html>`);
  const bin = path.join(here, 'node_modules/@pagefind', `${process.platform}-${process.arch}`, 'bin/pagefind_extended');
  const r = await exec(bin, ['--site', site, '--force-language', 'zh', '--output-path', path.join(dir, 'www', 'pagefind'), '--silent']);
  const pf = path.join(dir, 'www/pagefind'), all = walk(pf);
  const index = all.filter(f => /\.(pf_meta|pf_index|pf_fragment)$/.test(f) || f.endsWith('pagefind-entry.json'));
  const lib = [path.join(pf, 'pagefind.js'), path.join(pf, 'pagefind-worker.js'), ...all.filter(f => /wasm\.(zh|unknown)\.pagefind$/.test(f))].filter(f => fs.existsSync(f));
  const part = re => all.filter(f => re.test(f)).map(f => fs.statSync(f).size);
  const sum = a => a.reduce((x, y) => x + y, 0), chunks = part(/\.pf_index$/), frags = part(/\.pf_fragment$/);
  fs.writeFileSync(path.join(dir, 'www/index.html'), '<!doctype html><meta charset=utf-8><title>b</title>');
  fs.writeFileSync(path.join(dir, 'www/bench.js'), `let pf; export async function init(){ pf = await import('/pagefind/pagefind.js'); await pf.init(); }
export async function search(q,k){ const r = await pf.search(q); return r.results.slice(0,k); }
export const exact = (q,k) => search(q.split(' ').map(w=>'"'+w+'"').join(' '),k);
export const ids = async rs => (await Promise.all(rs.map(x=>x.data()))).map(d=>d.url.replace(/^.*\\/d\\//,'').replace(/\\.html$/,''));`);
  const library = compressAndMeasure(lib); compressAndMeasure([path.join(dir, 'www/bench.js')]);
  return { buildMs: r.ms, maxRssMiB: r.hwmMiB, index: compressAndMeasure(index), library, parts: { meta: sum(part(/\.pf_meta$/)), chunks: chunks.length, chunkMedian: median(chunks), chunkTotal: sum(chunks), fragments: frags.length, fragmentMedian: median(frags), fragmentTotal: sum(frags) } };
}
async function buildHuiqi(dir) { // built by the caller: the figures of the build are its own
  const www = path.join(dir, 'www'); fs.cpSync(path.join(huiqi, 'site'), path.join(www, 'data'), { recursive: true });
  for (const name of ['engine.wasm.gz', 'root.txt', 'build.json']) fs.copyFileSync(path.join(huiqi, name), path.join(www, name));
  fs.copyFileSync(path.join(here, 'huiqi.mjs'), path.join(www, 'bench.js'));
  fs.writeFileSync(path.join(www, 'index.html'), '<!doctype html><meta charset=utf-8><title>b</title>');
  const build = JSON.parse(fs.readFileSync(path.join(www, 'build.json'), 'utf8'));
  const stored = /\.(bin|gz|txt)$/;
  return { ...build, index: compressAndMeasure(walk(path.join(www, 'data')), stored), library: compressAndMeasure([path.join(www, 'engine.wasm.gz'), path.join(www, 'bench.js')], stored) };
}
async function buildJs(name, dir) {
  const [mod, kind] = JS[name], www = path.join(dir, 'www'); fs.mkdirSync(www, { recursive: true });
  const r = await exec(process.execPath, ['--max-old-space-size=12000', path.join(here, 'run.mjs'), '--child', name, '--corpus', corpus, '--dest', path.join(www, 'index.json')], { cwd: process.cwd() });
  const res = JSON.parse(/RESULT (.*)/.exec(r.out)[1]);
  await esbuild.build({ stdin: { contents: `import {make} from './engines/${mod}.mjs'; const e = make(${JSON.stringify(kind)}); export async function init(){ await e.load(await (await fetch('/index.json')).text()); } export const search=(q,k)=>e.search(q,k); export const ids = rs => rs.map(x=>x[0]);`, resolveDir: here, loader: 'js' }, bundle: true, minify: true, format: 'esm', platform: 'browser', outfile: path.join(www, 'bench.js'), logLevel: 'error' });
  fs.writeFileSync(path.join(www, 'index.html'), '<!doctype html><meta charset=utf-8><title>b</title>');
  return { ...res, index: compressAndMeasure([path.join(www, 'index.json')]), library: compressAndMeasure([path.join(www, 'bench.js')]) };
}
function serve(root) {
  const log = { bytes: 0, requests: 0, byKind: {} };
  const s = http.createServer((req, res) => {
    const p = path.join(root, decodeURIComponent(req.url.split('?')[0]).replace(/\/$/, '/index.html'));
    if (!p.startsWith(root) || !fs.existsSync(p)) { res.writeHead(404); return res.end(); }
    const useBr = /\bbr\b/.test(req.headers['accept-encoding'] || '') && fs.existsSync(p + '.br'), body = fs.readFileSync(useBr ? p + '.br' : p);
    const type = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json' }[path.extname(p)] || 'application/octet-stream';
    const head = { 'content-type': type, 'content-length': body.length, 'cache-control': 'max-age=3600', ...(useBr ? { 'content-encoding': 'br' } : {}) };
    const k = path.extname(p).slice(1); log.bytes += body.length; log.requests++; (log.byKind[k] ??= [0, 0])[0]++; log.byKind[k][1] += body.length;
    res.writeHead(200, head); res.end(body);
  });
  return new Promise(ok => s.listen(0, '127.0.0.1', () => ok({ url: `http://127.0.0.1:${s.address().port}/`, log, reset: () => { log.bytes = 0; log.requests = 0; log.byKind = {}; }, close: () => new Promise(r => { s.closeAllConnections(); s.close(r); }) })));
}
async function withPage(fn) {
  const { chromium } = await import('playwright-core');
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-prof-'));
  const ctx = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath, headless: true, args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  try { const page = ctx.pages()[0] ?? await ctx.newPage(); page.setDefaultTimeout(600000); return await fn(page); }
  finally { await ctx.close(); fs.rmSync(profile, { recursive: true, force: true }); }
}
async function browserPart(www) {
  const srv = await serve(www), out = {};
  try {
    const phrases = queries.filter(q => q.cls === 'phrase'), phrase = phrases.length ? phrases : queries, step = Math.max(1, Math.floor(phrase.length / cold)), rows = [];
    for (let i = 0; i < cold; i++) rows.push(await withPage(async page => {
      await page.goto(srv.url); srv.reset();
      const r = await page.evaluate(async q => { const t0 = performance.now(); const m = await import('/bench.js'); await m.init(); const t1 = performance.now(); const rs = await m.search(q, 10); const t2 = performance.now(); performance.mark('ranked'); window.__m = m; window.__rs = rs; return { init: t1 - t0, ranked: t2 - t0, n: rs.length }; }, phrase[(i * step) % phrase.length].q);
      const ranked = { bytes: srv.log.bytes, requests: srv.log.requests };
      const shown = await page.evaluate(async () => { const t0 = performance.now(); await window.__m.ids(window.__rs); return performance.now() - t0; });
      return { ...r, shownMs: r.ranked + shown, rankedBytes: ranked.bytes, rankedReq: ranked.requests, shownBytes: srv.log.bytes, shownReq: srv.log.requests, kinds: structuredClone(srv.log.byKind) };
    }));
    const m = k => median(rows.map(r => r[k])), x = k => Math.max(...rows.map(r => r[k]));
    out.cold = { runs: rows.length, rankedBytes: m('rankedBytes'), rankedBytesMax: x('rankedBytes'), rankedReq: m('rankedReq'), shownBytes: m('shownBytes'), shownBytesMax: x('shownBytes'), shownReq: m('shownReq'), initMs: r2(m('init')), rankedMs: r2(m('ranked')), shownMs: r2(m('shownMs')), kindsOfOneRun: rows[0].kinds };
    const pass = await withPage(async page => {
      await page.goto(srv.url); srv.reset();
      return await page.evaluate(async qs => {
        const m = await import('/bench.js'); await m.init(); const p1 = [], p2 = [], tops = [];
        for (const q of qs) { const t = performance.now(); const rs = await m.search(q, 10); p1.push(performance.now() - t); tops.push(await m.ids(rs)); }
        for (const q of qs) { const t = performance.now(); await m.search(q, 10); p2.push(performance.now() - t); }
        let computed = null; if (m.warm) computed = qs.map(q => m.warm(q, 10));
        let topsExact = null; if (m.exact) { topsExact = []; for (const q of qs) topsExact.push(await m.ids(await m.exact(q, 10))); }
        return { p1, p2, tops, topsExact, computed };
      }, queries.map(q => q.q));
    });
    // How long nothing else can happen in the page while a query is answered for the first time: the longest pause of a
    // heartbeat of messages.
    const pauses = await withPage(async page => {
      await page.goto(srv.url);
      return await page.evaluate(async qs => {
        const m = await import('/bench.js'); await m.init();
        const { port1, port2 } = new MessageChannel(); let last = 0, longest = 0, on = true;
        port1.onmessage = () => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; if (on) port2.postMessage(0); };
        last = performance.now(); port2.postMessage(0);
        const all = [], idle = [], pause = ms => new Promise(r => setTimeout(r, ms));
        for (const q of qs) { await pause(5); longest = 0; await m.search(q, 10); await pause(0); all.push(longest); }
        // The same without a search: what the machine itself does to the page.
        for (const q of qs) { await pause(5); longest = 0; await pause(5); idle.push(longest); }
        on = false; return { all, idle, call: m.longest ? m.longest() : null };
      }, queries.map(q => q.q));
    });
    out.blocked = { median: r2(median(pauses.all)), p99: r2(quantile(pauses.all, .99)), max: r2(Math.max(...pauses.all)), idleP99: r2(quantile(pauses.idle, .99)), idleMax: r2(Math.max(...pauses.idle)), call: pauses.call === null ? null : r2(pauses.call) };
    out.sessionBytes = srv.log.bytes; out.tops = pass.tops; out.topsExact = pass.topsExact;
    if (pass.computed) out.computed = { median: r2(median(pass.computed)), p99: r2(quantile(pass.computed, .99)) };
    out.latency = {};
    for (const cls of ['all', ...new Set(queries.map(q => q.cls))]) { const ix = queries.map((q, i) => i).filter(i => cls === 'all' || queries[i].cls === cls); out.latency[cls] = { first: r2(median(ix.map(i => pass.p1[i]))), firstP99: r2(quantile(ix.map(i => pass.p1[i]), .99)), warm: r2(median(ix.map(i => pass.p2[i]))), warmP99: r2(quantile(ix.map(i => pass.p2[i]), .99)) }; }
    return out;
  } finally { await srv.close(); }
}
for (const name of engines) {
  const dir = path.join(work, name); fs.rmSync(dir, { recursive: true, force: true }); fs.mkdirSync(dir, { recursive: true });
  const row = { engine: name, corpus: path.basename(path.dirname(path.resolve(corpus))), docs: docs.length };
  try {
    const b = name === 'huiqi' ? await buildHuiqi(dir) : name === 'pagefind' ? await buildPagefind(dir) : await buildJs(name, dir);
    Object.assign(row, { buildMs: r2(b.buildMs), docsPerSec: r2(docs.length / b.buildMs * 1000), maxRssMiB: Math.round(b.maxRssMiB), index: b.index, library: b.library, ...(b.parts ? { parts: b.parts } : {}) });
    if (!process.argv.includes('--node-only')) { const { tops, topsExact, ...rest } = await browserPart(path.join(dir, 'www')); Object.assign(row, rest); row.quality = quality(queries, tops, rel); if (topsExact) row.qualityQuoted = quality(queries, topsExact, rel); fs.writeFileSync(path.join(dir, 'tops.json'), JSON.stringify(tops)); }
  } catch (e) { row.error = String(e.message || e).slice(0, 800); }
  console.log(JSON.stringify(row));
}
