//! `cloudops schedule`: sources that are run by themselves, by this process or by the system's own scheduler.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::atomic::Ordering;

use anyhow::Context;
use cloudops_ingest::schedule::{RunEnd, write_atomically};
use serde::Serialize;
use serde_json::json;

use super::ingest::stop_on_interrupt;
use crate::app::App;
use crate::config;
use crate::report::error::{CommandError, CommandResult, Kind as ErrorKind, note, warn};
use crate::report::table::{Align, Table};
use crate::report::{BAD, DIM, GOOD, Output, one_line, styled, time};
use crate::scheduling::service::{self, Invocation, UNIT};
use crate::scheduling::{self, Event, Ran, Standing, Watch, run_source, sources_file, standings, watch};

/// Run sources by themselves, when they are due
///
/// `cloudops source` says which there are and when each is due. One process does it at a time: `schedule run`, a server
/// with `schedule.in_server`, or what `schedule install` sets up. Others wait, and take over when that one ends.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Stay, and run every source when it is due
    ///
    /// Ends at Ctrl-C or SIGTERM; what is under way then leaves the index as it was, and is done when somebody schedules
    /// again. A source that fails is tried again after 5 minutes, then 10, 20 and so on, never later than it is due anyway.
    #[command(after_help = "Examples:
  cloudops schedule run
  cloudops schedule run --once                run what is due now, and end
  cloudops schedule run --now runbooks        run a source now, whatever its schedule says")]
    Run {
        /// Run what is due now, and end. The exit code is 2 if a source failed
        #[arg(long)]
        once: bool,
        /// Run these sources now, whatever their schedules say, and end
        #[arg(long, value_name = "SOURCE", num_args = 1.., conflicts_with = "once")]
        now: Vec<String>,
    },
    /// Show last and next runs, failures and pauses
    #[command(after_help = "Examples:
  cloudops schedule status
  cloudops schedule status --json")]
    Status,
    /// Have the system run what is due: a timer of systemd, or a line for cron
    ///
    /// Prints what is to be set up, and changes nothing unless told to with --write. Both look every five minutes.
    #[command(after_help = "Examples:
  cloudops schedule install                   show it, for systemd if this machine runs it, else for cron
  cloudops schedule install --systemd --write
  cloudops schedule install --cron --write")]
    Install {
        /// Write it where it belongs: the units of the user, or the user's crontab
        #[arg(long)]
        write: bool,
        /// A service and a timer of the user for systemd
        #[arg(long, conflicts_with = "cron")]
        systemd: bool,
        /// A line for the user's crontab
        #[arg(long)]
        cron: bool,
    },
    /// Take away what `schedule install --write` has written
    #[command(after_help = "Examples:
  cloudops schedule uninstall")]
    Uninstall,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    match &args.command {
        Command::Run { once, now } if now.is_empty() => run_due(app, *once, out),
        Command::Run { now, .. } => run_now(app, now, out),
        Command::Status => status(app, out),
        Command::Install { write, systemd, cron } => {
            let systemd = *systemd || (!*cron && Path::new("/run/systemd/system").is_dir());
            if systemd { install_systemd(app, *write, out) } else { install_cron(app, *write, out) }
        }
        Command::Uninstall => uninstall(out),
    }
}

/// A run as JSON, on one line.
#[derive(Debug, Serialize)]
struct Line<'a> {
    source: &'a str,
    ended: String,
    result: &'static str,
    message: &'a str,
    seconds: f64,
}

fn tell(source: &str, ran: &Ran, seconds: f64, out: &mut Output) -> std::io::Result<()> {
    let (style, result, message) = match ran {
        Ran::Done(message) => (GOOD, "done", message.as_str()),
        Ran::Failed(message) => (BAD, "failed", message.as_str()),
        Ran::Stopped => (DIM, "stopped", "it is run again when somebody schedules again"),
        Ran::Busy => (DIM, "busy", "another process is at it"),
    };
    let ended = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    if out.is_json() {
        let line = Line { source, ended, result, message, seconds };
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    } else {
        let result = styled(style, result);
        writeln!(out, "{} {source}: {result}: {} ({seconds:.1} s)", styled(DIM, ended), one_line(message))?;
    }
    out.flush()
}

