//! What the ledger remembers of the runs of sources, as schedules ask for it.

use std::collections::HashMap;
use std::path::Path;

use cloudops_ingest::ledger::{Ledger, LedgerError, Run, RunState};
use cloudops_ingest::schedule::{LastRun, RunEnd, Runs, Sources};
use jiff::Timestamp;

/// Runs of one source that are looked at. More failures in a row make no difference.
const LOOKED_AT: usize = 64;

/// The latest runs of every source, as they were when this was read.
#[derive(Debug, Default)]
pub(crate) struct History {
    sources: HashMap<String, Told>,
}

#[derive(Debug, Default)]
struct Told {
    last: Option<LastRun>,
    success: Option<Timestamp>,
    failures: u32,
}

impl History {
    pub(crate) fn read(data_dir: &Path, sources: &Sources) -> Result<Self, LedgerError> {
        let Some(ledger) = Ledger::open_existing(data_dir)? else { return Ok(Self::default()) };
        let read =
            |name: &String| Ok((name.clone(), told(&ledger.runs(Some(name), LOOKED_AT)?, ledger.last_success(name)?)));
        let sources = sources.list.iter().map(|source| read(&source.name)).collect::<Result<_, LedgerError>>()?;
        Ok(Self { sources })
    }
}

impl Runs for History {
    fn last(&self, source: &str) -> Option<LastRun> {
        self.sources.get(source)?.last.clone()
    }

    fn last_success(&self, source: &str) -> Option<Timestamp> {
        self.sources.get(source)?.success
    }

    fn failures_in_a_row(&self, source: &str) -> u32 {
        self.sources.get(source).map_or(0, |told| told.failures)
    }
}

/// Of runs from the newest to the oldest.
fn told(runs: &[Run], success: Option<i64>) -> Told {
    let end = |state| match state {
        RunState::Running | RunState::Abandoned => RunEnd::Unfinished,
        RunState::Done | RunState::Stopped => RunEnd::Succeeded,
        RunState::Guarded | RunState::Failed => RunEnd::Failed,
    };
    let moment = |seconds| Timestamp::from_second(seconds).ok();
    let succeeded = |run: &&Run| end(run.state) == RunEnd::Succeeded;
    Told {
        last: runs.first().and_then(|run| {
            let (ended, message) = (run.ended.and_then(moment), run.message.clone());
            Some(LastRun { started: moment(run.started)?, ended, end: end(run.state), message })
        }),
        success: runs.iter().find(succeeded).map(|run| run.started).or(success).and_then(moment),
        // A run that was taken up again was cut off before.
        failures: runs.iter().take_while(|run| !succeeded(run)).map(|run| 1 + run.resumed).sum(),
    }
}

#[cfg(test)]
mod tests {
    use cloudops_ingest::ledger::{Begin, Tally};
    use cloudops_ingest::schedule::{Folder, Source, What};

    use super::*;

    #[test]
    fn runs_are_told_as_the_ledger_has_them() {
        let dir = tempfile::tempdir().unwrap();
        let sources = Sources { list: vec![Source::new("docs", What::Folder(Folder::new("/docs")))] };
        let history = || History::read(dir.path(), &sources).unwrap();
        assert!(history().last("docs").is_none());

        let mut ledger = Ledger::open(dir.path()).unwrap();
        let mut run = |now, end: Option<RunState>| {
            let begin = Begin { source: "docs", kind: "folder", fingerprint: "", resume: false, now };
            let run = ledger.begin(begin).unwrap();
            if let Some(end) = end {
                ledger.end(run.id, end, Some("said"), &Tally::default(), now + 5).unwrap();
            }
        };
        let at = |seconds| Some(Timestamp::from_second(seconds).unwrap());
        let now = |history: &History| {
            (history.last("docs").unwrap().end, history.last_success("docs"), history.failures_in_a_row("docs"))
        };
        run(100, Some(RunState::Done));
        assert_eq!(now(&history()), (RunEnd::Succeeded, at(100), 0));
        assert_eq!(history().last("docs").unwrap().ended, at(105));
        run(200, Some(RunState::Failed));
        assert_eq!(now(&history()), (RunEnd::Failed, at(100), 1));
        run(300, None);
        assert_eq!(now(&history()), (RunEnd::Unfinished, at(100), 2));
        run(400, Some(RunState::Stopped));
        assert_eq!(now(&history()), (RunEnd::Succeeded, at(400), 0));
    }
}
