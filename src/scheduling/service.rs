//! What systemd and cron are told so that they start the scheduler: texts with every path escaped as each of them reads it.

use std::path::Path;

use anyhow::Context;

/// Name of the service and its timer.
pub(crate) const UNIT: &str = "cloudops-schedule";
/// The line above ours in a crontab, by which it is found again.
const MARK: &str = "# cloudops refreshes its sources (written by `cloudops schedule install`)";
/// The first line of a unit that is ours.
const UNIT_MARK: &str = "# Written by `cloudops schedule install`; `cloudops schedule uninstall` takes it away.";
/// Both look this often whether something is due, in minutes.
const MINUTES: u32 = 5;

/// How the program is started.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// The program and its arguments, with absolute paths.
    words: Vec<String>,
    /// Variables that it needs.
    variables: Vec<(&'static str, String)>,
}

impl Invocation {
    /// `schedule run --once` of this program over these files. Paths must be absolute.
    pub(crate) fn new(program: &Path, data_dir: &Path, config: Option<&Path>, sources: &Path) -> anyhow::Result<Self> {
        let mut words = vec![text(program)?, "--data-dir".to_owned(), text(data_dir)?];
        if let Some(config) = config {
            words.extend(["--config".to_owned(), text(config)?]);
        }
        words.extend(["schedule", "run", "--once"].map(str::to_owned));
        Ok(Self { words, variables: vec![("CLOUDOPS_SCHEDULE_SOURCES", text(sources)?)] })
    }

    /// The service as systemd reads it.
    pub(crate) fn service(&self) -> String {
        // With `:`, no variables are put in: a dollar is a dollar.
        let command = self.words.iter().enumerate().map(|(place, word)| {
            let word = if place == 0 { format!(":{word}") } else { word.clone() };
            systemd(&word)
        });
        let command = command.collect::<Vec<_>>().join(" ");
        let variables = self.variables.iter().map(|(name, value)| systemd(&format!("{name}={value}")));
        let variables = variables.collect::<Vec<_>>().join(" ");
        format!(
            "{UNIT_MARK}\n[Unit]\nDescription=Refresh the sources of cloudops that are due\n\n[Service]\nType=oneshot\n\
             Environment={variables}\nExecStart={command}\nNice=10\n"
        )
    }

    /// The line as cron reads it.
    pub(crate) fn crontab_line(&self) -> String {
        let variables = self.variables.iter().map(|(name, value)| format!("{name}={}", shell(value)));
        let words = self.words.iter().map(|word| shell(word));
        let command = variables.chain(words).collect::<Vec<_>>().join(" ");
        // To cron a percent sign is the end of the line, also between quotes.
        format!("*/{MINUTES} * * * * {} >/dev/null", command.replace('%', "\\%"))
    }
}

/// The timer as systemd reads it.
pub(crate) fn timer() -> String {
    format!(
        "{UNIT_MARK}\n[Unit]\nDescription=Look whether sources of cloudops are due\n\n[Timer]\nOnCalendar=*:0/{MINUTES}\n\
         AccuracySec=30s\n\n[Install]\nWantedBy=timers.target\n"
    )
}

/// Whether a unit is one that this program wrote.
pub(crate) fn is_ours(unit: &str) -> bool {
    unit.starts_with(UNIT_MARK)
}

/// A crontab with this line as ours, or without any. Everything else stays as it is.
pub(crate) fn edit_crontab(crontab: &str, line: Option<&str>) -> String {
    let mut edited = String::with_capacity(crontab.len() + 300);
    let mut lines = crontab.split_inclusive('\n').peekable();
    let mut placed = false;
    let mut place = |edited: &mut String| {
        if let (Some(line), false) = (line, placed) {
            edited.extend([MARK, "\n", line, "\n"]);
            placed = true;
        }
    };
    while let Some(text) = lines.next() {
        if text.trim_end() == MARK {
            // The line below is ours, unless its author took it away.
            lines.next_if(|next| next.contains("schedule run --once"));
            place(&mut edited);
        } else {
            edited.push_str(text);
        }
    }
    if !edited.is_empty() && !edited.ends_with('\n') {
        edited.push('\n');
    }
    place(&mut edited);
    edited
}

fn text(path: &Path) -> anyhow::Result<String> {
    let text =
        path.to_str().with_context(|| format!("`{}` is not UTF-8, so it cannot be written down", path.display()))?;
    anyhow::ensure!(!text.contains(['\n', '\r', '\0']), "`{}` has a line break in it", path.display());
    Ok(text.to_owned())
}

/// A word as systemd reads it in `ExecStart=` and `Environment=`.
fn systemd(word: &str) -> String {
    let word = word.replace('%', "%%");
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=%+,@~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A word as a shell reads it.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=%+,@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(home: &str) -> Invocation {
        let path = |name: &str| Path::new(home).join(name);
        Invocation::new(&path("bin/cloudops"), &path("data"), Some(&path("config.toml")), &path("sources.toml"))
            .unwrap()
    }

    #[test]
    fn paths_are_escaped_as_each_reads_them() {
        let plain = invocation("/home/ada");
        assert!(plain.service().contains(
            "\nEnvironment=CLOUDOPS_SCHEDULE_SOURCES=/home/ada/sources.toml\nExecStart=:/home/ada/bin/cloudops --data-dir \
             /home/ada/data --config /home/ada/config.toml schedule run --once\n"
        ));
        assert_eq!(
            plain.crontab_line(),
            "*/5 * * * * CLOUDOPS_SCHEDULE_SOURCES=/home/ada/sources.toml /home/ada/bin/cloudops --data-dir \
             /home/ada/data --config /home/ada/config.toml schedule run --once >/dev/null"
        );
        let odd = invocation("/home/ada l/100%/\"$x\"/it's\\");
        assert!(odd.service().contains(
            r#"ExecStart=":/home/ada l/100%%/\"$x\"/it's\\/bin/cloudops" --data-dir "/home/ada l/100%%/\"$x\"/it's\\/data""#
        ));
        assert!(odd.crontab_line().contains(r#" '/home/ada l/100\%/"$x"/it'\''s\/bin/cloudops' --data-dir "#));
        assert!(Invocation::new(Path::new("/a\nb"), Path::new("/"), None, Path::new("/")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_what_was_meant() {
        let meant = "/home/ada l/100%/\"$x\"/it's\\ `id` *;#";
        let printed =
            std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", shell(meant))).output().unwrap();
        assert_eq!(String::from_utf8(printed.stdout).unwrap(), meant);
    }

    #[test]
    fn a_crontab_keeps_everything_else() {
        let others = "# mine\nMAILTO=ada\n\n0 4 * * * backup --schedule run --once";
        let with = edit_crontab(others, Some("one schedule run --once"));
        assert_eq!(with, format!("{others}\n{MARK}\none schedule run --once\n"));
        assert_eq!(edit_crontab(&with, Some("one schedule run --once")), with, "twice is once");
        let other = edit_crontab(&format!("{with}# more\n"), Some("two schedule run --once"));
        assert_eq!(other, format!("{others}\n{MARK}\ntwo schedule run --once\n# more\n"));
        assert_eq!(edit_crontab(&with, None), format!("{others}\n"));
        assert_eq!(edit_crontab(&format!("{MARK}\n0 4 * * * mine\n"), None), "0 4 * * * mine\n");
        assert_eq!(edit_crontab("", None), "");
    }
}
