//! Icons: every verdict has its own shape, colour only repeats it.

use huiqi_engine::eval::Truth;
use huiqi_engine::report::Group;
use huiqi_engine::words::word;
use yew::{Html, html};

fn svg(body: Html) -> Html {
    html! { <svg class="i" viewBox="0 0 24 24" aria-hidden="true">{ body }</svg> }
}

pub(crate) fn yes() -> Html {
    svg(html! { <>
        <circle class="f" cx="12" cy="12" r="9.5" />
        <path class="k" d="M7.5 12.4l3.1 3.1 6-6.6" stroke-width="2.4" />
    </> })
}

pub(crate) fn likely() -> Html {
    svg(html! { <>
        <circle cx="12" cy="12" r="9.5" stroke-dasharray="3.6 2.4" />
        <path d="M7.8 12.4l2.9 2.9 5.6-6.2" stroke-width="2.4" />
    </> })
}

pub(crate) fn ask() -> Html {
    svg(html! { <>
        <rect x="2.5" y="2.5" width="19" height="19" rx="2" />
        <path d="M9.2 9.3a2.8 2.8 0 1 1 4.4 2.3c-1 .7-1.6 1.1-1.6 2.2M12 17.2v.1" />
    </> })
}

pub(crate) fn no() -> Html {
    svg(html! { <path d="M6 6l12 12M18 6L6 18" stroke-width="2.6" /> })
}

pub(crate) fn none() -> Html {
    svg(html! { <path d="M6 12h12" /> })
}

pub(crate) fn step() -> Html {
    svg(html! { <path d="M12 19V5M6 11l6-6 6 6" stroke-width="2.4" /> })
}

pub(crate) fn lock() -> Html {
    svg(html! { <>
        <rect x="5" y="10.5" width="14" height="10" rx="1.5" />
        <path d="M8 10.5V7.5a4 4 0 0 1 8 0v3" />
    </> })
}

pub(crate) fn find() -> Html {
    svg(html! { <>
        <circle cx="10.5" cy="10.5" r="6.5" />
        <path d="M15.5 15.5L21 21" />
    </> })
}

pub(crate) fn warn() -> Html {
    svg(html! { <>
        <path d="M12 3.5L22 20.5H2z" />
        <path d="M12 10v5M12 17.6v.1" />
    </> })
}

pub(crate) fn back() -> Html {
    svg(html! { <path d="M14.5 5.5L8 12l6.5 6.5" /> })
}

/// Icon and colour class of a group.
pub(crate) fn group(group: Group) -> (Html, &'static str) {
    match group {
        Group::Eligible => (yes(), "yes"),
        Group::Likely => (likely(), "likely"),
        Group::Unknown => (ask(), "ask"),
        Group::Near => (step(), "ask"),
        Group::Ineligible => (no(), "no"),
    }
}

/// Icon, colour class and word of one condition.
pub(crate) fn truth(truth: Option<Truth>) -> (Html, &'static str, &'static str) {
    match truth {
        None => (none(), "no", word("不适用")),
        Some(Truth::True) => (yes(), "yes", "符合"),
        Some(Truth::Confirm) => (likely(), "likely", "待人工核实"),
        Some(Truth::Unknown) => (ask(), "ask", "待补充"),
        Some(Truth::False) => (no(), "no", "不符合"),
    }
}
