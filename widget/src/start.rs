//! The first page: what is asked before anything is decided.

use huiqi_engine::catalogue::{Code, FactType};
use huiqi_engine::explain::key_name;
use huiqi_engine::firm::Key;
use huiqi_engine::uscc::Uscc;
use huiqi_engine::words::word;
use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::{Html, InputEvent, MouseEvent, SubmitEvent, TargetCast as _, html};

use crate::app::{App, Msg, Part};
use crate::frame::PROMISE;
use crate::{icons, pages};

impl App {
    /// The facts of the first page, in the order of the catalogue.
    fn first_facts(&self) -> impl Iterator<Item = Key> {
        let last = (self.today.year() - 1) as u16;
        let facts = self.catalogue.facts.iter().filter(|(_, f)| f.core);
        facts.map(move |(no, f)| if f.yearly { Key::year(*no, last) } else { Key::plain(*no) })
    }

    pub(crate) fn form(&self, link: &Scope<Self>) -> Html {
        let submit = link.callback(|e: SubmitEvent| {
            e.prevent_default();
            Msg::ShowResults
        });
        let kind = |key: &Key| self.catalogue.facts.get(&key.fact).map(|f| f.kind);
        let (places, figures): (Vec<Key>, Vec<Key>) =
            self.first_facts().partition(|key| kind(key).is_some_and(|kind| !kind.is_numeric()));
        let (days, figures): (Vec<Key>, Vec<Key>) =
            figures.into_iter().partition(|key| kind(key) == Some(FactType::Date));
        let there = self.pages == Part::There;
        html! { <>
            <h2 tabindex="-1" ref={self.heading.clone()}>{ self.get("你的企业能拿哪些补贴") }</h2>
            <p class="p">{ self.get("填几项，约 3 分钟。不用注册，不用上传资料；不知道的可以空着。") }</p>
            if there { { pages::offer(self, link) } }
            { self.error_summary(link) }
            <div class="cols"><form class="main st" novalidate=true autocomplete="off" onsubmit={submit}>
                <p class="note q priv">{ icons::lock() }<span><b>{ self.get(PROMISE) }{ self.get("。") }</b>{ self.get("匹配在浏览器里完成，断网也能算。") }</span></p>
                { self.code_field(link) }
                { for places.into_iter().map(|key| self.field(link, key)) }
                <div class="f3 st">{ for figures.into_iter().map(|key| self.field(link, key)) }</div>
                { for days.into_iter().map(|key| self.field(link, key)) }
                <div class="row"><button class="btn pri" part="button" type="submit">{ self.get("看结果") }</button>
                    <button class="btn txt" type="button" onclick={link.callback(|_: MouseEvent| Msg::Go(crate::app::View::Kept))}>{ self.get("保存、导入企业信息") }</button></div>
                // Below the button: what arrives late moves nothing that somebody is about to press.
                if there { { pages::keeping(self, link) } }
            </form><div class="side only-l sec"><h3>{ self.get("你会看到") }</h3><ul class="lst">
                { for [word("能申报哪些，合计多少钱"), word("哪天截止"), word("每一条为什么符合、差多少"), word("合并好的材料清单")].iter().map(|text| html! { <li><span>{ self.get(text) }</span></li> }) }
            </ul></div></div>
        </> }
    }

    /// 统一社会信用代码: checked here, and good for a proposal where the firm is registered.
    fn code_field(&self, link: &Scope<Self>) -> Html {
        let typed = link.callback(|e: InputEvent| {
            let input: HtmlInputElement = e.target_unchecked_into();
            Msg::Code(input.value())
        });
        let length = self.code.chars().filter(|c| !c.is_whitespace()).count();
        let checked = (length > 0).then(|| Uscc::parse(&self.code));
        // While somebody is typing, a code is short, not wrong.
        let wrong = length >= 18 && matches!(checked, Some(Err(_)));
        let (class, said) = match &checked {
            Some(Ok(_)) => ("s vd yes", self.get("代码正确").to_owned()),
            Some(Err(error)) if wrong => ("msg", error.say(&self.catalogue.words)),
            Some(Err(_)) => ("s m", self.say("已输入 {} 位，共 18 位", &[&length])),
            None => ("s m", String::new()),
        };
        let place = checked.and_then(Result::ok).and_then(|code| code.region());
        html! {
            <div>
                <label for="code">{ self.get("统一社会信用代码") }</label>
                <p class="hint" id="code-h">{ self.get("18 位，在营业执照上。可以不填，直接选注册地。") }</p>
                <div class="in"><input id="code" name="code" class="code" value={self.code.clone()} maxlength="40" autocapitalize="characters"
                    autocomplete="off" spellcheck="false" aria-describedby="code-h code-m" aria-invalid={wrong.then_some("true")} oninput={typed} /></div>
                <p {class} id="code-m" role="status">if class == "s vd yes" { { icons::yes() } }{ said }</p>
                { for place.map(|place| self.place_of_code(link, place)) }
            </div>
        }
    }

    /// The place of the registering authority is proposed, never taken: firms move.
    fn place_of_code(&self, link: &Scope<Self>, place: Code) -> Html {
        // Counties come by themselves once the province was chosen; until then a city is near enough.
        let known = [6, 4, 2].into_iter().filter_map(|n| Code::new(place.as_str().get(..n)?));
        let Some(place) = known.into_iter().find(|code| !self.catalogue.region_name(*code).is_empty()) else {
            return Html::default();
        };
        if self.firm.seat(&self.catalogue).is_some_and(|seat| seat.as_str().starts_with(place.as_str())) {
            return Html::default();
        }
        let take = link.callback(move |_: MouseEvent| Msg::TakeRegion(place));
        html! { <p class="s">{ self.say("代码的登记机关在{}。", &[&self.catalogue.region_name(place)]) }
        <button type="button" class="btn txt s" onclick={take}>{ self.get("就是注册地") }</button></p> }
    }

    fn error_summary(&self, link: &Scope<Self>) -> Html {
        let errors = self.errors();
        if errors.is_empty() {
            return Html::default();
        }
        html! {
            <div class="note er" role="alert">
                <p><b>{ self.say("有 {} 处要改", &[&errors.len()]) }</b></p>
                { for errors.into_iter().map(|(key, error)| {
                    let id = self.catalogue.facts.get(&key.fact).map(|fact| self.frame_of(key, fact, false).id).unwrap_or_default();
                    let focus = link.callback(move |_: MouseEvent| Msg::Jump(format!("#{id}")));
                    html! { <p><button type="button" class="ans" onclick={focus}>{ self.say("{}：{}", &[&key_name(&self.catalogue, key), &error]) }</button></p> }
                }) }
            </div>
        }
    }
}
