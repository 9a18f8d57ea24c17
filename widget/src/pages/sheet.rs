//! The plan on paper.

use huiqi_engine::export::{Row, Sheet};
use huiqi_engine::words::word;
use yew::html::Scope;
use yew::{Html, MouseEvent, html};

use crate::app::{App, Msg};
use crate::icons;
use crate::pages::{Act, Take};

impl App {
    /// The sheet as it will be printed, with a button for it.
    pub(crate) fn print_page(&self, link: &Scope<Self>) -> Html {
        let Some(sheet) = self.sheet() else { return Html::default() };
        html! { <>
            <button type="button" class="lnk" onclick={link.callback(|_: MouseEvent| Msg::Back)}>{ icons::back() }{ self.get("返回方案") }</button>
            <div class="row"><button type="button" class="btn pri" part="button" onclick={link.callback(|_: MouseEvent| Msg::Act(Act::Take(Take::Print)))}>{ self.get("打印") }</button>
                <span class="s m">{ self.get("在打印窗口里选“另存为 PDF”，就是 PDF 文件。") }</span></div>
            { self.by_hand() }
            { self.paper(&sheet) }
        </> }
    }

    fn paper(&self, sheet: &Sheet) -> Html {
        let cell = |text: &str| html! { <td>{ text.to_owned() }</td> };
        let contact = |row: &Row| [row.department.as_str(), row.phone.as_str()].join(" ");
        let rows = sheet.rows.iter().map(|row| html! {
            <tr>{ cell(&row.name) }{ cell(&row.conclusion) }<td class="n">{ row.amount.clone() }</td>{ cell(&row.due) }{ cell(contact(row).trim()) }</tr>
        });
        let papers = sheet.papers.iter().map(|paper| html! {
            <tr><td><span class="square"></span>{ paper.name.clone() }</td><td>{ self.say("{} 项", &[&paper.rows.len()]) }</td>
                <td>{ if paper.spared { self.get("免提交").to_owned() } else { paper.how.join(self.get("；")) } }</td></tr>
        });
        let days = sheet.days.iter().map(|day| html! {
            <tr><td><b>{ self.short_day(day.date) }</b>{ " " }{ self.weekday(day.date) }</td>{ cell(&day.text) }</tr>
        });
        let facts: Vec<String> =
            sheet.facts.iter().map(|(name, value)| self.say("{}：{}", &[name, value])).collect();
        let head = |names: &[&'static str]| html! { <thead><tr>{ for names.iter().map(|name| html! { <th scope="col">{ self.get(name).to_owned() }</th> }) }</tr></thead> };
        html! {
            <div class="paper" part="sheet">
                <h2 tabindex="-1" ref={self.heading.clone()}>{ sheet.title.clone() }</h2>
                <p class="s">{ self.say("{}打印", &[&self.day(sheet.today)]) }</p>
                <ul>{ for sheet.sums.iter().map(|sum| html! { <li>{ sum.clone() }</li> }) }</ul>
                if !sheet.first.is_empty() { <p><b>{ sheet.first.clone() }</b></p> }
                <h3>{ self.get("一、申报事项（按先后排）") }</h3>
                <table class="pt">{ head(&[word("事项"), word("结论"), word("金额"), word("截止日"), word("部门、电话")]) }<tbody>{ for rows }</tbody></table>
                { for sheet.choices.iter().map(|text| html! { <p class="s">{ text.clone() }</p> }) }
                <h3>{ self.get("二、材料") }</h3><p class="s">{ sheet.papers_title.clone() }</p>
                if !sheet.papers.is_empty() { <table class="pt">{ head(&[word("材料"), word("用于"), word("说明")]) }<tbody>{ for papers }</tbody></table> }
                <h3>{ self.get("三、日程") }</h3><table class="pt">{ head(&[word("日期"), word("做什么")]) }<tbody>{ for days }</tbody></table>
                <h3>{ self.get("四、算这份方案用的信息") }</h3><p class="s">{ facts.join(self.get("；")) }</p>
                { for sheet.notes.iter().map(|note| html! { <p class="s m">{ note.clone() }</p> }) }
                <p class="s m">{ self.get("在浏览器中生成，企业信息没有上传。") }</p>
            </div>
        }
    }
}
