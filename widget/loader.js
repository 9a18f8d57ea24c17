/* huiqi loader: registers <huiqi-match>, keeps its content as fallback until
   the widget is ready, and says what is wrong when it cannot start. Published
   as pure ASCII (`cargo xtask dist` escapes the rest): pages in GB2312 load it too. */
(function () {
  'use strict';
  var script = document.currentScript;
  var here = new URL('.', script && script.src ? script.src : location.href).href;
  if (!window.customElements || customElements.get('huiqi-match')) return;
  /* What `cargo xtask dist` built; the tag names the hash of this file. */
  var hashes = { 'app.js': 'HASH-OF-app.js', 'app.bin': 'HASH-OF-app.bin', 'search.bin': 'HASH-OF-search.bin' };
  var app, search, policy;

  /* An empty module: throws at once where the page's CSP forbids WebAssembly. */
  function forbidden() {
    try {
      new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      return '';
    } catch (e) {
      var chrome = /Chrom(?:e|ium)\/(\d+)/.exec(navigator.userAgent);
      if (chrome && +chrome[1] < 97) {
        /* This page forbids WebAssembly and Chromium N has no keyword for it. */
        return '本页的安全策略（CSP）不允许 WebAssembly，'
          + '你的浏览器（Chromium ' + chrome[1] + '）又不认识放行它的关键字'
          + '，97 版起才认识。请换新版浏览器。';
      }
      /* This page's CSP lacks 'wasm-unsafe-eval' in script-src. */
      return '本页的安全策略（CSP）不允许 WebAssembly：'
        + '请网站管理员在 script-src 里加上 \'wasm-unsafe-eval\'。';
    }
  }

  /* Stored compressed, because many servers compress no wasm, and opened
     here, so that neither encoding nor MIME type of the server matters. */
  function open(name) {
    return fetch(here + name, { integrity: hashes[name] }).then(function (r) {
      if (!r.ok) throw new Error(name + ' ' + r.status);
      return new Response(r.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
    });
  }

  /* The search engine, fetched with the first word that is typed: a new
     instance for each widget, as a function of a name and bytes. */
  function find() {
    search = search || open('search.bin').then(function (bytes) { return WebAssembly.compile(bytes); });
    search.catch(function () { search = null; });
    return search.then(function (module) {
      return WebAssembly.instantiate(module);
    }).then(function (instance) {
      var e = instance.exports;
      return function (name, input) {
        var at = e.input(input.length);
        new Uint8Array(e.memory.buffer, at, input.length).set(input);
        e[name]();
        return new Uint8Array(e.memory.buffer, e.output(), e.output_length());
      };
    });
  }

  /* A module cannot be checked when it is imported, a script can: it leaves
     its functions on its own element, and the page sees nothing of it. */
  function code(name) {
    return new Promise(function (good, bad) {
      var s = document.createElement('script'), url = here + name;
      s.integrity = hashes[name];
      s.crossOrigin = 'anonymous';
      s.onload = function () { s.remove(); good(s.huiqi); };
      /* Not there, or not what this loader was built with. */
      s.onerror = function () { s.remove(); bad(new Error(name + ' 没读到，或者和 loader.js 不是同一版')); };
      if (window.trustedTypes) {
        policy = policy || trustedTypes.createPolicy('huiqi', { createScriptURL: function (u) { return u; } });
        url = policy.createScriptURL(url);
      }
      s.src = url;
      document.head.append(s);
    });
  }

  function start() {
    if (app) return app;
    app = Promise.all([code('app.js'), open('app.bin')]).then(function (got) {
      return got[0].load(got[1]).then(function () { return got[0]; });
    });
    app.catch(function () { app = null; });
    return app;
  }

  class HuiqiMatch extends HTMLElement {
    connectedCallback() {
      var self = this;
      if (!this._root) {
        this._root = this.attachShadow({ mode: 'closed' });
        this._note = document.createElement('p');
        this._place = document.createElement('div');
        this._slot = document.createElement('slot');
        this._note.setAttribute('role', 'status');
        this._note.hidden = true;
        this._root.append(this._note, this._place, this._slot);
      }
      var reason = forbidden();
      if (reason) return this._say(reason);
      start().then(function (module) {
        if (!self.isConnected || self._end) return;
        var src = self.getAttribute('src') || 'data/';
        var base = null;
        try { base = new URL(src.replace(/\/?$/, '/'), document.baseURI); } catch (e) { /* no address at all */ }
        if (!base || !/^https?:$/.test(base.protocol)) {
          console.warn('huiqi-match：src 应是 http 或 https 地址，写的是“' + src + '”，改用 data/');
          base = new URL('data/', document.baseURI);
        }
        var region = self.getAttribute('region') || '';
        if (region && !/^\d{6}$/.test(region)) {
          console.warn('huiqi-match：region 应是六位地区代码，写的是“' + region + '”，没有采用');
          region = '';
        }
        self._end = module.mount(self, self._root, self._place, base.href, region, find, function () {
          self._slot.remove();
        });
        self._watch();
      }).catch(function (e) {
        /* The widget could not be loaded. */
        self._say('组件没能打开：' + (e && e.message || e));
      });
    }
    disconnectedCallback() {
      if (this._end) {
        this._end();
        this._end = null;
        this._root.append(this._slot);
      }
    }
    _say(text) {
      this._note.hidden = false;
      /* The static list below still works. */
      this._note.textContent = text + '下面的政策清单仍然可用。';
    }
    /* Browsers without container queries read the width from an attribute. */
    _watch() {
      var place = this._place;
      if (!window.ResizeObserver || (window.CSS && CSS.supports('container-type:inline-size'))) return;
      new ResizeObserver(function () {
        var w = place.offsetWidth, hq = place.firstElementChild;
        if (hq) hq.setAttribute('data-w', w >= 900 ? 'm l' : w >= 600 ? 'm' : '');
      }).observe(place);
    }
  }
  customElements.define('huiqi-match', HuiqiMatch);
})();
