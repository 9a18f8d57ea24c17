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
