/* huiqi-match: loads the widget once and tells when <huiqi-match> is there.
   Importing this file does nothing, and on a server define() does nothing. */

const TAG = 'huiqi-match';
/* What `cargo xtask dist` put into widget/. The loader checks the other files. */
const LOADER = 'HASH-OF-loader.js';
let started, policy;

/* Written out one by one: only so do bundlers see these files, copy them and
   fill in their new names. no-inline: Vite would make a data: address of a
   small file, which no strict policy allows. */
function bundled() {
  return {
    'loader.js': new URL('./widget/loader.js?no-inline', import.meta.url).href,
    'app.js': new URL('./widget/app.js?no-inline', import.meta.url).href,
    'app.bin': new URL('./widget/app.bin?no-inline', import.meta.url).href,
    'pages.bin': new URL('./widget/pages.bin?no-inline', import.meta.url).href,
    'search.bin': new URL('./widget/search.bin?no-inline', import.meta.url).href,
    'en.bin': new URL('./widget/en.bin?no-inline', import.meta.url).href,
    'trust.bin': new URL('./widget/trust.bin?no-inline', import.meta.url).href,
  };
}

/* A policy of its own: the loader makes one called huiqi, and a page may allow
   each name only once. */
function trusted(url) {
  if (!self.trustedTypes) return url;
  try {
    policy = policy || trustedTypes.createPolicy('huiqi-npm', { createScriptURL: (u) => u });
  } catch (e) {
    throw new Error('本页的安全策略（CSP）不允许：请网站管理员在 trusted-types 里写上 huiqi 和 huiqi-npm。');
  }
  return policy.createScriptURL(url);
}

function load({ base, extension, map }) {
  return new Promise((good, bad) => {
    const script = document.createElement('script');
    let url;
    if (base) {
      /* The loader finds the rest beside itself. */
      url = new URL(String(base).replace(/\/?$/, '/') + 'loader.js', document.baseURI).href;
    } else {
      const files = bundled();
      url = files['loader.js'];
      script.huiqi = files;
      /* Of policy files only, then: the loader asks for all by the new name. */
      if (extension) for (const name in files) files[name.replace(/bin$/, extension)] = files[name];
    }
    if (extension) script.dataset.extension = extension;
    if (map) script.dataset.map = map;
    const failed = () => {
      script.remove();
      bad(new Error('惠企通组件没能打开：' + url + ' 没读到，或者不是这个版本的 huiqi-match 里的那个文件（打包时被压缩、改过）。' +
        '可以把包里的 widget 目录原样放到网站上，写 define({ base: \'/放的地方/\' })。'));
    };
    script.integrity = LOADER;
    script.crossOrigin = 'anonymous';
    script.onerror = failed;
    /* It has run; whether it could, the page shows. */
    script.onload = () => { if (customElements.get(TAG)) good(); else failed(); };
    script.src = trusted(url);
    document.head.append(script);
  });
}

export function define(options) {
  if (typeof customElements === 'undefined' || customElements.get(TAG)) return Promise.resolve();
  if (!started) {
    started = load(options || {});
    /* A page that was offline may try again. */
    started.catch(() => { started = undefined; });
  }
  return started;
}
