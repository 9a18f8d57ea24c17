//! The pages. They draw state and send messages; nothing is decided here.

use std::ops::Range;

use huiqi_engine::bundle::Catalog;
use huiqi_engine::eval::{Amount, Outcome, Truth};
use huiqi_engine::explain::{self, Node, RowExplanation, amount_text, answer_text, key_name};
use huiqi_engine::firm::Key;
use huiqi_engine::measure::{Card, Measure, RowKind, Selection, Window};
use huiqi_engine::num::Ratio;
use huiqi_engine::report::{Group, Headline};
use huiqi_engine::search::Facet;
use huiqi_engine::unit::{grouped, money};
use web_sys::{Element, Event, HtmlInputElement, HtmlSelectElement};
use yew::html::Scope;
use yew::{Context, Html, InputEvent, MouseEvent, SubmitEvent, TargetCast as _, html};

use crate::app::{App, Msg, Part, View};
use crate::icons;
use crate::search::Shown;

const PROMISE: &str = "你的企业信息不会离开这台设备";
/// Figures a page asks for below its sum.
const MOST_FIGURES: usize = 4;

impl App {
    /// Title, navigation, the current page and the foot.
    pub(crate) fn frame(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        if let Some(error) = &self.failed {
            return html! {
                <div class="vw"><div class="note er" role="alert">
                    <p><b>{ "政策数据没能打开" }</b></p>
                    <p>{ error }</p>
                    <p>{ "下面的政策清单仍然可用。刷新页面再试一次；还不行，请告诉网站管理员上面这句话。" }</p>
                </div></div>
            };
        }
        if self.publishers.is_empty() {
            return html! { <div class="vw"><p role="status">{ "正在读政策数据…" }</p></div> };
        }
        let tab = |view: View, word: &'static str| {
            let current = match (&view, &self.view) {
                (View::Results, View::Measure(_) | View::Ask(_)) => true,
                (a, b) => a == b,
            };
            let go = link.callback(move |_: MouseEvent| Msg::Go(view.clone()));
            html! { <li><button type="button" aria-current={current.then_some("page")} onclick={go}>{ word }</button></li> }
        };
        let page = match &self.view {
            View::Form => self.form(link),
            View::Results => self.results(link),
            View::Measure(_) | View::Search | View::Ask(_) => self.later(link),
        };
        html! { <>
            <div class="top" part="title"><strong>{ "惠企政策匹配" }</strong></div>
            <nav class="nav" part="nav" aria-label="惠企政策匹配"><ul>
                { tab(View::Form, "企业信息") }
                { tab(View::Results, "结果") }
                { tab(View::Search, "搜政策") }
            </ul></nav>
            { self.stale_note() }
            { self.warnings() }
            { self.notices() }
            <div class="vw">{ page }</div>
            <div class="foot" part="foot">
                { promise() }
                { for self.publishers.iter().map(|p| {
                    let Catalog { published, publisher, documents, measures, .. } = &p.catalog;
                    let known = if p.authority.is_some() { "已核对发布单位的签名" } else { "没有核对签名" };
                    html! { <p>{ format!("政策数据：{}发布，{publisher}，{documents} 份文件 {measures} 个事项，{known}。", published.chinese()) }</p> }
                }) }
                <p>{ "结果由你填的信息算出，供申报前参考，以受理部门审核为准。" }</p>
            </div>
        </> }
    }

    /// A page of the part that is fetched later.
    fn later(&self, link: &Scope<Self>) -> Html {
        match &self.pages {
            Part::There => crate::pages::view(self, link),
            Part::Failed(error) => html! {
                <div class="note er" role="alert"><p>{ error }</p>
                    <button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::NeedPages)}>{ "再试一次" }</button></div>
            },
            _ => html! { <p role="status">{ "正在打开…" }</p> },
        }
    }

    /// What a visitor must know of data that nobody has renewed.
    fn stale_note(&self) -> Html {
        let stale = self.publishers.iter().map(|p| &p.catalog).find(|c| self.today > c.expires);
        let Some(catalog) = stale else { return Html::default() };
        html! {
            <div class="vw"><div class="note stale" role="status">
                <p><b>{ format!("政策数据过了有效期（{}，{}）", catalog.publisher, catalog.expires.chinese()) }</b></p>
                <p>{ "发布单位没有按时更新，受理时间和金额可能变了。结论仍按原来的数据给出，合计不再显示；申报前请向受理部门核对。" }</p>
            </div></div>
        }
    }

    fn warnings(&self) -> Html {
        if self.warnings.is_empty() {
            return Html::default();
        }
        html! {
            <div class="vw"><div class="note" role="status">
                <p><b>{ format!("{} 个数据文件没读到，其余照常匹配", self.warnings.len()) }</b></p>
                { for self.warnings.iter().map(|w| html! { <p>{ w }</p> }) }
            </div></div>
        }
    }

    /// What is not listed, and why.
    fn notices(&self) -> Html {
        if self.notices.is_empty() {
            return Html::default();
        }
        html! {
            <div class="vw"><div class="note" role="status">
                { for self.notices.iter().map(|text| html! { <p>{ text }</p> }) }
            </div></div>
        }
    }

    fn form(&self, link: &Scope<Self>) -> Html {
        let submit = link.callback(|e: SubmitEvent| {
            e.prevent_default();
            Msg::ShowResults
        });
        let last = (self.today.year() - 1) as u16;
        let fields = self.catalogue.facts.iter().filter(|(_, f)| f.core).map(|(no, f)| {
            let key = if f.yearly { Key::year(*no, last) } else { Key::plain(*no) };
            self.field(link, key, false)
        });
        html! { <>
            <h2 tabindex="-1" ref={self.heading.clone()}>{ "你的企业能拿哪些补贴" }</h2>
            <p class="p">{ "填几项，约 3 分钟。不用注册，不用上传资料；不知道的可以空着。" }</p>
            <div class="note q"><p class="priv">{ icons::lock() }<span><b>{ PROMISE }{ "。" }</b>{ "匹配在浏览器里完成，断网也能算。" }</span></p></div>
            { self.error_summary() }
            <form class="st" novalidate=true onsubmit={submit}>
                { for fields }
                { self.size_note() }
                <div class="row"><button class="btn pri" part="button" type="submit">{ "看结果" }</button></div>
            </form>
        </> }
    }

    fn error_summary(&self) -> Html {
        let errors = self.errors();
        if errors.is_empty() {
            return Html::default();
        }
        html! {
            <div class="note er" role="alert">
                <p><b>{ format!("有 {} 处要改", errors.len()) }</b></p>
                { for errors.iter().map(|(key, e)| html! { <p>{ format!("{}：{e}", key_name(&self.catalogue, *key)) }</p> }) }
            </div>
        }
    }

    /// 企业规模 as far as it follows from what was typed.
    fn size_note(&self) -> Html {
        let Some(no) = self.fact("firm_size") else { return Html::default() };
        let year = u16::try_from(self.today.year()).unwrap_or_default();
        let text = answer_text(&self.catalogue, &self.firm, Key::plain(no), year);
        if text == "没填" {
            return Html::default();
        }
        html! { <div class="note q"><p>{ "企业规模：" }<b>{ text }</b></p>
        <p class="s m">{ "按统计上大中小微型企业划分办法（2017），由行业、人数、营业收入、资产推算。" }</p></div> }
    }

    pub(crate) fn ask(&self, link: &Scope<Self>, key: Key) -> Html {
        let next = link.callback(move |e: SubmitEvent| {
            e.prevent_default();
            Msg::Answered(key)
        });
        let report = self.report.as_ref();
        let question = report.and_then(|r| r.questions.iter().find(|q| q.key == key));
        let stake = question.map(|q| match q.stake {
            0 => format!("关系到 {} 个事项", q.measures),
            stake => format!("关系到 {} 个事项、最多 {}", q.measures, money(Ratio::int(stake), 0)),
        });
        let unsure = link.callback(move |_: MouseEvent| Msg::Unsure(key));
        html! { <>
            <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Back)}>{ icons::back() }{ "返回" }</button>
            <h2 tabindex="-1" ref={self.heading.clone()}>{ "补充一项" }</h2>
            if let Some(stake) = stake { <p>{ stake }</p> }
            <form class="st" novalidate=true onsubmit={next}>
                { self.field(link, key, true) }
                <div class="row">
                    <button class="btn pri" part="button" type="submit">{ "继续" }</button>
                    <button class="btn" type="button" onclick={unsure}>{ "不确定" }</button>
                    <button class="btn txt" type="button" onclick={link.callback(move |_: MouseEvent| Msg::Later(key))}>{ "稍后，下一题" }</button>
                </div>
            </form>
        </> }
    }

    fn results(&self, link: &Scope<Self>) -> Html {
        let Some(report) = &self.report else { return Html::default() };
        let questions = report.questions.len();
        html! { <>
            { self.headline(&report.headline) }
            if let Some(key) = self.next_question() {
                <div class="note ac nx"><p><b>{ format!("还有 {questions} 项信息可能改变结果") }</b>
                    <span>{ format!("下一题：{}", key_name(&self.catalogue, key)) }</span></p>
                    <button class="btn" type="button" onclick={link.callback(move |_: MouseEvent| Msg::Go(View::Ask(key)))}>{ "继续回答" }</button></div>
            }
            { self.place_note(link) }
            { self.search_box(link) }
            // The list changes below the box, never the box itself: an input method would lose what is being
            // composed in it.
            if self.search.text.trim().is_empty() {
                { for Group::ALL.iter().map(|(group, ..)| self.group(link, *group)) }
            } else {
                { self.hits(link) }
            }
            if !report.failed.is_empty() {
                <div class="note">
                    <p><b>{ format!("{} 项算不出来，没有列出", report.failed.len()) }</b></p>
                    { for report.failed.iter().map(|(at, e)| html! { <p>{ format!("{}：{e}", self.measures[*at].name) }</p> }) }
                </div>
            }
            if report.elsewhere > 0 {
                <p class="s m">{ format!("另有 {} 项只给其他地区的企业，没有列出；可以在“搜政策”里看。", report.elsewhere) }</p>
            }
        </> }
    }

    fn headline(&self, h: &Headline) -> Html {
        let figure = match h.count - h.open_sums - h.missing_figures {
            0 => Html::default(),
            // A sum is a promise; nobody stands by this one any more.
            _ if self.is_stale() => Html::default(),
            _ => {
                let (low, high) = (wan(h.low), wan(h.high));
                html! {
                    <p class="fig" part="sum" role="status">
                        { low.clone() }
                        if low != high { <span aria-hidden="true">{ "–" }</span><span class="v">{ "至" }</span>{ high } }
                        <small>{ "万元" }</small>
                    </p>
                }
            }
        };
        let title = match h.count {
            0 => "还没有确认能享的事项".to_owned(),
            n if h.open_sums + h.missing_figures < n && !self.is_stale() => {
                format!("已确认可享 {n} 项，合计")
            }
            n => format!("已确认可享 {n} 项"),
        };
        html! {
            <section class="sum"><div class="st">
                <h2 tabindex="-1" ref={self.heading.clone()}>{ title }</h2>
                { figure }
                if h.count == 0 { <p>{ "不等于什么都没有：看看下面待补充和差一步的。" }</p> }
                if h.missing_figures > 0 {
                    <p class="s m">{ format!("其中 {} 项要你填了数才能算出金额，没有加进合计。", h.missing_figures) }</p>
                }
                if h.open_sums > 0 { <p class="s m">{ format!("其中 {} 项金额未定，没有加进合计。", h.open_sums) }</p> }
                if h.excluded > 0 { <p class="s m">{ "同类资金只能享一项的，已按高的算，没有重复。" }</p> }
            </div></section>
        }
    }

    fn group(&self, link: &Scope<Self>, group: Group) -> Html {
        let list =
            self.report.as_ref().and_then(|r| r.groups.get(&group)).map(Vec::as_slice).unwrap_or_default();
        if list.is_empty() {
            return Html::default();
        }
        let (icon, class) = icons::group(group);
        // What can no longer be applied for stays within reach, out of the way.
        let (gone, current): (Vec<usize>, Vec<usize>) = list.iter().partition(|at| {
            let outcome = self.report.as_ref().and_then(|r| r.outcomes[**at].as_ref());
            outcome.is_some_and(|o| matches!(o.window, Window::Closed | Window::Expired | Window::Replaced))
        });
        // What needs an answer is folded away unless there is nothing better.
        let nothing_better = self
            .report
            .as_ref()
            .is_some_and(|r| ![Group::Eligible, Group::Likely].iter().any(|g| r.groups.contains_key(g)));
        let open = match group {
            Group::Ineligible => false,
            Group::Unknown => nothing_better,
            _ => true,
        };
        html! {
            <details class="grp" open={open} data-group={group.id()}>
                <summary data-c="展开" data-o="收起"><h3><span class={format!("vd {class}")}>{ icon }{ group.name() }</span>
                    <span class="n">{ format!(" {}项", list.len()) }</span></h3></summary>
                <ul>{ for current.into_iter().map(|at| self.row(link, at, group)) }</ul>
                if !gone.is_empty() {
                    <details class="cl"><summary>{ format!("另有 {} 项已截止、已失效或被替代", gone.len()) }</summary>
                        <ul>{ for gone.into_iter().map(|at| self.row(link, at, group)) }</ul></details>
                }
            </details>
        }
    }

    pub(crate) fn card(&self, at: usize) -> Card {
        self.cards.get(at).cloned().flatten().unwrap_or_default()
    }

    fn row(&self, link: &Scope<Self>, at: usize, group: Group) -> Html {
        let measure = &self.measures[at];
        let Some(outcome) = self.report.as_ref().and_then(|r| r.outcomes.get(at)).and_then(Option::as_ref)
        else {
            return Html::default();
        };
        let (icon, class) = icons::group(group);
        html! {
            <li class="mr" part="measure" key={measure.id.clone()} data-id={measure.id.clone()}>
                <span class={format!("ic {class}")}>{ icon }<span class="v">{ group.name() }</span></span>
                <h4 class="t"><button type="button" class="name" onclick={link.callback(move |_: MouseEvent| Msg::Go(View::Measure(at)))}>{ &measure.name }</button></h4>
                <p class="d">{ self.reason(at, outcome, group) }</p>
                <div class="md">{ self.sum(outcome, group) }{ self.due(measure, outcome.window) }</div>
            </li>
        }
    }

    /// One line: the sum and where it comes from, or what stands in the way,
    /// with its clause.
    fn reason(&self, at: usize, outcome: &Outcome, group: Group) -> String {
        let measure = &self.measures[at];
        let card = self.card(at);
        let wanted = match group {
            Group::Eligible => {
                let line = explain::formula_line(measure, &card, &self.catalogue, &self.firm, self.today);
                let line = line.unwrap_or_default();
                let basis = measure.benefit.basis.map(|b| card.text(b).to_owned()).unwrap_or_default();
                let basis = if basis.is_empty() { basis } else { format!("（依据 {basis}）") };
                return if line.is_empty() {
                    format!("{}{basis}", card.summary)
                } else {
                    format!("{line}{basis}")
                };
            }
            Group::Likely => Truth::Confirm,
            Group::Unknown => Truth::Unknown,
            Group::Near | Group::Ineligible => Truth::False,
        };
        let Ok(rows) = explain::explain(measure, &card, &self.catalogue, &self.firm, self.today) else {
            return card.summary;
        };
        let Some(row) = rows.into_iter().find(|r| r.node.truth == Some(wanted)) else { return card.summary };
        let what = match group {
            Group::Likely => format!("要人工核实：{}", row.node.sentence),
            Group::Unknown => {
                let missing: Vec<String> =
                    outcome.missing.iter().take(3).map(|k| key_name(&self.catalogue, *k)).collect();
                format!("还不知道：{}", missing.join("、"))
            }
            _ => {
                let leaf = deepest_false(&row.node);
                let gap = if leaf.gap.is_empty() { String::new() } else { format!("，{}", leaf.gap) };
                let word = if group == Group::Near { "只差" } else { "没满足" };
                format!("{word}：{}{gap}", row.node.sentence)
            }
        };
        format!("{what}（依据 {}）", row.basis)
    }

    fn sum(&self, outcome: &Outcome, group: Group) -> Html {
        let Some(amount) = &outcome.amount else { return html! { <p class="amt"></p> } };
        if group == Group::Ineligible {
            return html! { <p class="amt"></p> };
        }
        html! { <p class="amt">{ figure(amount) }</p> }
    }

    fn due(&self, measure: &Measure, window: Window) -> Html {
        let schedule = &measure.schedule;
        let left = schedule.closes.map(|end| end.days() - self.today.days());
        let short = |date: huiqi_engine::date::Date| {
            let (year, month, day) = date.ymd();
            if year == self.today.year() {
                format!("{month}月{day}日")
            } else {
                format!("{year}年{month}月{day}日")
            }
        };
        let until = |date: Option<huiqi_engine::date::Date>| {
            date.map_or_else(String::new, |d| format!("{}止", short(d)))
        };
        let name = window.name();
        // Class of the chip (empty: none), bold words, the rest.
        let (chip, bold, rest) = match (window, schedule.opens, schedule.closes) {
            (Window::Closing | Window::Open, _, Some(end)) => {
                let chip = if window == Window::Closing { "lc u" } else { "" };
                let bold = format!("剩{}天", left.unwrap_or_default());
                (chip, bold, format!("{}（{}）止", short(end), end.weekday()))
            }
            (Window::Upcoming, Some(start), _) => ("lc", format!("{}起", short(start)), String::new()),
            (Window::Rolling, ..) => ("lc", "随时可报".to_owned(), String::new()),
            (Window::Closed, ..) => ("lc x", String::new(), until(schedule.closes)),
            (Window::Expired, ..) => ("lc x", String::new(), until(schedule.valid_to)),
            (Window::Unannounced, ..) => ("lc", String::new(), "没公布受理时间".to_owned()),
            _ => ("lc x", String::new(), String::new()),
        };
        html! {
            <p class={if window == Window::Closing { "due u" } else { "due" }}>
                if !chip.is_empty() { <span class={chip}>{ name }</span>{ " " } }
                <b>{ bold }</b>{ " " }<span class="dd">{ rest }</span>
            </p>
        }
    }

    pub(crate) fn measure(&self, link: &Scope<Self>, at: usize) -> Html {
        let Some(measure) = self.measures.get(at) else { return Html::default() };
        let card = self.card(at);
        let outcome = huiqi_engine::eval::evaluate(measure, &self.catalogue, &self.firm, self.today);
        let Ok(outcome) = outcome else { return Html::default() };
        let group = Group::of(&outcome);
        let (icon, class) = icons::group(group);
        let rows =
            explain::explain(measure, &card, &self.catalogue, &self.firm, self.today).unwrap_or_default();
        let steps =
            explain::steps(measure, &card, &self.catalogue, &self.firm, self.today).unwrap_or_default();
        let amount_title = if group == Group::Eligible { "你大约可得" } else { "条件都满足时" };
        html! { <>
            <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Back)}>{ icons::back() }{ "返回" }</button>
            <div class="st">
                <p><span class={format!("vd {class}")}>{ icon }{ group.name() }</span></p>
                <h2 tabindex="-1" ref={self.heading.clone()}>{ &measure.name }</h2>
                <p class="p">{ &card.summary }</p>
                if measure.selection != Selection::Universal {
                    <p class="s m">{ selection_note(measure.selection) }</p>
                }
            </div>
            <dl class="key">
                <div><dt>{ amount_title }</dt><dd class="big">{ match &outcome.amount { Some(a) => figure(a), None => html! { "不是现金" } } }</dd></div>
                <div><dt>{ "受理" }</dt><dd>{ self.due(measure, outcome.window) }</dd></div>
            </dl>
            <div class="cols"><div class="main">
                <section class="sec"><h3>{ "条件" }</h3>
                    <p>{ counts(&rows) }</p>
                    <ul class="cond">{ for ordered(&rows).into_iter().map(|row| self.condition(link, row)) }</ul></section>
                if !steps.is_empty() {
                    <section class="sec"><h3>{ "金额怎么算" }</h3><table class="calc"><tbody>
                        { for steps.iter().enumerate().map(|(i, step)| html! {
                            <tr class={(i + 1 == steps.len()).then_some("tot")}><td>{ &step.label }</td><td>{ &step.value }</td></tr>
                        }) }
                    </tbody></table>
                    if matches!(group, Group::Eligible | Group::Likely) {
                        { for outcome.missing.iter().take(MOST_FIGURES).map(|key| self.ask_button(link, *key, "去填")) }
                    }
                    if let Some(basis) = measure.benefit.basis { <p class="s m">{ format!("依据 {}", card.text(basis)) }</p> }
                    if let Some(detail) = self.details.get(at).and_then(Option::as_ref).filter(|d| !d.benefit_note.is_empty()) {
                        <p class="s m">{ &detail.benefit_note }</p>
                    }
                    </section>
                }
            </div><div class="side">{ self.detail(at, measure) }{ self.related(link) }</div></div>
        </> }
    }

    /// Other measures that a reader of this one may look for.
    fn related(&self, link: &Scope<Self>) -> Html {
        if self.related.is_empty() {
            return Html::default();
        }
        let rows = self.related.iter().filter_map(|at| Some((*at, self.measures.get(*at)?)));
        html! {
            <section class="sec"><h3>{ "相近的事项" }</h3><ul class="lst rel">{ for rows.map(|(at, measure)| {
                let outcome = self.report.as_ref().and_then(|r| r.outcomes.get(at)?.as_ref());
                html! { <li><button type="button" class="name" onclick={link.callback(move |_: MouseEvent| Msg::Go(View::Measure(at)))}>{ &measure.name }</button>
                    <span class="s m">{ measure.schedule.window(self.today).name() }</span>
                    if let Some(outcome) = outcome { { verdict_word(Group::of(outcome)) } }</li> }
            }) }</ul></section>
        }
    }

    fn detail(&self, at: usize, measure: &Measure) -> Html {
        let Some(detail) = self.details.get(at).and_then(Option::as_ref) else {
            return html! { <p role="status">{ "正在读办理信息…" }</p> };
        };
        let term = |name: &str, value: Html| html! { <><dt>{ name.to_owned() }</dt><dd>{ value }</dd></> };
        let target = if self.same_tab { "_top" } else { "_blank" };
        let external = |url: &str, word: &str| {
            // Data may come from anywhere: an address that runs a script is no link.
            if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
                return html! { word.to_owned() };
            }
            html! {
                <a href={url.to_owned()} {target} rel="noopener noreferrer">{ word.to_owned() }</a>
            }
        };
        let handling = detail.handling.iter().map(|(label, text)| {
            let value = if label == "网址" {
                external(text, "去申报")
            } else {
                html! { text }
            };
            term(label, value)
        });
        let valid = match (measure.schedule.valid_from, measure.schedule.valid_to) {
            (Some(from), Some(to)) => format!("{}至{}", from.chinese(), to.chinese()),
            (Some(from), None) => format!("{}起，没写止期", from.chinese()),
            _ => "没写".to_owned(),
        };
        let document = if detail.source.is_empty() {
            html! { &detail.document }
        } else {
            external(&detail.source, &detail.document)
        };
        html! { <>
            if !detail.materials.is_empty() {
                <section class="sec"><h3>{ format!("材料 {} 份", detail.materials.len()) }</h3>
                    <ul class="lst">{ for detail.materials.iter().map(|m| html! { <li><span>{ &m.name }</span><span class="s m">{ &m.how }</span></li> }) }</ul></section>
            }
            <section class="sec"><h3>{ "怎么办" }</h3>
                if detail.handling.is_empty() {
                    <p>{ "文件没有写办理方式，问当地主管部门。" }</p>
                } else {
                    <dl class="dl">{ for handling }</dl>
                }
            </section>
            <section class="sec"><h3>{ "来源" }</h3><dl class="dl">
                { term("文件", document) }
                { term("发文机关", html! { &measure.issuer }) }
                if !detail.number.is_empty() { { term("文号", html! { &detail.number }) } }
                if let Some(day) = detail.issued { { term("发布", html! { day.chinese() }) } }
                { term("有效期", html! { valid }) }
            </dl></section>
        </> }
    }

    fn condition(&self, link: &Scope<Self>, row: &RowExplanation) -> Html {
        let basis = html! { <>
            if !row.note.is_empty() { <p class="s m">{ &row.note }</p> }
            <p class="s m">{ format!("依据 {}", row.basis) }</p>
        </> };
        self.node(link, &row.node, Some(row.kind), basis)
    }

    fn node(&self, link: &Scope<Self>, node: &Node, kind: Option<RowKind>, basis: Html) -> Html {
        let (icon, class, word) = icons::truth(node.truth);
        let word = if kind == Some(RowKind::Promise) && node.truth == Some(Truth::True) {
            "需承诺"
        } else {
            word
        };
        let side = !node.have.is_empty() || !node.need.is_empty() || !node.gap.is_empty();
        let ask = node.missing.first().filter(|_| node.children.is_empty()).copied();
        html! {
            <li data-truth={class}>
                <span class={class}>{ icon }<span class="v">{ word }</span></span>
                <div>
                    <p>{ &node.sentence }
                        if kind == Some(RowKind::Promise) { { " " }<span class="tag">{ "需承诺" }</span> }</p>
                    if side {
                        <p class="cmp2">
                            if !node.have.is_empty() { <span>{ "你：" }<b class="n">{ &node.have }</b></span> }
                            if !node.need.is_empty() { <span>{ "要求：" }<b class="n">{ &node.need }</b></span> }
                            if !node.gap.is_empty() { <span class="gap urg">{ &node.gap }</span> }
                        </p>
                    }
                    if node.truth == Some(Truth::Confirm) && node.children.is_empty() {
                        <p class="s">{ "机器判断不了，由受理部门核实。" }</p>
                    }
                    if let Some(key) = ask {
                        { self.ask_button(link, key, "去回答") }
                    }
                    { basis }
                    if !node.children.is_empty() {
                        <ul class="cond">{ for node.children.iter().map(|c| self.node(link, c, None, Html::default())) }</ul>
                    }
                </div>
            </li>
        }
    }

    fn ask_button(&self, link: &Scope<Self>, key: Key, word: &str) -> Html {
        let ask = link.callback(move |_: MouseEvent| Msg::Go(View::Ask(key)));
        html! {
            <p class="s"><button type="button" class="ans" onclick={ask}>
                { format!("{word}：{}", key_name(&self.catalogue, key)) }</button></p>
        }
    }

    fn search_box(&self, link: &Scope<Self>) -> Html {
        let typed = link.callback(|e: InputEvent| {
            let input: HtmlInputElement = e.target_unchecked_into();
            Msg::Query(input.value())
        });
        html! {
            <div class="in find" role="search">{ icons::find() }
                <input type="search" name="q" aria-label="搜政策" placeholder="搜政策，如“设备”“贴息”" autocomplete="off"
                    maxlength="64" list="huiqi-words" value={self.search.text.clone()} oninput={typed} />
                <datalist id="huiqi-words">{ for self.suggestions().into_iter().map(|w| html! { <option value={w} /> }) }</datalist>
            </div>
        }
    }

    /// Words that begin with the last run typed.
    fn suggestions(&self) -> Vec<String> {
        let typed = &self.search.text;
        // The field takes a suggestion as a whole: what stands before the last run is kept.
        let before = typed.rfind(char::is_whitespace).map_or("", |at| &typed[..=at]);
        let words = self.search.suggestions.iter();
        words.map(|word| format!("{}{word}", before.trim_end_matches('\n'))).collect()
    }

    /// What is missing as long as nobody said where the firm is.
    fn place_note(&self, link: &Scope<Self>) -> Html {
        if !self.wants_place() {
            return Html::default();
        }
        html! {
            <div class="note place"><p>{ "还没选注册地，这里只有全国的政策。选了以后，当地的也会列出来。" }
                <button type="button" class="btn txt" onclick={link.callback(|_: MouseEvent| Msg::Go(View::Form))}>{ "去选注册地" }</button></p></div>
        }
    }

    pub(crate) fn search_page(&self, link: &Scope<Self>) -> Html {
        html! { <>
            <h2 tabindex="-1" ref={self.heading.clone()}>{ "搜政策" }</h2>
            { self.search_box(link) }
            { self.place_note(link) }
            { self.hits(link) }
        </> }
    }

    fn hits(&self, link: &Scope<Self>) -> Html {
        let search = &self.search;
        let Some(passed) = search.passed else {
            let hint = "输入政策名、词语或文号，如“高新技术企业 奖励”。繁体也能搜，整句加引号。";
            return if search.busy {
                html! { <p role="status">{ "正在查…" }</p> }
            } else {
                html! { <p class="m">{ hint }</p> }
            };
        };
        if passed == 0 && search.filters.is_empty() {
            let text =
                if search.busy { "正在查…" } else { "没有找到。换个短一点的词试试。" };
            return html! { <p role="status">{ text }</p> };
        }
        let count = match search.filters.is_empty() {
            true => format!("找到 {passed} 项"),
            false => format!("筛选后 {passed} 项"),
        };
        let toggle = link
            .callback(|e: Event| Msg::Filtering(e.target_unchecked_into::<Element>().has_attribute("open")));
        html! { <>
            if let Some(meant) = &search.meant {
                <p class="meant">{ "没有和原词完全对得上的，已按“" }<b>{ meant.clone() }</b>{ "”查找。" }
                    <button type="button" class="btn txt" onclick={link.callback(|_: MouseEvent| Msg::AsTyped)}>{ format!("仍查“{}”", search.text.trim()) }</button></p>
            }
            <p class="s m" role="status">{ count }</p>
            <details class="filter" open={search.filtering} ontoggle={toggle}><summary>{ "筛选" }</summary>
                <div class="facets">{ for Facet::ALL.iter().map(|(facet, id, name)| self.facet(link, *facet, id, name)) }</div>
            </details>
            <ul class="hits">{ for search.shown.iter().map(|hit| self.hit(link, hit)) }</ul>
        </> }
    }

    /// One filter with what each choice would leave.
    fn facet(&self, link: &Scope<Self>, facet: Facet, id: &'static str, name: &'static str) -> Html {
        let search = &self.search;
        let counts =
            search.counts.iter().find(|(f, _)| *f == facet).map(|(_, c)| c.as_slice()).unwrap_or_default();
        let chosen = search.filters.get(facet);
        if counts.len() < 2 && chosen.is_none() {
            return Html::default();
        }
        let change = link.callback(move |e: Event| {
            let value = e.target_unchecked_into::<HtmlSelectElement>().value();
            Msg::Filter(facet, (!value.is_empty()).then_some(value))
        });
        html! {
            <label class="s">{ name }
                <select class="sel" data-facet={id} onchange={change}>
                    <option value="" selected={chosen.is_none()}>{ "不限" }</option>
                    { for counts.iter().map(|(value, count)| html! {
                        <option selected={chosen == Some(value)} value={value.clone()}>{ format!("{value}（{count}）") }</option>
                    }) }
                </select>
            </label>
        }
    }

    fn hit(&self, link: &Scope<Self>, hit: &Shown) -> Html {
        let at = hit.at;
        let Some(measure) = self.measures.get(at) else { return Html::default() };
        let outcome = self.report.as_ref().and_then(|r| r.outcomes.get(at)?.as_ref());
        let (document, marks) = &hit.document;
        html! {
            <li class="hit" key={measure.id.clone()} data-id={measure.id.clone()} data-tier={hit.tier}>
                <p>
                    <button type="button" class="name" onclick={link.callback(move |_: MouseEvent| Msg::Go(View::Measure(at)))}>{ with_marks(&measure.name, &hit.name) }</button>
                    if let Some(outcome) = outcome {
                        { " " }{ verdict_word(Group::of(outcome)) }
                    }
                </p>
                <p>{ with_marks(&self.card(at).summary, &hit.summary) }</p>
                if !hit.piece.1.is_empty() {
                    <p class="s m">{ with_marks(&hit.piece.0, &hit.piece.1) }</p>
                }
                <p class="s m">{ measure.schedule.window(self.today).name() }
                    if !document.is_empty() {
                        { " · " }{ with_marks(document, marks) }{ hit.issued.map(|d| format!(" · {}", d.chinese())) }
                    }
                </p>
            </li>
        }
    }
}

