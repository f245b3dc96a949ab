//! A documentation site on loopback, for scripts and benchmarks.
//!
//! The first line on standard output is its address. It serves until it is told to stop by a signal, or with
//! `--until-stdin-closes` until whoever started it is gone.

use std::error::Error;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use cloudops_test_site::{Options, Settings, Site, Source};

const USAGE: &str = "\
usage: cloudops-test-site [OPTIONS]
  --documents DIR         serve DIR/<guide>/doc_source/<page>.md instead of the sample
  --guide NAME            only this guide of DIR; can be repeated
  --limit N               at most N pages of DIR
  --prefix GUIDE=/PATH/   where the pages of a guide lie; can be repeated
  --port PORT             the port on 127.0.0.1 (default: a free one)
  --latency TIME          how long every answer is held back: 10ms, 0.5s
  --settings JSON         any of the settings, as for POST /_control/settings
  --cache-mb N            how much rendered text is kept (default: 128)
  --warm                  render all pages before serving, for benchmarks
  --until-stdin-closes    end when standard input does
";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this fails.
            drop(write!(io::stderr(), "error: {error}\n\n{USAGE}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let Some(Arguments { options, until_stdin_closes }) = Arguments::parse(arguments)? else {
        write!(io::stdout(), "{USAGE}")?;
        return Ok(());
    };
    let site = Site::start(options)?;
    writeln!(io::stdout(), "{}", site.base())?;
    io::stdout().flush()?;
    if until_stdin_closes {
        io::stdin().read_to_end(&mut Vec::new())?;
    } else {
        site.wait();
    }
    Ok(())
}

struct Arguments {
    options: Options,
    until_stdin_closes: bool,
}

impl Arguments {
    /// `None` if help is wanted.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, Box<dyn Error>> {
        let mut options = Options::default();
        let (mut documents, mut guides, mut limit) = (None, Vec::new(), usize::MAX);
        let mut until_stdin_closes = false;
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--documents" => documents = Some(value()?),
                "--guide" => guides.push(value()?),
                "--limit" => limit = value()?.parse()?,
                "--prefix" => {
                    let value = value()?;
                    let (guide, prefix) = value.split_once('=').ok_or("--prefix needs GUIDE=/PATH/")?;
                    options.prefixes.insert(guide.to_owned(), prefix.to_owned());
                }
                "--port" => options.port = value()?.parse()?,
                "--latency" => options.settings.latency_ms = milliseconds(&value()?)?,
                "--settings" => options.settings = laid_over(&options.settings, &value()?)?,
                "--cache-mb" => options.cache_bytes = value()?.parse::<usize>()? * 1024 * 1024,
                "--warm" => options.warm = true,
                "--until-stdin-closes" => until_stdin_closes = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("there is no option `{name}`").into()),
            }
        }
        if let Some(path) = documents {
            options.source = Source::Folder { path: path.into(), guides, limit };
        }
        Ok(Some(Self { options, until_stdin_closes }))
    }
}

/// `10ms`, `0.5s`, or a number of milliseconds.
fn milliseconds(text: &str) -> Result<u64, Box<dyn Error>> {
    if let Some(milliseconds) = text.strip_suffix("ms") {
        return Ok(milliseconds.parse()?);
    }
    match text.strip_suffix('s') {
        Some(seconds) => Ok((seconds.parse::<f64>()? * 1_000.0) as u64),
        None => Ok(text.parse()?),
    }
}

fn laid_over(settings: &Settings, changes: &str) -> Result<Settings, Box<dyn Error>> {
    Ok(settings.laid_over(&serde_json::from_str(changes)?)?)
}
