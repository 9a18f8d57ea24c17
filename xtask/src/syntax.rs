//! Whether a script runs in the oldest browser that the project supports, Chromium 80.
//!
//! A browser that meets unknown syntax refuses the whole script, so this is looked for in the syntax tree, not tried out.
//! What is only called is looked for by its name: a call that fails late is worse than one that fails at once.

use anyhow::{Result, bail, ensure};
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    AssignmentExpression, MethodDefinition, PrivateInExpression, RegExpFlags, RegExpLiteral, StaticBlock,
    StaticMemberExpression,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::SourceType;

/// Functions that came after Chromium 80, by the version that has them first. Names that are used for other things as well
/// (`at`, `any`) are left to the tests in that browser.
const LATER: [(&str, u32); 9] = [
    ("replaceAll", 85),
    ("AggregateError", 85),
    ("WeakRef", 84),
    ("replaceChildren", 86),
    ("randomUUID", 92),
    ("hasOwn", 93),
    ("structuredClone", 98),
    ("findLast", 97),
    ("withResolvers", 119),
];

/// Fails with the first thing in the script that Chromium 80 lacks.
pub(crate) fn check(name: &str, source: &str) -> Result<()> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::cjs()).parse();
    if let Some(error) = parsed.diagnostics.first() {
        bail!("{name}: {error}");
    }
    let mut finder = Finder { found: None };
    finder.visit_program(&parsed.program);
    ensure!(finder.found.is_none(), "{name}: {} is unknown to Chromium 80", finder.found.unwrap_or_default());
    Ok(())
}

struct Finder {
    found: Option<String>,
}

impl Finder {
    fn found(&mut self, what: impl Into<String>) {
        self.found.get_or_insert_with(|| what.into());
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        if it.operator.is_logical() {
            self.found("a ??= b (85)");
        }
        walk::walk_assignment_expression(self, it);
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        if it.key.is_private_identifier() {
            self.found("a private method (84)");
        }
        walk::walk_method_definition(self, it);
    }

    fn visit_private_in_expression(&mut self, it: &PrivateInExpression<'a>) {
        self.found("#a in b (91)");
        walk::walk_private_in_expression(self, it);
    }

    fn visit_static_block(&mut self, it: &StaticBlock<'a>) {
        self.found("a static block (94)");
        walk::walk_static_block(self, it);
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'a>) {
        if it.regex.flags.intersects(RegExpFlags::D | RegExpFlags::V) {
            self.found("a flag of a regular expression (90, 112)");
        }
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        if let Some((name, version)) = LATER.iter().find(|(name, _)| it.property.name == *name) {
            self.found(format!("{name} ({version})"));
        }
        walk::walk_static_member_expression(self, it);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_of_scripts() {
        for script in [
            "let a = b?.c ?? 1n;",
            "class A { #a = 1; static b = 2; m() { return this.#a } }",
            "for await (const a of b) {}",
            "/(?<year>\\d+)/us.exec(x);",
        ] {
            // `for await` stands in asynchronous functions only.
            let script = format!("async function f() {{ {script} }}");
            assert!(check("x.js", &script).is_ok(), "{script}");
        }
        for (script, expected) in [
            ("a ??= 1", "??="),
            ("a ||= 1", "??="),
            ("class A { #m() {} }", "private method"),
            ("class A { #a; static is(o) { return #a in o } }", "#a in b"),
            ("class A { static { f() } }", "static block"),
            ("/a/d", "regular expression"),
            ("'a'.replaceAll('a', 'b')", "replaceAll (85)"),
            ("Object.hasOwn(a, 'b')", "hasOwn (93)"),
            ("let 1", "x.js: "),
        ] {
            let error = check("x.js", script).expect_err(script).to_string();
            assert!(error.contains(expected), "{script}: {error}");
        }
    }
}
