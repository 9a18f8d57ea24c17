//! 申报方案: what to apply for together, what excludes what, papers once for all, and the way to take it along.

use huiqi_engine::export::{Origin, Page, Sheet, sheet};
use huiqi_engine::plan::{Case, Group as PlanGroup, Plan, Standing, Sum, Wishes, alternatives, plan_with};
use huiqi_engine::report::Group;
use huiqi_engine::words::word;
use yew::html::Scope;
use yew::{Event, Html, MouseEvent, html};

use crate::app::{App, Msg, View};
use crate::icons;
use crate::pages::measure::is_web;
use crate::pages::{Act, Take};

impl App {
    /// Makes the plan anew from the last decision and the wishes of the visitor.
    pub(crate) fn replan(&mut self) {
        let (Some(report), Some(case)) = (&self.report, self.case()) else { return };
        let wishes = &self.desk.wishes;
        let plan = if wishes.is_empty() { report.plan.clone() } else { plan_with(case, wishes) };
        self.desk.groups = alternatives(case, wishes, &plan);
        self.desk.chosen = plan.chosen.iter().map(|c| c.measure).collect();
        self.desk.plan = plan;
    }

    /// The plan as it is shown, printed and saved.
    pub(crate) fn sheet(&self) -> Option<Sheet> {
        self.sheet_with(&self.desk.plan, &self.desk.groups)
    }

    /// The same as if there were this measure alone.
    pub(crate) fn sheet_of(&self, at: usize) -> Option<Sheet> {
        let mut wishes = Wishes::default();
        wishes.put_in(&self.measures.get(at)?.id);
        let mut plan = plan_with(self.case()?, &wishes);
        plan.chosen.retain(|choice| choice.measure == at);
        self.sheet_with(&plan, &[])
    }