fn with_marks(text: &str, marks: &[Range<usize>]) -> Html {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    for range in marks {
        out.push(html! { chars[at..range.start].iter().collect::<String>() });
        out.push(html! { <mark>{ chars[range.start..range.end].iter().collect::<String>() }</mark> });
        at = range.end;
    }
    out.push(html! { chars[at..].iter().collect::<String>() });
    html! { { for out } }
}

fn promise() -> Html {
    html! { <p class="priv">{ icons::lock() }<span>{ PROMISE }</span></p> }
}

fn verdict_word(group: Group) -> Html {
    let (icon, class) = icons::group(group);
    html! { <span class={format!("vd s {class}")}>{ icon }{ group.name() }</span> }
}

/// Fen as 万元 with at most two decimals.
fn wan(fen: i128) -> String {
    Ratio::new(fen, 1_000_000).map_or_else(String::new, |v| grouped(v, 2))
}

/// An amount with a small unit.
fn figure(amount: &Amount) -> Html {
    let text = amount_text(amount);
    // The unit is drawn small where the text is one number.
    let plain =
        text.strip_suffix("万元").filter(|n| n.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',')));
    match plain {
        Some(number) => html! { <>{ number.to_owned() }<small>{ "万元" }</small></> },
        None => html! { <small class="pre">{ text }</small> },
    }
}

