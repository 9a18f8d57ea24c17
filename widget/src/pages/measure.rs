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
