/** Vite 开发服务器用的插件：`plugins: [huiqi()]`。 */
export default function huiqi(): {
  name: string;
  apply: 'serve';
  config(): { optimizeDeps: { exclude: string[] } };
  configureServer(server: { middlewares: { use(handler: (...parts: any[]) => void): unknown } }): void;
};
