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
