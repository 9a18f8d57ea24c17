//! Everything that is done with the repository: `cargo xtask demo | test | fuzz | bench | dist`.
//!
//! Each command installs what it needs and is missing, says what it does in one line per step, and puts
//! its results below `target/`. Figures go to standard output, everything else to standard error.

mod bench;
mod demo;
mod dist;
mod files;
mod floor;
mod fuzz;
mod glue;
mod licences;
mod names;
mod npm;
mod pack;
mod step;
mod syntax;
mod test;
mod tools;
mod wasm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::step::{Steps, say};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Everything that is done with the repository")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build the widget into target/dist/widget, the npm package around it, and print its size
    Dist,
    /// Build the demo site into target/demo and serve it
    Demo {
        /// The port to serve on; the next free one is taken if it is in use
        #[arg(long, default_value_t = 8020)]
        port: u16,
        /// Stop when the site is built
        #[arg(long)]
        no_serve: bool,
    },
    /// Check everything; the last line is the number of tests passed
    Test {
        #[arg(value_enum, default_value_t)]
        scope: test::Scope,
    },
    /// Look for inputs that break the engine; needs a C++ compiler
    Fuzz {
        /// How long each target runs
        #[arg(long, default_value_t = fuzz::SECONDS)]
        seconds: u32,
        /// Only this one
        #[arg(long, value_enum)]
        target: Option<fuzz::Target>,
    },
    /// Measure: one JSON line per figure on standard output, a table on standard error
    Bench {
        /// What to measure
        name: String,
        /// Of search: only these corpora
        corpora: Vec<String>,
    },
}

fn main() -> ExitCode {
    let mut steps = Steps::default();
    let result = match Arguments::parse().command {
        Task::Dist => dist::dist(&mut steps),
        Task::Demo { port, no_serve } => {
            demo::build(&mut steps, None).and_then(|()| if no_serve { Ok(()) } else { demo::serve(port) })
        }
        Task::Test { scope } => return test::test(scope),
        Task::Fuzz { seconds, target } => fuzz::fuzz(seconds, target, &mut steps),
        Task::Bench { name, corpora } => bench::bench(&name, &corpora, &mut steps),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// A path below the root of the repository.
fn in_root(path: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).join(path)
}
