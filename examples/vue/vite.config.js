import vue from '@vitejs/plugin-vue';
import huiqi from 'huiqi-match/vite';
import { defineConfig } from 'vite';

// 告诉 Vue 这是网页组件，不是没引入的 Vue 组件
const isCustomElement = (tag) => tag === 'huiqi-match';

export default defineConfig({
  // huiqi 只在 vite dev 里起作用：不让开发服务器改动要校验的文件
  plugins: [vue({ template: { compilerOptions: { isCustomElement } } }), huiqi()],
  // 放在网站的哪个目录下都能用
  base: './',
  // 组件支持的最旧的浏览器
  build: { target: 'chrome80' },
});
