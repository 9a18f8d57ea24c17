import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { define } from 'huiqi-match';
import type {} from 'huiqi-match/react';
import './page.css';

// 只装一次。打不开时标签里的备用清单还在，原因写在控制台
define().catch((error: Error) => console.error(error.message));

function App() {
  const [region, setRegion] = useState('130000');
  const [shown, setShown] = useState(true);
  const [measures, setMeasures] = useState('');
  return (
    <main>
      <p>
        <select id="region" aria-label="地区" value={region} onChange={(e) => setRegion(e.target.value)}>
          <option value="130000">河北</option>
          <option value="440000">广东</option>
        </select>
        <button id="toggle" onClick={() => setShown(!shown)}>{shown ? '收起' : '打开'}</button>
        {/* 事件里只有个数，没有企业填的任何内容 */}
        <span id="count" role="status">{measures && `共 ${measures} 项政策`}</span>
      </p>
      {/* 属性在标签放进网页时读一次，所以换地区要连 key 一起换 */}
      {shown && (
        <huiqi-match key={region} src="data/" region={region} theme="light" accent="red"
          onhuiqi-ready={(e) => setMeasures(e.detail.measures)}>
          <p>备用清单：组件打不开时看这里。</p>
        </huiqi-match>
      )}
    </main>
  );
}

createRoot(document.querySelector('#app')!).render(<StrictMode><App /></StrictMode>);