fn run_due(app: &App, once: bool, out: &mut Output) -> CommandResult {
    let stop = stop_on_interrupt()?;
    // A mistake that is there from the start ends it before anything begins.
    if scheduling::load(app)?.list.is_empty() {
        note(out, format!("no sources in {}", sources_file(app)?.display()));
    }
    let mut broken_pipe = None;
    let mut idle_said = false;
    let watched = watch(app, Watch { once }, &stop, &run_source, &mut |event| match event {
        Event::Waiting => note(out, "another process schedules; this one takes over when it ends"),
        Event::Mistake(error) => {
            warn(format!("{error}; the sources are what they were before"));
        }
        Event::Started(source) => {
            idle_said = false;
            tracing::info!(source = source.name, "running");
        }
        Event::Ended { source, ran, seconds } => {
            if let Err(error) = tell(&source.name, ran, seconds, out) {
                stop.store(true, Ordering::Relaxed);
                broken_pipe = Some(error);
            }
        }
        Event::Idle { next } if !idle_said => {
            idle_said = true;
            note(
                out,
                match next {
                    Some((source, due)) => {
                        let until = time::until(due.at.as_second(), time::now());
                        let why = if due.after_failures > 0 { ", again after a failure" } else { "" };
                        format!("nothing is due; next is {} {until}{why}", source.name)
                    }
                    None => "nothing is due".to_owned(),
                },
            );
        }
        Event::Idle { .. } => {}
    })?;
    if let Some(error) = broken_pipe {
        return Err(error.into());
    }
    if watched.elsewhere {
        note(out, "another process schedules, and runs what is due");
    }
    match watched.failed {
        0 => Ok(()),
        _ if !once => Ok(()),
        1 => Err(failure("a source failed")),
        n => Err(failure(&format!("{n} sources failed"))),
    }
}

fn failure(message: &str) -> CommandError {
    let error = anyhow::Error::msg(message.to_owned());
    CommandError { kind: ErrorKind::Failure, error, hints: Vec::new() }
        .hint("`cloudops schedule status` says why, and when it is tried again.")
}

fn run_now(app: &App, names: &[String], out: &mut Output) -> CommandResult {
    let stop = stop_on_interrupt()?;
    let sources = scheduling::load(app)?;
    for name in names {
        if sources.get(name).is_none() {
            return Err(CommandError::input(format!("there is no source `{name}`"))
                .hint("`cloudops source list` shows those that there are."));
        }
    }
    let mut failed = 0;
    for source in names.iter().filter_map(|name| sources.get(name)) {
        let started = std::time::Instant::now();
        let ran = run_source(app, source, &stop);
        tell(&source.name, &ran, started.elapsed().as_secs_f64(), out)?;
        failed += u64::from(matches!(ran, Ran::Failed(_) | Ran::Busy));
        if stop.load(Ordering::Relaxed) {
            let error = anyhow::anyhow!("interrupted");
            return Err(CommandError { kind: ErrorKind::Interrupted, error, hints: Vec::new() });
        }
    }
    if failed > 0 { Err(failure("a source failed")) } else { Ok(()) }
}

