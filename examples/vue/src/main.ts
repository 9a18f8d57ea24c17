import { createApp } from 'vue';
import { define } from 'huiqi-match';
import App from './App.vue';
import './page.css';

// 只装一次。打不开时标签里的备用清单还在，原因写在控制台
define().catch((error: Error) => console.error(error.message));

createApp(App).mount('#app');
