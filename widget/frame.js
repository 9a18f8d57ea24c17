/* huiqi in a frame. In the framed page: takes the harmless settings from the
   address and tells the page around how high it is. In the page around: gives
   each frame the height it asks for. */
(function () {
  'use strict';
  var own = document.querySelector('huiqi-match');
  if (own && window.parent !== window) {
    /* Where data comes from and who signs it stands in the framed page, never
       in its address: an address can be made by anybody. */
    new URLSearchParams(location.search).forEach(function (value, key) {
      if (/^(region|topic|dept|lang|theme|accent|mode)$/.test(key)) own.setAttribute(key, value);
    });
    var told = 0, tell = function () {
      /* Of the content, not of the window: that would feed back. */
      var height = Math.ceil(own.getBoundingClientRect().bottom + window.pageYOffset + 16);
      if (height !== told) parent.postMessage({ huiqi: told = height }, '*');
    };
    if (window.ResizeObserver) new ResizeObserver(tell).observe(own);
    addEventListener('load', tell);
    return;
  }
  var heights = new WeakMap();
  addEventListener('message', function (e) {
    var height = e.data && e.data.huiqi;
    if (typeof height !== 'number' || !(height > 0 && height < 1e5)) return;
    var frames = document.querySelectorAll('iframe[data-huiqi]');
    for (var i = 0; i < frames.length; i++) {
      var frame = frames[i];
      /* From that frame, and still of the host it was given. */
      if (e.source !== frame.contentWindow || e.origin !== new URL(frame.src, location.href).origin) continue;
      var before = heights.get(frame) || [0, 0, 0], now = Date.now();
      /* A scroll bar that comes and goes would change it for ever. */
      if (before[1] === height && now - before[2] < 1000) height = Math.max(height, before[0]);
      heights.set(frame, [height, before[0], now]);
      frame.style.height = height + 'px';
    }
  });
})();
