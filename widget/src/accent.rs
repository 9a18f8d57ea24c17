//! A publisher's colour, made legible: a pale or a glaring one is moved towards ink (or paper, on a dark ground) until text
//! in it, and text on it, can be read.

use std::fmt::Write as _;

/// Grounds of light and dark pages, as in `css/tokens.css`.
const LIGHT: [Colour; 2] = [Colour(255, 255, 255), Colour(0xf2, 0xf4, 0xf6)];
const DARK: [Colour; 2] = [Colour(0x14, 0x17, 0x1a), Colour(0x20, 0x25, 0x2a)];
const INK: Colour = Colour(0x0a, 0x19, 0x29);
const PAPER: Colour = Colour(255, 255, 255);
/// WCAG 2.1, 1.4.3 asks for 4.5; a little more, because the curve below is an approximation.
const CONTRAST: f32 = 4.75;
/// Steps of 2 %.
const STEPS: u8 = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Colour(u8, u8, u8);

impl Colour {
    /// `#rgb` or `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let byte = |shift: u32| (number >> shift) as u8;
        match digits.len() {
            3 => {
                let double = |shift: u32| (byte(shift) & 15) * 17;
                Some(Self(double(8), double(4), double(0)))
            }
            6 => Some(Self(byte(16), byte(8), byte(0))),
            _ => None,
        }
    }

    /// Relative luminance of WCAG 2.1, with a cubic in place of the power 2.4 (off by less than 0.003).
    fn luminance(self) -> f32 {
        let linear = |c: u8| {
            let c = f32::from(c) / 255.0;
            c * (c * (c * 0.305_306 + 0.682_171_1) + 0.012_522_9)
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn towards(self, end: Self, step: u8) -> Self {
        let mix = |from: u8, to: u8| {
            let moved = i32::from(from) + (i32::from(to) - i32::from(from)) * i32::from(step) / 50;
            moved.clamp(0, 255) as u8
        };
        Self(mix(self.0, end.0), mix(self.1, end.1), mix(self.2, end.2))
    }

    /// The nearest colour that can be read on `grounds`.
    fn legible(self, grounds: [Self; 2], end: Self) -> Self {
        let fine = |colour: &Self| grounds.iter().all(|ground| colour.contrast(*ground) >= CONTRAST);
        (0..=STEPS).map(|step| self.towards(end, step)).find(fine).unwrap_or(end)
    }

    fn rule(self, css: &mut String) {
        let on = if self.contrast(PAPER) >= self.contrast(INK) { PAPER } else { INK };
        let hex = |c: Self| format!("#{:02x}{:02x}{:02x}", c.0, c.1, c.2);
        // Writing to a string cannot fail.
        let _ = write!(css, "{{--huiqi-accent:{};--huiqi-on-accent:{}}}", hex(self), hex(on));
    }
}

/// Rules that put a colour in the place of the usual one, light and dark; `None` when it is none.
pub(crate) fn rules(text: &str) -> Option<String> {
    let colour = Colour::parse(text)?;
    let (light, dark) = (colour.legible(LIGHT, INK), colour.legible(DARK, PAPER));
    let mut css = ".hq".to_owned();
    light.rule(&mut css);
    css.push_str(":host([theme=dark]) .hq");
    dark.rule(&mut css);
    css.push_str("@media (prefers-color-scheme:dark){:host([theme=auto]) .hq");
    dark.rule(&mut css);
    css.push('}');
    Some(css)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG's own curve.
    fn exact(c: Colour) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.0) + 0.7152 * linear(c.1) + 0.0722 * linear(c.2)
    }

    #[test]
    fn every_colour_becomes_legible() {
        for number in (0..0x100_0000u32).step_by(997) {
            let colour = Colour::parse(&format!("#{number:06x}")).unwrap();
            for (grounds, end) in [(LIGHT, INK), (DARK, PAPER)] {
                let legible = colour.legible(grounds, end);
                for ground in grounds {
                    let (a, b) = (exact(legible), exact(ground));
                    let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                    assert!(contrast >= 4.5, "{colour:?} became {legible:?}: {contrast}");
                }
                let on = [PAPER, INK].map(exact).map(|on| {
                    let own = exact(legible);
                    (own.max(on) + 0.05) / (own.min(on) + 0.05)
                });
                assert!(on.iter().any(|contrast| *contrast >= 4.5), "nothing can be read on {legible:?}");
            }
        }
    }

    #[test]
    fn a_dark_colour_stays_and_no_colour_is_refused() {
        assert_eq!(Colour::parse("#a61b1f").unwrap().legible(LIGHT, INK), Colour(0xa6, 0x1b, 0x1f));
        assert_eq!(Colour::parse("#f80"), Some(Colour(0xff, 0x88, 0)));
        for text in ["", "red", "#12", "#12345", "#gggggg", "#+12345", "url(x)", "#fff;}body{display:none"] {
            assert_eq!(rules(text), None, "{text}");
        }
        assert!(rules("#fc0").unwrap().starts_with(".hq{--huiqi-accent:#"));
    }
}
