//! Running one thing after the other: a line with its time for each, and a useful message when one fails.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How much of a failed command's output is repeated.
const LAST_LINES: usize = 60;

/// Prints a line for the person at the terminal. Standard output is kept for figures.
pub(crate) fn say(line: &str) {
    // Nobody is left to be told when stderr is closed.
    let _ = writeln!(io::stderr(), "{line}");
}

/// The steps done so far and what each took.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<(String, Duration)>,
}

impl Steps {
    /// Does one step; its line is printed when it has ended.
    pub(crate) fn run<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let started = Instant::now();
        let result = work();
        let time = started.elapsed();
        let mark = if result.is_ok() { "" } else { " FAILED" };
        say(&format!("[{:6.1} s] {name}{mark}", time.as_secs_f64()));
        self.done.push((name.to_owned(), time));
        result.with_context(|| format!("step failed: {name}"))
    }

    /// All steps, the longest first.
    pub(crate) fn table(&self) -> String {
        let mut steps: Vec<_> = self.done.iter().collect();
        steps.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        let total: Duration = steps.iter().map(|(_, time)| *time).sum();
        let mut table = String::from("time by step:");
        for (name, time) in
            steps.into_iter().map(|(name, time)| (name.as_str(), *time)).chain([("total", total)])
        {
            // Writing to a string cannot fail.
            let _ = write!(table, "\n{:8.1} s  {name}", time.as_secs_f64());
        }
        table
    }
}

/// `cargo` itself, the one that runs us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command silently and returns all that it printed; what it printed last is in the error.
pub(crate) fn quiet(command: Command) -> Result<String> {
    let name = describe(&command);
    let (status, output) = follow(command, |_| ())?;
    if status.success() { Ok(output) } else { Err(failure(&name, status, &output)) }
}

/// Runs a command and returns its standard output alone.
pub(crate) fn stdout_of(mut command: Command) -> Result<String> {
    let name = describe(&command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        return Err(failure(&name, output.status, &String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} printed something that is not UTF-8"))
}

/// Runs a command, hands over each line of its output as it comes, and returns all of them.
pub(crate) fn follow(mut command: Command, mut on_line: impl FnMut(&str)) -> Result<(ExitStatus, String)> {
    let name = describe(&command);
    // One pipe for both, or the lines of an error lose their order.
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    // The command holds our ends of the pipe: while it lives, reading never comes to an end.
    drop(command);
    let mut output = String::new();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        on_line(text.trim_end_matches(['\r', '\n']));
        output.push_str(&text);
        line.clear();
    }
    Ok((child.wait()?, output))
}

/// Fails unless the program can be started; used to see what is installed.
pub(crate) fn require(program: &str, what_to_do: &str) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if command.status().is_err() {
        bail!("{program} is not installed: {what_to_do}");
    }
    Ok(())
}

fn failure(name: &str, status: ExitStatus, output: &str) -> anyhow::Error {
    let lines: Vec<&str> = output.lines().collect();
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
    anyhow::anyhow!("{name}\nended with {status}; its last lines:\n{last}")
}

/// The command as one would type it, with the variables that it is given.
fn describe(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(key, value)| {
        Some(format!("{}={:?} ", key.to_string_lossy(), value?.to_string_lossy()))
    });
    let mut text: String = variables.collect();
    text.push_str(&command.get_program().to_string_lossy());
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failure_tells_command_code_and_last_lines() {
        let error = quiet(shell("seq 100; echo why >&2; exit 3")).expect_err("exit 3 is a failure");
        let text = format!("{error:#}");
        assert!(text.contains("sh -c seq 100") && text.contains("exit status: 3"), "{text}");
        assert!(text.ends_with("100\nwhy") && !text.contains("\n40\n"), "{text}");
    }

    #[test]
    fn steps_are_listed_by_time() {
        let mut steps = Steps::default();
        assert!(steps.run("bad", || -> Result<()> { bail!("no") }).is_err());
        steps.done.push(("long".to_owned(), Duration::from_secs(90)));
        assert_eq!(steps.table(), "time by step:\n    90.0 s  long\n     0.0 s  bad\n    90.0 s  total");
    }
}
