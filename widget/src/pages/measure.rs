//! One measure: why, how much, by when, with which papers, where from.

use huiqi_engine::eval::{EvalError, Truth, evaluate};
use huiqi_engine::explain::{self, Node, RowExplanation, key_name};
use huiqi_engine::firm::Key;
use huiqi_engine::measure::{Detail, FullText, Measure, RowKind, Selection};
use huiqi_engine::report::Group;
use huiqi_engine::search::related;
use huiqi_engine::words::word;
use yew::html::Scope;
use yew::{Event, Html, MouseEvent, html};

use crate::app::{App, Msg, View};
use crate::icons;
use crate::pages::{Act, Take};

/// Figures a page asks for below its sum.
const MOST_FIGURES: usize = 4;
/// Most measures offered beside one.
const RELATED: usize = 5;
/// Letters that a quoted clause has at most; the whole text stands below.
const QUOTE: usize = 400;
/// 好差评, best first (《国务院办公厅关于建立政务服务“好差评”制度提高政务服务水平的意见》).
const LEVELS: [(u8, &str); 5] = [
    (5, word("非常满意")),
    (4, word("满意")),
    (3, word("基本满意")),
    (2, word("不满意")),
    (1, word("非常不满意")),
];
/// What was not good.
const REASONS: [&str; 6] = [
    word("条件看不懂"),
    word("结论不对"),
    word("金额不对"),
    word("材料没写全"),
    word("电话打不通"),
    word("链接打不开"),
];