fn status(app: &App, out: &mut Output) -> CommandResult {
    let standings = standings(app)?;
    if out.is_json() {
        out.json(&standings)?;
        return Ok(());
    }
    let now = time::now();
    if standings.scheduler_running {
        writeln!(out, "{} a process runs what is due", styled(GOOD, "running:"))?;
    } else {
        let seen = standings.scheduler_seen.map(|seen| format!(", it last did {}", time::age(seen, now)));
        writeln!(out, "{} no process runs what is due{}", styled(DIM, "idle:"), seen.unwrap_or_default())?;
    }
    if standings.sources.is_empty() {
        writeln!(out, "no sources in {}", standings.file)?;
        return Ok(());
    }
    let mut table = Table::new(&[
        ("SOURCE", Align::Left),
        ("SCHEDULE", Align::Left),
        ("LAST RUN", Align::Left),
        ("REFRESHED", Align::Left),
        ("FAILURES", Align::Right),
        ("NEXT RUN", Align::Left),
    ]);
    for source in &standings.sources {
        table.row([
            source.name.clone(),
            source.schedule.clone().unwrap_or_else(|| "by hand".to_owned()),
            last(source, now),
            source.last_success.map_or_else(|| "never".to_owned(), |success| time::age(success, now)),
            if source.failures > 0 { source.failures.to_string() } else { String::new() },
            next(source, now),
        ]);
    }
    table.write(out)?;
    for source in standings.sources.iter().filter(|source| source.is_failing()) {
        let message = source.last.as_ref().and_then(|last| last.message.as_deref()).unwrap_or("it was cut off");
        writeln!(out, "{} {}: {}", styled(BAD, "failed"), source.name, one_line(message))?;
    }
    Ok(())
}

fn last(source: &Standing, now: i64) -> String {
    let Some(last) = &source.last else { return "none".to_owned() };
    let what = match last.end {
        RunEnd::Unfinished if source.running => "running since",
        RunEnd::Unfinished => "cut off",
        RunEnd::Succeeded => "done",
        RunEnd::Failed => "failed",
    };
    format!("{what} {}", time::age(last.ended.unwrap_or(last.started), now))
}

fn next(source: &Standing, now: i64) -> String {
    match source.next {
        _ if source.running => "running".to_owned(),
        _ if !source.enabled => "disabled".to_owned(),
        None => String::new(),
        Some(next) => {
            let until = if next <= now { "due".to_owned() } else { time::until(next, now) };
            let why = match (source.backing_off, source.missed) {
                (true, _) => " (after failures)".to_owned(),
                (false, missed) if missed > 1 && next <= now => format!(" (makes up for {missed})"),
                _ => String::new(),
            };
            format!("{until}{why}")
        }
    }
}

fn invocation(app: &App) -> Result<Invocation, CommandError> {
    let program = std::env::current_exe().context("failed to find the program itself")?;
    let config = app.config.file.as_ref().filter(|file| file.exists()).map(std::path::absolute).transpose()?;
    let data_dir = std::path::absolute(app.data_dir())?;
    let sources = std::path::absolute(sources_file(app)?)?;
    Ok(Invocation::new(&program, &data_dir, config.as_deref(), &sources)?)
}

/// A file of ours, and what was done about it.
#[derive(Debug, Serialize)]
struct Unit {
    path: PathBuf,
    text: String,
    changed: bool,
}

fn install_systemd(app: &App, write: bool, out: &mut Output) -> CommandResult {
    let dir =
        config::systemd_dir().ok_or_else(|| CommandError::input("there is no home directory to write units to"))?;
    let texts = [("service", invocation(app)?.service()), ("timer", service::timer())];
    let mut files = texts.map(|(end, text)| Unit { path: dir.join(format!("{UNIT}.{end}")), text, changed: false });
    if write {
        for file in &files {
            if fs_err::read_to_string(&file.path).is_ok_and(|there| !service::is_ours(&there)) {
                return Err(CommandError::input(format!("`{}` is not of this program", file.path.display()))
                    .hint("Move it away, or set the timer up by hand from what `cloudops schedule install` prints."));
            }
        }
        for file in &mut files {
            if !fs_err::read_to_string(&file.path).is_ok_and(|there| there == file.text) {
                write_atomically(&file.path, file.text.as_bytes())?;
                file.changed = true;
            }
        }
    }
    let start = [
        "systemctl --user daemon-reload".to_owned(),
        format!("systemctl --user enable --now {UNIT}.timer"),
        "loginctl enable-linger".to_owned(),
    ];
    if out.is_json() {
        out.json(&json!({"with": "systemd", "write": write, "files": files, "start": start}))?;
        return Ok(());
    }
    for file in &files {
        if write {
            let done = if file.changed { styled(GOOD, "written") } else { styled(DIM, "as it should be") };
            writeln!(out, "{done} {}", file.path.display())?;
        } else {
            writeln!(out, "{}\n{}", styled(DIM, format!("# {}", file.path.display())), file.text)?;
        }
    }
    if write {
        writeln!(out, "to start it:\n  {}\n  {}", start[0], start[1])?;
        writeln!(out, "to have it run while you are not logged in:\n  {}", start[2])?;
    } else {
        note(out, "nothing was written; `--write` does");
    }
    Ok(())
}