fn selection_note(selection: Selection) -> &'static str {
    match selection {
        Selection::Universal => "",
        Selection::Competitive => "择优支持：符合条件表示可以申报，要经过评审。",
        Selection::Nominated => "要有关部门推荐：符合条件表示可以争取推荐。",
        Selection::Filed => "备案制：符合条件表示可以办理备案。",
    }
}

/// The first leaf that fails, for the gap.
fn deepest_false(node: &Node) -> &Node {
    match node.children.iter().find(|c| c.truth == Some(Truth::False)) {
        Some(child) => deepest_false(child),
        None => node,
    }
}

/// To be confirmed and unmet first, met after, not applicable last.
fn ordered(rows: &[RowExplanation]) -> Vec<&RowExplanation> {
    let mut list: Vec<&RowExplanation> = rows.iter().collect();
    list.sort_by_key(|row| match row.node.truth {
        Some(Truth::False) => 0,
        Some(Truth::Unknown) => 1,
        Some(Truth::Confirm) => 2,
        Some(Truth::True) => 3,
        None => 4,
    });
    list
}

fn counts(rows: &[RowExplanation]) -> String {
    let count = |truth: Truth| rows.iter().filter(|r| r.node.truth == Some(truth)).count();
    let parts = [
        (Truth::False, "条不符合"),
        (Truth::Unknown, "条待补充"),
        (Truth::Confirm, "条要人工核实"),
        (Truth::True, "条符合"),
    ];
    let texts: Vec<String> =
        parts.iter().filter(|(t, _)| count(*t) > 0).map(|(t, word)| format!("{}{word}", count(*t))).collect();
    if texts.is_empty() { "没有条件。".to_owned() } else { format!("{}。", texts.join("，")) }
}
