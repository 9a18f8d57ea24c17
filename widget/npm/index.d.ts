/** 组件文件放在哪里；打包工具（Vite）能自己找到的，什么都不用写。 */
export interface DefineOptions {
  /** 包里的 widget 目录原样放到网站上以后的网址，可以是相对于网页的。 */
  base?: string | URL;
  /** 服务器不让放 .bin、.txt 文件时，它们改叫什么，如 `dat`。写了 base 的，组件的文件也照着改。 */
  extension?: string;
  /** 上传时改了名字的文件的对照表（JSON）的网址。 */
  map?: string | URL;
}

/**
 * 装载组件，只装一次，以第一次的选项为准。组件可用时完成；打不开时拒绝，`message` 是中文的原因，可以再试。
 * 在服务器上（SSR）什么也不做。
 */
export function define(options?: DefineOptions): Promise<void>;

/** `<huiqi-match>` 的属性。组件放进网页时读一次，以后改动只有颜色跟着变。 */
export interface HuiqiAttributes {
  /** 发布包的网址，几个的用空格隔开。不写是 `data/`。 */
  src?: string;
  /** 先替企业填上的注册地，六位地区代码。 */
  region?: string;
  /** 只列这个主题的事项。 */
  topic?: string;
  /** 只列发文单位名称里有这几个字的事项。 */
  dept?: string;
  /** 不写是 `light`；`auto` 跟着系统。 */
  theme?: 'light' | 'dark' | 'auto';
  /** host：链接在本页打开；默认开新的标签页 */
  'open-links'?: 'new' | 'host';
  /** 主色；太浅看不清的会自动加深。 */
  accent?: 'red' | 'green' | 'teal' | 'ink' | `#${string}`;
  /** `large` 是大字。 */
  mode?: 'large';
  /** 先用哪种文字。不写是 `zh-Hans`。 */
  lang?: 'zh-Hans' | 'zh-Hant' | 'en';
  /** `none`：不让企业在这台设备上保存任何内容。 */
  storage?: 'ask' | 'none';
  /** 一个元素的 id，里面是企业资料的 JSON；企业同意后才填进来。 */
  'profile-from'?: string;
  /** 好差评发到哪个地址，不写就不发；发出的没有企业信息。 */
  'rate-to'?: string;
  /** 发布单位的公钥，和 `src` 一一对应，没有的写 `-`。 */
  'publisher-key'?: string;
}

/** 组件打开了。个数是十进制的文字。 */
export interface HuiqiReady {
  measures: string;
}

/** 企业第一次看结果。每种结论的个数，没有的不写；没有企业填的任何内容。 */
export interface HuiqiResults {
  eligible?: string;
  likely?: string;
  unknown?: string;
  near?: string;
  ineligible?: string;
}

/** 企业打开了一个事项。 */
export interface HuiqiSelect {
  measure: string;
}

/** 企业打开了申报方案。 */
export interface HuiqiPlan {
  measures: string;
}

/** 企业评价了一个事项的说明：1 非常不满意到 5 非常满意；原因是一组二进制位。 */
export interface HuiqiRate {
  measure: string;
  level: number;
  reasons: number;
}

/** 一个发布包也没打开。 */
export interface HuiqiError {
  message: string;
}

/** 事件都冒泡，在标签、`document` 上都能听到。 */
export interface HuiqiEventMap {
  'huiqi-ready': CustomEvent<HuiqiReady>;
  'huiqi-results': CustomEvent<HuiqiResults>;
  'huiqi-select': CustomEvent<HuiqiSelect>;
  'huiqi-plan': CustomEvent<HuiqiPlan>;
  'huiqi-rate': CustomEvent<HuiqiRate>;
  'huiqi-error': CustomEvent<HuiqiError>;
}

declare global {
  interface HTMLElementTagNameMap {
    'huiqi-match': HTMLElement;
  }
  interface GlobalEventHandlersEventMap extends HuiqiEventMap {}
}
