/* huiqi loader: registers <huiqi-match>, keeps its content as fallback until
   the widget is ready, and says what is wrong when it cannot start. Published
   as pure ASCII (`cargo xtask dist` escapes the rest): pages in GB2312 load it too. */
(function () {
  'use strict';
  var script = document.currentScript, settings = script ? script.dataset : {};
  var here = new URL('.', script && script.src || location.href).href;
  if (!self.customElements || customElements.get('huiqi-match')) return;
  /* What `cargo xtask dist` built; the tag names the hash of this file, and
     app.js those of the modules that are fetched later. */
  var hashes = { 'app.js': 'HASH-OF-app.js', 'app.bin': 'HASH-OF-app.bin' };
  /* Where files are that were renamed when they were uploaded: data-map names
     a JSON file that says so. Bundlers leave it on the element of the script. */
  var files = script && script.huiqi || {}, listed;
  var app, policy, modules = {}, widgets = new Set(), broken = 0;

  /* The address of a file. data-extension: what .bin and .txt are called on a
     host that takes neither. Contents are checked, addresses need not be. */
  function at(folder, name) {
    name = name.replace(/(bin|txt)$/, settings.extension || '$1');
    return files[name] || folder + name;
  }
  function list() {
    var map = settings.map && new URL(settings.map, document.baseURI);
    listed = listed || (map ? fetch(map, { cache: 'no-cache' }).then(function (r) { return r.json(); }).then(function (names) {
      for (var name in names) files[name] = new URL(names[name], map).href;
    }) : Promise.resolve());
    return listed;
  }
  /* The folder that an attribute names; nothing if it is no address. */
  function base(text) {
    try {
      var url = new URL(text.replace(/\/?$/, '/'), document.baseURI);
      return /^https?:$/.test(url.protocol) ? url.href : '';
    } catch (e) { return ''; }
  }

  /* An empty module: throws at once where the page's CSP forbids WebAssembly. */
  function forbidden() {
    try {
      new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      return '';
    } catch (e) {
      var chrome = /Chrom(?:e|ium)\/(\d+)/.exec(navigator.userAgent);
      /* This page's CSP forbids WebAssembly: */
      var text = '本页的安全策略（CSP）不允许 WebAssembly';
      if (chrome && +chrome[1] < 97) {
        /* and Chromium N has no keyword for it. */
        return text + '，Chromium ' + chrome[1] + ' 不认识放行它的关键字，请换 97 版以上浏览器。';
      }
      /* it lacks 'wasm-unsafe-eval' in script-src. */
      return text + '：请网站管理员在 script-src 里加上 \'wasm-unsafe-eval\'。';
    }
  }

  /* Stored compressed, because many servers compress no wasm, and opened by
     app.js, so that neither encoding nor MIME type of the server matters. */
  function open(name, integrity) {
    return fetch(at(here, name), { integrity: integrity }).then(function (r) {
      if (!r.ok) throw new Error(name + ' ' + r.status);
      return r.arrayBuffer();
    });
  }

  /* A module that is fetched when it is needed: a new instance each time, as
     a function of a name and bytes. */
  function module(name) {
    return start().then(function (app) {
      var code = modules[name] = modules[name] || open(name, app.hashes[name]).then(function (bytes) { return WebAssembly.compile(app.unpack(bytes)); });
      code.catch(function () { modules[name] = null; });
      return code.then(function (code) {
        /* Only a part of the app takes anything from it. */
        return WebAssembly.instantiate(code, app.shared());
      });
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

  /* The bytes of a file that is fetched when it is needed. */
  function file(name) {
    return start().then(function (app) {
      return open(name, app.hashes[name]).then(app.unpack);
    });
  }

  /* A module cannot be checked when it is imported, a script can: it leaves
     its functions on its own element, and the page sees nothing of it. */
  function code(name) {
    return new Promise(function (good, bad) {
      var s = document.createElement('script'), url = at(here, name);
      s.integrity = hashes[name];
      s.crossOrigin = 'anonymous';
      s.onload = function () { s.remove(); good(s.huiqi); };
      /* Not there, or not what this loader was built with. */
      s.onerror = function () { s.remove(); bad(new Error(name + ' 没读到或版本不对')); };
      if (self.trustedTypes) {
        policy = policy || trustedTypes.createPolicy('huiqi', { createScriptURL: function (u) { return u; } });
        url = policy.createScriptURL(url);
      }
      s.src = url;
      document.head.append(s);
    });
  }

  /* When the module breaks down, all widgets get a new one with the answers so
     far; when that happens again within a minute, the static list. */
  function broke() {
    var now = Date.now(), again = now - broken < 6e4;
    broken = now;
    app = null;
    widgets.forEach(function (restart) { restart(again); });
  }

  function start() {
    app = app || list().then(function () {
      /* The data is asked for while the module still arrives. */
      var app = code('app.js').then(function (app) { return app.early(at, base); });
      return Promise.all([app, open('app.bin', hashes['app.bin'])]);
    }).then(function (got) {
      return got[0].load(got[1], broke).then(function () { return got[0]; });
    });
    app.catch(function () { app = listed = null; });
    return app;
  }

  function widget(host) {
    var root = host.attachShadow({ mode: 'closed' }), slot = document.createElement('slot');
    var note = document.createElement('p'), place, end, kept = new Uint8Array();
    note.setAttribute('role', 'status');
    note.hidden = true;
    root.append(note, slot);
    function say(text) {
      note.hidden = false;
      /* The static list below still works. */
      note.textContent = text + '下面的政策清单仍然可用。';
    }
    function clear() {
      if (place) place.remove();
      place = end = null;
      root.append(slot);
    }
    function restart(again) {
      clear();
      /* The widget broke down. */
      if (again) say('组件出错了。'); else on();
    }
    /* Browsers without container queries read the width from an attribute. */
    function watch(place) {
      if (!self.ResizeObserver || (self.CSS && CSS.supports('container-type:inline-size'))) return;
      new ResizeObserver(function () {
        var w = place.offsetWidth, hq = place.firstElementChild;
        if (hq) hq.setAttribute('data-w', w >= 900 ? 'm l' : w >= 600 ? 'm' : '');
      }).observe(place);
    }
    function on() {
      var reason = forbidden();
      if (reason) return say(reason);
      note.hidden = true;
      widgets.add(restart);
      start().then(function (module_) {
        if (!host.isConnected || place) return;
        place = document.createElement('div');
        slot.before(place);
        end = module_.mount(host, root, place, {
          at: at, base: base, module: module, file: file, kept: kept,
          keep: function (bytes) { kept = bytes; },
          ready: function () { slot.remove(); }
        });
        watch(place);
      }).catch(function (e) {
        clear();
        /* The widget could not be loaded. */
        say('组件没能打开：' + (e && e.message || e));
      });
    }
    function off() {
      widgets.delete(restart);
      if (end) end();
      clear();
    }
    return { on: on, off: off };
  }

  class HuiqiMatch extends HTMLElement {
    #widget;
    connectedCallback() {
      this.#widget = this.#widget || widget(this);
      this.#widget.on();
    }
    disconnectedCallback() {
      this.#widget.off();
    }
  }
  customElements.define('huiqi-match', HuiqiMatch);
})();