impl App {
    pub(crate) fn measure_page(&self, link: &Scope<Self>, at: usize) -> Html {
        let Some(measure) = self.measures.get(at) else { return Html::default() };
        let card = self.card(at);
        let outcome = match evaluate(measure, &self.catalogue, &self.firm, self.today) {
            Ok(outcome) => outcome,
            Err(error) => return self.undecided(link, at, measure, &error),
        };
        let group = Group::of(&outcome);
        let (icon, class) = icons::group(group);
        let rows =
            explain::explain(measure, &card, &self.catalogue, &self.firm, self.today).unwrap_or_default();
        let steps =
            explain::steps(measure, &card, &self.catalogue, &self.firm, self.today).unwrap_or_default();
        let amount_title =
            if group == Group::Eligible { word("你大约可得") } else { word("条件都满足时") };
        let detail = self.details.get(at).and_then(Option::as_ref);
        let received = self.firm.received.iter().any(|r| r.measure == measure.id);
        let open = link.callback(move |_: Event| Msg::Act(Act::Received(at)));
        html! { <>
            <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Back)}>{ icons::back() }{ self.get("返回") }</button>
            <div class="st">
                <p><span class={format!("vd {class}")}>{ icon }{ self.get(group.name()).to_owned() }</span></p>
                <h2 tabindex="-1" ref={self.heading.clone()}>{ for self.gloss(at).map(|text| html! { <><span lang="en">{ text.to_owned() }</span><br /></> }) }<span>{ self.name(at) }</span></h2>
                <p class="p">{ &card.summary }</p>
                if measure.selection != Selection::Universal {
                    <p class="s m">{ self.get(selection_note(measure.selection)).to_owned() }</p>
                }
            </div>
            <dl class="key">
                <div><dt>{ self.get(amount_title).to_owned() }</dt><dd class="big">{ match &outcome.amount { Some(a) => self.figure(a), None => html! { self.get("不是现金").to_owned() } } }</dd></div>
                <div><dt>{ self.get("受理") }</dt><dd>{ self.due(measure, outcome.window) }</dd></div>
            </dl>
            <div class="row">
                { for detail.map(|detail| self.apply(detail)) }
                { self.join(link, at, outcome.window) }
                <label class="chk"><input type="checkbox" name="received" checked={received} onchange={open} /><span>{ self.get("今年已享受过") }</span></label>
            </div>
            <div class="cols"><div class="main">
                <section class="sec"><h3>{ self.get("条件") }</h3>
                    <p>{ self.counts(&rows) }</p>
                    <ul class="cond">{ for ordered(&rows).into_iter().map(|row| self.condition(link, at, row)) }</ul></section>
                if !steps.is_empty() {
                    <section class="sec"><h3>{ self.get("金额怎么算") }</h3><table class="calc"><tbody>
                        { for steps.iter().enumerate().map(|(i, step)| html! {
                            <tr class={(i + 1 == steps.len()).then_some("tot")}><td>{ &step.label }</td><td>{ &step.value }</td></tr>
                        }) }
                    </tbody></table>
                    if matches!(group, Group::Eligible | Group::Likely) {
                        { for outcome.missing.iter().take(MOST_FIGURES).map(|key| self.ask_button(link, *key, word("去填"))) }
                    }
                    if let Some(basis) = measure.benefit.basis { { self.clause(at, card.text(basis)) } }
                    { self.beside(link, at) }
                    if let Some(detail) = detail.filter(|d| !d.benefit_note.is_empty()) {
                        <p class="s m">{ &detail.benefit_note }</p>
                    }
                    </section>
                }
                { for detail.map(|detail| self.papers(detail)) }
                { self.full_text(link, at) }
                { self.terms(measure) }
            </div><div class="side">{ self.detail(link, at, measure) }{ self.rating(link, measure) }{ self.related(link, at) }</div></div>
            <div class="row"><button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::Act(Act::Share(true)))}>{ self.get("分享") }</button>
                <button type="button" class="btn" onclick={link.callback(move |_: MouseEvent| Msg::Act(Act::Compare(at)))}>{ self.get(if self.desk.compared.contains(&measure.id) { word("移出比较") } else { word("加入比较") }).to_owned() }</button>
                if self.desk.compared.len() > 1 { <button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::Go(View::Compare))}>{ self.say("比较 {} 项", &[&self.desk.compared.len()]) }</button> }
                <button type="button" class="btn" onclick={link.callback(move |_: MouseEvent| Msg::Act(Act::Take(Take::CalendarOf(at))))}>{ self.get("加到日历") }</button></div>
        </> }
    }

    /// The page of a measure of which nothing can be said but what it is.
    fn undecided(&self, link: &Scope<Self>, at: usize, measure: &Measure, error: &EvalError) -> Html {
        html! { <>
            <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Back)}>{ icons::back() }{ self.get("返回") }</button>
            <h2 tabindex="-1" ref={self.heading.clone()}>{ self.name(at) }</h2>
            <div class="note er" role="status"><p>{ self.say("{}：{}", &[&self.get("算不出"), &error.text(&self.catalogue.words)]) }</p></div>
            { self.detail(link, at, measure) }
        </> }
    }

    /// The way to the application, where there is an address.
    fn apply(&self, detail: &Detail) -> Html {
        let url = detail.handling.iter().find(|(label, _)| label == "网址").map(|(_, url)| url.as_str());
        let Some(url) = url.filter(|url| is_web(url)) else { return Html::default() };
        let target = if self.same_tab { "_top" } else { "_blank" };
        html! { <a class="btn pri" part="button" href={url.to_owned()} {target} rel="noopener noreferrer">{ self.get("去申报") }</a> }
    }

    /// What excludes this measure, and what must come first.
    fn beside(&self, link: &Scope<Self>, at: usize) -> Html {
        let groups = self.desk.groups.iter().filter(|g| g.options.iter().any(|o| o.measure == at));
        let rows = groups.map(|group| {
            let others = group.options.iter().filter(|o| o.measure != at).map(|o| html! { <li>{ self.name_button(link, o.measure) }</li> });
            html! { <div class="note q s"><p>{ self.say("和下面的同属“{}”，同年不能都享受，合计里已按高的算。", &[&group.name]) }</p><ul>{ for others }</ul></div> }
        });
        html! { { for rows } }
    }

    fn papers(&self, detail: &Detail) -> Html {
        if detail.materials.is_empty() {
            return Html::default();
        }
        let rows = detail.materials.iter().map(|m| html! {
                    <li><span>{ self.label(&m.name) }</span><span class="s m">{ m.how.clone() }
                { for [(&m.form, word("空表")), (&m.sample, word("样表"))].into_iter().filter(|(url, _)| is_web(url)).map(|(url, name)| html! { <>{ " " }{ self.external(url, self.get(name)) }</> }) }
            </span></li>
        });
        html! { <section class="sec"><h3>{ self.say("材料 {} 份", &[&detail.materials.len()]) }</h3><ul class="lst">{ for rows }</ul></section> }
    }

    /// A link out of the page. Data may come from anywhere: an address that runs a script is no link.
    pub(crate) fn external(&self, url: &str, text: &str) -> Html {
        if !is_web(url) {
            return html! { text.to_owned() };
        }
        let target = if self.same_tab { "_top" } else { "_blank" };
        html! { <a href={url.to_owned()} {target} rel="noopener noreferrer">{ text.to_owned() }</a> }
    }

    /// The full text of the document of a measure, if it is published and has arrived.
    fn text_of(&self, at: usize) -> Option<&FullText> {
        let name = &self.details.get(at)?.as_ref()?.text;
        self.desk.texts.get(name)?.as_ref()
    }

    /// The number of a clause, and the clause itself where the full text is there.
    fn clause(&self, at: usize, basis: &str) -> Html {
        let title = self.say("依据 {}", &[&basis]);
        // Places are counted in characters; a basis that names several clauses has several of them.
        let quote = self.text_of(at).and_then(|full| {
            let rows = full.clauses.iter().filter(|(name, ..)| name == basis);
            let texts: Vec<String> = rows.map(|(_, start, end)| between(&full.text, *start, *end)).collect();
            (!texts.is_empty()).then(|| texts.join("……"))
        });
        match quote {
            None => html! { <p class="s m">{ title }</p> },
            Some(text) => {
                let short: String = text.trim().chars().take(QUOTE).collect();
                let more = if short.chars().count() < text.trim().chars().count() { "……" } else { "" };
                html! { <details class="cl"><summary>{ title }</summary><blockquote lang="zh-Hans"><mark>{ short }</mark>{ more }</blockquote></details> }
            }
        }
    }

    /// 原文 with the clauses of this measure marked.
    fn full_text(&self, link: &Scope<Self>, at: usize) -> Html {
        let Some(detail) = self.details.get(at).and_then(Option::as_ref).filter(|d| !d.text.is_empty())
        else {
            return Html::default();
        };
        let name = detail.text.clone();
        let need = link.callback(move |_: Event| Msg::Act(Act::NeedText(at, name.clone())));
        let body = match self.text_of(at) {
            None => html! { <p role="status">{ self.get("正在读原文…") }</p> },
            Some(full) => {
                let card = self.card(at);
                let rows = full.clauses.iter().filter(|(name, ..)| card.texts.contains(name));
                let mut marks: Vec<(u32, u32)> = rows.map(|(_, start, end)| (*start, *end)).collect();
                marks.sort_unstable();
                let mut pieces = Vec::new();
                let mut done = 0;
                for (start, end) in marks.into_iter().filter(|(start, end)| start < end) {
                    let start = start.max(done);
                    if start < end {
                        pieces.push(html! { between(&full.text, done, start) });
                        pieces.push(html! { <mark>{ between(&full.text, start, end) }</mark> });
                        done = end;
                    }
                }
                pieces.push(html! { between(&full.text, done, u32::MAX) });
                html! { <blockquote class="full" lang="zh-Hans" tabindex="0" role="region" aria-label={self.get("原文").to_owned()}>{ for pieces }</blockquote> }
            }
        };
        html! { <section class="sec"><details ontoggle={need}><summary>{ self.get("看原文，标出这一项的条款") }</summary>{ body }</details></section> }
    }

    /// 名词解释: what the facts mean that this measure asks for.
    fn terms(&self, measure: &Measure) -> Html {
        let mut facts = Vec::new();
        for condition in &measure.conditions {
            condition.rule.walk(&mut |e| {
                if let Some(no) = e.fact() {
                    crate::app::first_time(&mut facts, no);
                }
            });
        }
        let rows: Vec<Html> = facts
            .iter()
            .filter_map(|no| self.catalogue.facts.get(no))
            .filter(|f| !f.help.is_empty())
            .map(|f| html! { <><dt>{ f.name.clone() }</dt><dd>{ f.help.clone() }</dd></> })
            .collect();
        if rows.is_empty() {
            return Html::default();
        }
        html! { <section class="sec"><details><summary>{ self.get("名词解释") }</summary><dl class="dl terms">{ for rows }</dl></details></section> }
    }

    /// 好差评
    fn rating(&self, link: &Scope<Self>, measure: &Measure) -> Html {
        let rating = self.desk.ratings.get(&measure.id).cloned().unwrap_or_default();
        let levels = LEVELS.iter().map(|(level, name)| {
            let (id, level) = (measure.id.clone(), *level);
            let rate = link.callback(move |_: Event| Msg::Act(Act::Rate(id.clone(), level)));
            html! { <label><input type="radio" name="rate" value={level.to_string()} checked={rating.level == level} onchange={rate} /><span>{ self.get(name).to_owned() }</span></label> }
        });
        let reasons = REASONS.iter().enumerate().map(|(at, name)| {
            let id = measure.id.clone();
            let reason = link.callback(move |_: Event| Msg::Act(Act::Reason(id.clone(), at as u8)));
            html! { <li><label class="chk"><input type="checkbox" name="reason" checked={rating.reasons >> at & 1 == 1} onchange={reason} /><span>{ self.get(name).to_owned() }</span></label></li> }
        });
        let where_to = if rating.sent {
            word("已交给本网站，不含企业信息。")
        } else {
            word("只存在这台设备，不会发出。")
        };
        html! {
            <section class="sec"><fieldset><legend class="lab">{ self.get("这页说清楚了吗") }</legend>
                <div class="rate">{ for levels }</div>
                if (1..3).contains(&rating.level) { <ul class="st">{ for reasons }</ul> }
                <p class="s m" role="status">{ self.get(where_to).to_owned() }</p></fieldset></section>
        }
    }

    /// Other measures that a reader of this one may look for.
    fn related(&self, link: &Scope<Self>, at: usize) -> Html {
        let related = related(&self.measures, at, RELATED);
        if related.is_empty() {
            return Html::default();
        }
        let rows = related.iter().filter_map(|at| Some((*at, self.measures.get(*at)?)));
        html! {
            <section class="sec"><h3>{ self.get("相近的事项") }</h3><ul class="lst rel">{ for rows.map(|(at, measure)| {
                let outcome = self.outcome(at);
                html! { <li>{ self.name_button(link, at) }
                    <span class="s m">{ self.get(measure.schedule.window(self.today).name()).to_owned() }</span>
                    if let Some(outcome) = outcome { { self.verdict_word(Group::of(outcome)) } }</li> }
            }) }</ul></section>
        }
    }

    fn detail(&self, link: &Scope<Self>, at: usize, measure: &Measure) -> Html {
        let Some(detail) = self.details.get(at).and_then(Option::as_ref) else {
            let retry = link.callback(|_: MouseEvent| Msg::Retry);
            return if self.warnings.is_empty() {
                html! { <p role="status">{ self.get("正在读办理信息…") }</p> }
            } else {
                html! { <p role="status">{ self.get("办理信息没读到。") }<button type="button" class="btn txt" onclick={retry}>{ self.get("再读一次") }</button></p> }
            };
        };
        let term =
            |name: &str, value: Html| html! { <><dt>{ self.get(name).to_owned() }</dt><dd>{ value }</dd></> };
        let handling = detail.handling.iter().map(|(label, text)| {
            let value = match label.as_str() {
                "网址" => self.external(text, self.get("去申报")),
                "电话" | "联系电话" => phone(text),
                _ => html! { text.clone() },
            };
            term(label, value)
        });
        let valid = match (measure.schedule.valid_from, measure.schedule.valid_to) {
            (Some(from), Some(to)) => self.say("{}至{}", &[&self.day(from), &self.day(to)]),
            (Some(from), None) => self.say("{}起，没写止期", &[&self.day(from)]),
            _ => self.get("没写").to_owned(),
        };
        let document = self.external(&detail.source, &detail.document);
        let schedule = &measure.schedule;
        let dates = match (schedule.opens, schedule.closes) {
            (Some(from), Some(to)) => self.say("{}至{}", &[&self.day(from), &self.day(to)]),
            (Some(from), None) => self.say("{}起", &[&self.day(from)]),
            (None, Some(to)) => self.say("{}止", &[&self.day(to)]),
            (None, None) if schedule.rolling => self.get("随时可报").to_owned(),
            _ => self.get("没公布受理时间").to_owned(),
        };
        let publisher = self.publishers.get(self.publisher_of(at)).map(|p| self.day(p.catalog.published));
        html! { <>
            <section class="sec"><h3>{ self.get("怎么办") }</h3>
                <dl class="dl">{ term(word("时间"), html! { dates }) }{ for handling }</dl>
                if detail.handling.is_empty() { <p>{ self.get("文件没有写办理方式，问当地主管部门。") }</p> }
            </section>
            <section class="sec"><h3>{ self.get("来源") }</h3><dl class="dl">
                { term(word("政策文件"), document) }
                { term(word("发文机关"), html! { measure.issuer.clone() }) }
                if !detail.number.is_empty() { { term(word("文号"), html! { detail.number.clone() }) } }
                if let Some(day) = detail.issued { { term(word("发布"), html! { self.day(day) }) } }
                { term(word("有效期"), html! { valid }) }
                if let Some(day) = publisher { { term(word("数据"), html! { self.say("{}发布", &[&day]) }) } }
            </dl></section>
        </> }
    }

    fn condition(&self, link: &Scope<Self>, at: usize, row: &RowExplanation) -> Html {
        let basis = html! { <>
            if !row.note.is_empty() { <p class="s m">{ &row.note }</p> }
            { self.clause(at, &row.basis) }
        </> };
        self.node(link, &row.node, Some(row.kind), basis)
    }

    fn node(&self, link: &Scope<Self>, node: &Node, kind: Option<RowKind>, basis: Html) -> Html {
        let (icon, class, word_) = icons::truth(node.truth);
        let word_ = if kind == Some(RowKind::Promise) && node.truth == Some(Truth::True) {
            word("需承诺")
        } else {
            word_
        };
        let side = !node.have.is_empty() || !node.need.is_empty() || !node.gap.is_empty();
        let ask = node.missing.first().filter(|_| node.children.is_empty()).copied();
        html! {
            <li data-truth={class}>
                <span class={class}>{ icon }<span class="v">{ self.get(word_).to_owned() }</span></span>
                <div>
                    <p>{ &node.sentence }
                        if kind == Some(RowKind::Promise) { { " " }<span class="tag">{ self.get("需承诺") }</span> }</p>
                    if side {
                        <p class="cmp2">
                            if !node.have.is_empty() { <span>{ self.get("你：") }<b class="n">{ &node.have }</b></span> }
                            if !node.need.is_empty() { <span>{ self.get("要求：") }<b class="n">{ &node.need }</b></span> }
                            if !node.gap.is_empty() { <span class="gap urg">{ &node.gap }</span> }
                        </p>
                    }
                    if node.truth == Some(Truth::Confirm) && node.children.is_empty() {
                        <p class="s">{ self.get("机器判断不了，由受理部门核实。") }</p>
                    }
                    if let Some(key) = ask {
                        { self.ask_button(link, key, word("去回答")) }
                    }
                    { basis }
                    if !node.children.is_empty() {
                        <ul class="cond">{ for node.children.iter().map(|c| self.node(link, c, None, Html::default())) }</ul>
                    }
                </div>
            </li>
        }
    }

    fn ask_button(&self, link: &Scope<Self>, key: Key, what: &str) -> Html {
        let ask = link.callback(move |_: MouseEvent| Msg::Go(View::Ask(key)));
        html! {
            <p class="s"><button type="button" class="ans" onclick={ask}>
                { self.say("{}：{}", &[&self.get(what), &key_name(&self.catalogue, key)]) }</button></p>
        }
    }

    /// How many conditions hold, and how many do not.
    fn counts(&self, rows: &[RowExplanation]) -> String {
        let parts = [
            (Truth::False, word("{} 条不符合")),
            (Truth::Unknown, word("{} 条待补充")),
            (Truth::Confirm, word("{} 条要人工核实")),
            (Truth::True, word("{} 条符合")),
        ];
        let texts: Vec<String> = parts
            .iter()
            .filter_map(|(truth, text)| {
                let count = rows.iter().filter(|r| r.node.truth == Some(*truth)).count();
                (count > 0).then(|| self.say(text, &[&count]))
            })
            .collect();
        if texts.is_empty() {
            self.get("没有条件。").to_owned()
        } else {
            self.say("{}。", &[&texts.join(self.get("，"))])
        }
    }

    /// A label or name of the data, in English where there is one.
    pub(crate) fn label(&self, text: &str) -> String {
        let shown = self.get(text);
        let english = self.desk.glosses.as_ref().filter(|_| !self.catalogue.words.is_chinese());
        english.filter(|_| shown == text).map_or(shown, |names| names.term(text)).to_owned()
    }

    pub(crate) fn verdict_word(&self, group: Group) -> Html {
        let (icon, class) = icons::group(group);
        html! { <span class={format!("vd s {class}")}>{ icon }{ self.get(group.name()).to_owned() }</span> }
    }
}

/// A piece of a text, counted in characters.
fn between(text: &str, start: u32, end: u32) -> String {
    text.chars().skip(start as usize).take(end.saturating_sub(start) as usize).collect()
}

/// Whether an address may be a link.
pub(crate) fn is_web(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme))
}

/// A number to call.
fn phone(text: &str) -> Html {
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '-' | '+')).collect();
    // Two numbers in one line, or a name beside it, are no address.
    let plain =
        text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | ' ' | '(' | ')' | '（' | '）'));
    if digits.len() < 5 || !plain {
        return html! { text.to_owned() };
    }
    html! { <a href={format!("tel:{digits}")}>{ text.to_owned() }</a> }
}

fn selection_note(selection: Selection) -> &'static str {
    match selection {
        Selection::Universal => "",
        Selection::Competitive => word("择优支持：符合条件表示可以申报，要经过评审。"),
        Selection::Nominated => word("要有关部门推荐：符合条件表示可以争取推荐。"),
        Selection::Filed => word("备案制：符合条件表示可以办理备案。"),
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