fn install_cron(app: &App, write: bool, out: &mut Output) -> CommandResult {
    let line = invocation(app)?.crontab_line();
    let mut written = false;
    if write {
        let before = crontab()?;
        let after = service::edit_crontab(&before, Some(&line));
        if after != before {
            set_crontab(&after)?;
            written = true;
        }
    }
    if out.is_json() {
        out.json(&json!({"with": "cron", "write": write, "line": line, "written": written}))?;
    } else if write {
        writeln!(
            out,
            "{}",
            if written { styled(GOOD, "written to your crontab") } else { styled(DIM, "as it should be") }
        )?;
    } else {
        writeln!(out, "{line}")?;
        note(out, "nothing was written; `--write` puts it into your crontab");
    }
    Ok(())
}

/// The crontab of the user; empty if there is none.
fn crontab() -> Result<String, CommandError> {
    let listed = Process::new("crontab").arg("-l").stdin(Stdio::null()).output().map_err(no_crontab)?;
    if listed.status.success() {
        return String::from_utf8(listed.stdout).map_err(|_| CommandError::input("your crontab is not UTF-8"));
    }
    let said = String::from_utf8_lossy(&listed.stderr);
    // A table that could not be read must not be taken for an empty one and be replaced.
    if said.to_lowercase().contains("no crontab") {
        return Ok(String::new());
    }
    Err(anyhow::anyhow!("failed to read your crontab: {}", one_line(&said)).into())
}

fn set_crontab(text: &str) -> CommandResult {
    let mut child =
        Process::new("crontab").arg("-").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(no_crontab)?;
    child.stdin.take().context("crontab reads nothing")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(anyhow::anyhow!("failed to write your crontab: {}", one_line(&String::from_utf8_lossy(&output.stderr))).into())
}

fn no_crontab(error: std::io::Error) -> CommandError {
    CommandError::from(anyhow::Error::from(error).context("failed to start `crontab`"))
        .hint("Without cron, `cloudops schedule run` does the same for as long as it runs.")
}

fn uninstall(out: &mut Output) -> CommandResult {
    let mut removed = Vec::new();
    if let Some(dir) = config::systemd_dir() {
        for end in ["service", "timer"] {
            let path = dir.join(format!("{UNIT}.{end}"));
            if fs_err::read_to_string(&path).is_ok_and(|there| service::is_ours(&there)) {
                fs_err::remove_file(&path)?;
                removed.push(path.display().to_string());
            }
        }
        // What `systemctl enable` left points to nothing now.
        let enabled = dir.join(format!("timers.target.wants/{UNIT}.timer"));
        if !removed.is_empty() && fs_err::symlink_metadata(&enabled).is_ok() {
            fs_err::remove_file(&enabled)?;
        }
    }
    let units = !removed.is_empty();
    // Where there is no cron, nothing of ours is in it.
    if let Ok(before) = crontab() {
        let after = service::edit_crontab(&before, None);
        if after != before && before.contains("schedule run --once") {
            set_crontab(&after)?;
            removed.push("the line in your crontab".to_owned());
        }
    }
    if out.is_json() {
        out.json(&json!({"removed": removed}))?;
        return Ok(());
    }
    for removed in &removed {
        writeln!(out, "{} {removed}", styled(GOOD, "removed"))?;
    }
    if removed.is_empty() {
        writeln!(out, "nothing was installed")?;
    }
    if units {
        writeln!(
            out,
            "to have systemd forget it now:\n  systemctl --user stop {UNIT}.timer\n  systemctl --user daemon-reload"
        )?;
    }
    Ok(())
}
