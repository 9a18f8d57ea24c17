/* import huiqi from 'huiqi-match/vite': for Vite's development server only. It
   adds a source map to every script that it serves, which is then no longer
   the file whose hash is known. What `vite build` makes needs no plugin. */
import { readFile } from 'node:fs';

export default function huiqi() {
  return {
    name: 'huiqi-match',
    apply: 'serve',
    /* Before version 8 it bundles packages ahead and loses the files beside them. */
    config: () => ({ optimizeDeps: { exclude: ['huiqi-match'] } }),
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const found = /\/huiqi-match\/widget\/((?:loader|app)\.js)(?:\?|$)/.exec(request.url);
        if (!found) return next();
        readFile(new URL('./widget/' + found[1], import.meta.url), (error, bytes) => {
          if (error) return next(error);
          response.setHeader('Content-Type', 'text/javascript');
          response.end(bytes);
        });
      });
    },
  };
}
