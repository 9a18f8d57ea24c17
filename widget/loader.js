/* huiqi loader: registers <huiqi-match>, keeps its content as fallback until
   the widget is ready, and says what is wrong when it cannot start. ASCII only:
   pages in GB2312 load it too. */
(function () {
  'use strict';
  var script = document.currentScript;
  var here = new URL('.', script && script.src ? script.src : location.href).href;
  if (!window.customElements || customElements.get('huiqi-match')) return;
  var app;

  /* An empty module: throws at once where the page's CSP forbids WebAssembly. */
  function forbidden() {
    try {
      new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      return '';
    } catch (e) {
      var chrome = /Chrom(?:e|ium)\/(\d+)/.exec(navigator.userAgent);
      if (chrome && +chrome[1] < 97) {
        /* This page forbids WebAssembly and Chromium N has no keyword for it. */
        return '\u672c\u9875\u7684\u5b89\u5168\u7b56\u7565\uff08CSP\uff09\u4e0d\u5141\u8bb8 WebAssembly\uff0c'
          + '\u4f60\u7684\u6d4f\u89c8\u5668\uff08Chromium ' + chrome[1] + '\uff09\u53c8\u4e0d\u8ba4\u8bc6\u653e\u884c\u5b83\u7684\u5173\u952e\u5b57'
          + '\uff0c97 \u7248\u8d77\u624d\u8ba4\u8bc6\u3002\u8bf7\u6362\u65b0\u7248\u6d4f\u89c8\u5668\u3002';
      }
      /* This page's CSP lacks 'wasm-unsafe-eval' in script-src. */
      return '\u672c\u9875\u7684\u5b89\u5168\u7b56\u7565\uff08CSP\uff09\u4e0d\u5141\u8bb8 WebAssembly\uff1a'
        + '\u8bf7\u7f51\u7ad9\u7ba1\u7406\u5458\u5728 script-src \u91cc\u52a0\u4e0a \'wasm-unsafe-eval\'\u3002';
    }
  }

  function start() {
    if (app) return app;
    app = Promise.all([
      import(here + 'app.js'),
      fetch(here + 'app.bin').then(function (r) {
        if (!r.ok) throw new Error('app.bin ' + r.status);
        /* Stored compressed, because many servers compress no wasm, and opened
           here, so that neither encoding nor MIME type of the server matters. */
        return new Response(r.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
      })
    ]).then(function (got) {
      return got[0].default({ module_or_path: got[1] }).then(function () { return got[0]; });
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
        if (!self.isConnected || self._widget) return;
        var src = self.getAttribute('src') || 'data/';
        var base = new URL(src.replace(/\/?$/, '/'), document.baseURI);
        if (!/^https?:$/.test(base.protocol)) {
          console.warn('huiqi-match: src must be http(s), using data/');
          base = new URL('data/', document.baseURI);
        }
        var region = self.getAttribute('region') || '';
        if (region && !/^\d{6}$/.test(region)) {
          console.warn('huiqi-match: region must be six digits, ignored: ' + region);
          region = '';
        }
        self._widget = module.mount(self, self._root, self._place, base.href, region, function () {
          self._slot.remove();
        });
        self._watch();
      }).catch(function (e) {
        /* The widget could not be loaded. */
        self._say('\u7ec4\u4ef6\u6ca1\u80fd\u6253\u5f00\uff1a' + (e && e.message || e));
      });
    }
    disconnectedCallback() {
      if (this._widget) {
        this._widget.destroy();
        this._widget.free();
        this._widget = null;
        this._root.append(this._slot);
      }
    }
    _say(text) {
      this._note.hidden = false;
      /* The static list below still works. */
      this._note.textContent = text + '\u4e0b\u9762\u7684\u653f\u7b56\u6e05\u5355\u4ecd\u7136\u53ef\u7528\u3002';
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
