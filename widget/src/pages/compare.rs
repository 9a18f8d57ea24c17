//! Two or three measures side by side.

use huiqi_engine::eval::{Outcome, Truth};
use huiqi_engine::explain;
use huiqi_engine::report::Group;
use huiqi_engine::words::word;
use yew::html::Scope;
use yew::{Event, Html, MouseEvent, html};

use crate::app::{App, Msg};
use crate::icons;
use crate::pages::Act;

impl App {
    /// Numbers of the measures that are compared.
    pub(crate) fn compared(&self) -> Vec<usize> {
        let ids = self.desk.compared.iter();
        ids.filter_map(|id| self.measures.iter().position(|m| m.id == *id)).collect()
    }

    pub(crate) fn compare_page(&self, link: &Scope<Self>) -> Html {
        let all = self.compared();
        let back = html! { <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Back)}>{ icons::back() }{ self.get("返回") }</button> };
        if all.len() < 2 {
            return html! { <>{ back }<h2 tabindex="-1" ref={self.heading.clone()}>{ self.get("比较") }</h2>
            <p>{ self.get("在事项页点“加入比较”，选两三项就能并排看。") }</p></> };
        }
        // Each row: what it is, one text per measure, and how it is drawn where that is more than the text.
        let mut rows: Vec<(&'static str, Vec<String>)> = Vec::new();
        let outcome = |at: usize| self.outcome(at);
        let each = |f: &dyn Fn(usize) -> String| all.iter().map(|at| f(*at)).collect::<Vec<String>>();
        let sentences = |at: usize, truth: Truth| {
            let rows =
                explain::explain(&self.measures[at], &self.card(at), &self.catalogue, &self.firm, self.today);
            let rows = rows.unwrap_or_default().into_iter().filter(|row| row.node.truth == Some(truth));
            let texts: Vec<String> = rows.map(|row| row.node.sentence).collect();
            if texts.is_empty() { self.get("无").to_owned() } else { texts.join(self.get("；")) }
        };
        let detail = |at: usize| self.details.get(at).and_then(Option::as_ref);
        let handling = |at: usize, label: &str| {
            let rows = detail(at).map(|d| d.handling.as_slice()).unwrap_or_default();
            let found = rows.iter().find(|(l, _)| l == label).map(|(_, text)| text.clone());
            found.unwrap_or_else(|| self.get("没写").to_owned())
        };
        rows.push((
            word("结论"),
            each(&|at| {
                outcome(at).map_or_else(
                    || self.get("不在你的地区").to_owned(),
                    |o: &Outcome| self.get(Group::of(o).name()).to_owned(),
                )
            }),
        ));
        rows.push((
            word("金额"),
            each(&|at| {
                outcome(at)
                    .and_then(|o| o.amount.as_ref())
                    .map_or_else(|| self.get("不是现金").to_owned(), |a| self.catalogue.words.amount(a))
            }),
        ));
        rows.push((
            word("怎么算"),
            each(&|at| {
                let line = explain::formula_line(
                    &self.measures[at],
                    &self.card(at),
                    &self.catalogue,
                    &self.firm,
                    self.today,
                )
                .unwrap_or_default();
                if line.is_empty() { self.card(at).summary } else { line }
            }),
        ));
        rows.push((
            word("受理"),
            each(&|at| {
                let schedule = &self.measures[at].schedule;
                match schedule.closes {
                    Some(day) if day >= self.today => {
                        self.say("{}止，剩 {} 天", &[&self.day(day), &(day.days() - self.today.days())])
                    }
                    _ => self.get(schedule.window(self.today).name()).to_owned(),
                }
            }),
        ));
        rows.push((word("不符合的条件"), each(&|at| sentences(at, Truth::False))));
        rows.push((word("人工核实"), each(&|at| sentences(at, Truth::Confirm))));
        rows.push((word("还不知道"), each(&|at| sentences(at, Truth::Unknown))));
        rows.push((
            word("材料"),
            each(&|at| {
                detail(at).map_or_else(String::new, |d| {
                    let ready = d.materials.iter().filter(|m| self.desk.ready.contains(&m.name)).count();
                    self.say("{} 份，{} 份已备", &[&d.materials.len(), &ready])
                })
            }),
        ));
        rows.push((word("承诺时限"), each(&|at| handling(at, "承诺时限"))));
        rows.push((word("名额"), each(&|at| handling(at, "名额"))));
        rows.push((word("发文机关"), each(&|at| self.measures[at].issuer.clone())));
        rows.push((
            word("依据"),
            each(&|at| {
                detail(at).map_or_else(String::new, |d| {
                    format!(
                        "{} {}",
                        d.number,
                        self.measures[at]
                            .benefit
                            .basis
                            .map(|b| self.card(at).text(b).to_owned())
                            .unwrap_or_default()
                    )
                })
            }),
        ));
        if self.desk.only_different {
            rows.retain(|(_, texts)| texts.iter().any(|text| *text != texts[0]));
        }
        let heads = all
            .iter()
            .map(|at| html! { <th scope="col" role="columnheader">{ self.name_button(link, *at) }</th> });
        let body = rows.into_iter().map(|(name, texts)| html! {
            <tr role="row"><th scope="row" role="rowheader">{ self.get(name).to_owned() }</th>{ for texts.into_iter().map(|text| html! { <td role="cell">{ text }</td> }) }</tr>
        });
        let choose = all.iter().map(|at| {
            let (at, chosen) = (*at, self.desk.chosen.contains(at));
            let join = link.callback(move |_: MouseEvent| Msg::Act(Act::Join(at)));
            let away = link.callback(move |_: MouseEvent| Msg::Act(Act::Compare(at)));
            html! { <td role="cell"><button type="button" class="btn" aria-pressed={chosen.to_string()} onclick={join}>{ self.get(if chosen { word("在方案里") } else { word("放进方案") }).to_owned() }</button>
                <button type="button" class="btn txt" onclick={away}>{ self.get("移出比较") }</button></td> }
        });
        let class = if all.len() == 3 { "cp three" } else { "cp" };
        html! { <>
            { back }
            <h2 tabindex="-1" ref={self.heading.clone()}>{ self.say("比较 {} 项", &[&all.len()]) }</h2>
            { self.compare_line(&all) }
            <label class="chk"><input type="checkbox" name="different" checked={self.desk.only_different} onchange={link.callback(|_: Event| Msg::Act(Act::OnlyDifferent))} /><span>{ self.get("只看不同的") }</span></label>
            <table {class} role="table"><thead role="rowgroup"><tr role="row"><td role="cell"></td>{ for heads }</tr></thead>
                <tbody role="rowgroup">{ for body }<tr role="row"><th scope="row" role="rowheader">{ self.get("选哪项") }</th>{ for choose }</tr></tbody></table>
        </> }
    }

    /// What the comparison comes down to, where the measures exclude each other.
    fn compare_line(&self, all: &[usize]) -> Html {
        let group =
            self.desk.groups.iter().find(|g| all.iter().all(|at| g.options.iter().any(|o| o.measure == *at)));
        let Some(group) = group else {
            return html! { <p class="note q">{ self.get("这几项之间没有互斥，可以都申报。") }</p> };
        };
        let chosen = group.options.iter().find(|o| o.chosen && all.contains(&o.measure));
        let other = group.options.iter().find(|o| !o.chosen && all.contains(&o.measure));
        let text = match (chosen, other) {
            (Some(chosen), Some(other)) if other.more_high < 0 => {
                let more = self.catalogue.words.money(huiqi_engine::num::Ratio::int(-other.more_high), 0);
                self.say(
                    "同属“{}”，同年不能都享受。选“{}”，合计最多多 {}。",
                    &[&group.name, &self.name(chosen.measure), &more],
                )
            }
            _ => self.say("同属“{}”，同年不能都享受。", &[&group.name]),
        };
        html! { <p class="note q">{ text }</p> }
    }
}