    /// What plans are made of.
    fn case(&self) -> Option<Case<'_>> {
        let outcomes = &self.report.as_ref()?.outcomes;
        let Self { measures, catalogue, firm, today, .. } = self;
        Some(Case { measures, outcomes, catalogue, firm, today: *today })
    }

    fn sheet_with(&self, plan: &Plan, groups: &[PlanGroup]) -> Option<Sheet> {
        let case = self.case()?;
        let catalog = &self.publishers.first()?.catalog;
        let measures = self.publishers.iter().map(|p| p.catalog.measures as usize).sum();
        let origin = Origin { publisher: &catalog.publisher, published: catalog.published, measures };
        let page = |at: usize| Page {
            card: self.cards.get(at).and_then(Option::as_ref),
            detail: self.details.get(at).and_then(Option::as_ref),
        };
        Some(sheet(case, plan, groups, origin, &page))
    }

    /// A sum with the number of those that are left open.
    fn sum_figure(&self, sum: Sum) -> Html {
        html! { <>
            if sum.high > 0 { { self.range(sum.low, sum.high) } }
            if sum.open > 0 { <small class="pre">{ self.say(" 另有 {} 项金额未定", &[&sum.open]) }</small> }
        </> }
    }

    pub(crate) fn plan_page(&self, link: &Scope<Self>) -> Html {
        let Some(sheet) = self.sheet() else {
            return html! { <p>{ self.get("先填企业信息，看过结果，这里就有方案。") }</p> };
        };
        let total = sheet.total;
        let title = match total.count {
            0 => self.get("方案里还没有事项").to_owned(),
            n if total.high > 0 && !self.is_stale() => self.say("申报方案：{} 项，合计", &[&n]),
            n => self.say("申报方案：{} 项", &[&n]),
        };
        let standings = [
            (Standing::Sure, word("{} 项符合")),
            (Standing::Later, word("{} 项符合，还没开始")),
            (Standing::Likely, word("{} 项待人工核实")),
        ];
        let parts = standings
            .into_iter()
            .map(|(standing, text)| (self.desk.plan.sum(standing), text))
            .filter(|(sum, _)| sum.count > 0);
        let parts = parts.map(|(sum, text)| html! { <li><span>{ self.say(text, &[&sum.count]) }</span><span class="amt">{ self.sum_figure(sum) }</span></li> });
        let rows = sheet.rows.iter().map(|row| {
            let group = if row.standing == Standing::Likely { Group::Likely } else { Group::Eligible };
            let (icon, class) = icons::group(group);
            let measure = &self.measures[row.measure];
            let mut below = vec![row.conclusion.clone()];
            below.extend(row.after.iter().map(|name| self.say("要先办：{}", &[name])));
            html! {
                <li class="mr" key={row.id.clone()} data-id={row.id.clone()}>
                    <span class={format!("ic {class}")}>{ icon }<span class="v">{ self.get(group.name()).to_owned() }</span></span>
                    <h4 class="t">{ self.name_button(link, row.measure) }</h4><p class="d">{ below.join(self.get("；")) }</p>
                    <div class="md"><p class="amt">{ row.amount.clone() }</p>{ if row.automatic { html! { <p class="due"><b>{ row.due.clone() }</b></p> } } else { self.due(measure, row.window) } }</div>
                    { self.join(link, row.measure, row.window) }
                </li>
            }
        });
        let recognised = sheet.rows.iter().filter(|row| row.low.is_none()).count();
        html! { <>
            <section class="sum w"><div class="st"><h2 tabindex="-1" ref={self.heading.clone()}>{ title }</h2>
                if total.high > 0 && !self.is_stale() { <p class="fig" part="sum" role="status">{ self.sum_figure(total) }</p> }
                if !sheet.first.is_empty() { <p class="urg">{ sheet.first.clone() }</p> }
                if recognised > 0 { <p class="s m">{ self.say("其中 {} 项是资质认定，不是现金。", &[&recognised]) }</p> }
                if !self.desk.plan.exact { <p class="s m">{ self.get("事项太多，没能证明这是最好的组合；更好的也不会多很多。") }</p> }
            </div><ul class="also">{ for parts }</ul></section>
            if !sheet.complete { <p role="status">{ self.get("正在读办理信息，材料和电话马上就全。") }</p> }
            <div class="cols"><div class="main">
                <section class="sec"><h3>{ self.get("选哪几项") }</h3>
                    if sheet.rows.is_empty() { <p>{ self.get("在结果里勾“加入方案”，或先补充信息。") }</p> }
                    <ul>{ for rows }</ul>
                    { self.choices(link) }
                    <p class="row"><button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::Go(View::WhatIf))}>{ self.get("如果数字变一变") }</button></p>
                </section>
                { self.paper_list(link, &sheet) }
            </div><div class="side">
                if !sheet.days.is_empty() { <section class="sec"><h3>{ self.get("日程") }</h3>{ self.time_line(&sheet) }</section> }
                <section class="sec"><h3>{ self.get("带走") }</h3>{ self.take_row(link) }
                    <p class="s m">{ self.get("文件在这台设备上生成。") }</p>{ self.by_hand() }</section>
            </div></div>
        </> }
    }

    /// Ways to take the plan along.
    pub(crate) fn take_row(&self, link: &Scope<Self>) -> Html {
        let button = |take: Take, text: &'static str| {
            html! {
                <button type="button" class="btn" onclick={link.callback(move |_: MouseEvent| Msg::Act(Act::Take(take)))}>{ self.get(text).to_owned() }</button>
            }
        };
        html! {
            <div class="row"><button type="button" class="btn pri" part="button" onclick={link.callback(|_: MouseEvent| Msg::Go(View::Print))}>{ self.get("打印或存 PDF") }</button>
                { button(Take::Calendar, word("日历文件")) }{ button(Take::Table, word("表格 CSV")) }{ button(Take::Text, word("复制文字")) }
                <button type="button" class="btn" onclick={link.callback(|_: MouseEvent| Msg::Act(Act::Share(true)))}>{ self.get("分享") }</button></div>
        }
    }

    /// What could not be copied or saved by the browser, to be copied by hand.
    pub(crate) fn by_hand(&self) -> Html {
        let Some(text) = &self.desk.by_hand else { return Html::default() };
        html! { <div><label for="by-hand">{ self.get("没有存下来？选中下面的文字复制") }</label>
        <textarea id="by-hand" class="hand" readonly=true rows="6" value={text.clone()} /></div> }
    }

    /// Groups that left something out: which of their measures is had.
    fn choices(&self, link: &Scope<Self>) -> Html {
        let groups = self.desk.groups.iter().enumerate().map(|(number, group)| {
            let options = group.options.iter().map(|option| {
                let at = option.measure;
                let choose = link.callback(move |_: Event| Msg::Act(Act::Join(at)));
                let total = html! { <>{ self.get("合计") }{ self.range(option.low, option.high) }</> };
                let less = option.more_high.min(0).abs();
                let less = (less > 0).then(|| self.say("，最多少 {}", &[&self.catalogue.words.money(huiqi_engine::num::Ratio::int(less), 0)]));
                html! {
                    <label class="opt"><input type="radio" name={format!("alt-{number}")} checked={option.chosen} onchange={choose} />
                        <span>{ self.name(at) }<br /><span class="s m n">{ total }{ less.unwrap_or_default() }</span></span></label>
                }
            });
            let compare: Vec<usize> = group.options.iter().map(|o| o.measure).collect();
            let together = link.batch_callback(move |_: MouseEvent| {
                vec![Msg::Act(Act::Together(compare.clone())), Msg::Go(View::Compare)]
            });
            let title = match group.places {
                Some(places) => self.say("“{}”同年最多 {} 项，已选合计最高的。", &[&group.name, &places]),
                None => self.say("“{}”有合计上限，已按上限算。", &[&group.name]),
            };
            html! { <fieldset class="note q"><legend class="v">{ group.name.clone() }</legend><p>{ title }</p>{ for options }
                <p><button type="button" class="ans" onclick={together}>{ self.get("并排比较") }</button></p></fieldset> }
        });
        html! { { for groups } }
    }

    fn paper_list(&self, link: &Scope<Self>, sheet: &Sheet) -> Html {
        if sheet.papers.is_empty() {
            return Html::default();
        }
        let rows = sheet.papers.iter().map(|paper| {
            let name = paper.name.clone();
            let ready = self.desk.ready.contains(&name);
            let change = link.callback(move |_: Event| Msg::Act(Act::Ready(name.clone())));
            html! {
                <li><label class="chk"><input type="checkbox" name="paper" checked={ready} onchange={change} /><span>{ paper.name.clone() }</span></label>
                    <span class="s m">if paper.spared { <span class="tag">{ self.get("免提交") }</span>{ " " } }
                        { for [(&paper.form, word("空表")), (&paper.sample, word("样表"))].into_iter().filter(|(url, _)| is_web(url)).map(|(url, name)| html! { <>{ self.external(url, self.get(name)) }{ " " }</> }) }
                        { self.say("用于 {} 项", &[&paper.rows.len()]) }</span></li>
            }
        });
        html! {
            <section class="sec"><h3>{ sheet.papers_title.clone() }</h3>
                <p class="s m">{ self.get("已备好的打勾，只存在这台设备。") }</p><ul class="lst">{ for rows }</ul></section>
        }
    }

    pub(crate) fn time_line(&self, sheet: &Sheet) -> Html {
        let rows = sheet.days.iter().map(|day| {
            let end = matches!(day.act, huiqi_engine::export::Act::Closes);
            html! { <li class={if end { "e" } else { "" }}><time datetime={day.date.to_string()}>{ self.short_day(day.date) }</time>{ " " }<span class="s m">{ self.weekday(day.date) }</span><br />{ day.text.clone() }</li> }
        });
        html! { <ol class="tl">{ for rows }</ol> }
    }
}
