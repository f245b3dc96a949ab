//! The records of an export: a file that is the same as before is not read; of another every record is looked at.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::UNIX_EPOCH;

use cloudops_indexes::store::{FileStat, IndexError, IndexWriter, KnownDocument};
use cloudops_ingest::source::export::{self, Error, ExportOptions, Record};
use cloudops_ingest::source::{Failure, Reason};
use rayon::prelude::*;

use super::{Comparison, Outcome, Progress, Read, SourceNote, Trouble, now_ns, or_failed};

const BATCH_RECORDS: usize = 256;
const BATCH_BYTES: u64 = 4 * 1024 * 1024;
/// As for files of folders: a file that was just written may be written again at the same instant.
const RACY_NS: i64 = 2_000_000_000;
/// Failures that are kept. A mapping that fits no record would make millions of them.
const MAX_FAILURES: usize = 1_000;

/// What is to be done with an export.
pub(crate) struct ExportPlan<'a> {
    options: &'a ExportOptions,
    known: HashMap<String, KnownDocument>,
    before: Option<&'a SourceNote>,
    note: SourceNote,
    comparison: Comparison,
    /// Whether it is the file of the last run.
    same: bool,
    progress: Progress,
}

/// Fails if the file is not there, or cannot be mapped.
pub(super) fn check(options: &ExportOptions) -> Result<(), Error> {
    stat(options)?;
    export::read(options, &mut |_| ControlFlow::Break(()))
}

fn stat(options: &ExportOptions) -> Result<FileStat, Error> {
    let metadata =
        fs_err::metadata(&options.path).map_err(|source| Error::Unreadable { path: options.path.clone(), source })?;
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified_ns = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
    Ok(FileStat { size: metadata.len(), modified_ns })
}

impl<'a> ExportPlan<'a> {
    pub(super) fn new(
        options: &'a ExportOptions,
        known: HashMap<String, KnownDocument>,
        before: Option<&'a SourceNote>,
        comparison: Comparison,
    ) -> Result<Self, Error> {
        let looked_ns = now_ns();
        let stat = stat(options)?;
        let note = SourceNote::of_export(options, stat, looked_ns);
        let same = before.is_some_and(|before| {
            before.fingerprint == note.fingerprint
                && before.export_stat() == Some(stat)
                && stat.modified_ns != 0
                && stat.modified_ns < before.looked_ns.saturating_sub(RACY_NS)
        });
        let same = same && !comparison.checksum && !comparison.rebuild;
        if !same {
            check(options)?;
        }
        let progress = Progress::new(&options.source, &options.path, &known);
        Ok(Self { options, known, before, note, comparison, same, progress })
    }

    /// Records that will be read: about as many as the last time.
    pub(super) fn to_read(&self) -> u64 {
        if self.same { 0 } else { self.known.len() as u64 }
    }

    /// Carries the plan out, see [`super::Plan::run`].
    pub(super) fn run(
        mut self,
        mut writer: Option<&mut IndexWriter>,
        stop: &AtomicBool,
        mut step: impl FnMut(u64),
    ) -> anyhow::Result<Outcome> {
        if self.same {
            self.progress.outcome.unchanged = self.known.len() as u64;
            self.progress.gone.clear();
            return self.progress.finish(writer, &self.note, self.before);
        }
        let (options, known, comparison) = (self.options, &self.known, self.comparison);
        let progress = &mut self.progress;
        let (mut left_out, mut unknown) = (0_u64, 0_u64);
        let ended = std::thread::scope(|scope| -> anyhow::Result<Result<(), Error>> {
            let (sender, receiver) = sync_channel::<Vec<Read>>(1);
            let reader = scope.spawn(move || {
                let mut batches = Batches { batch: Vec::new(), bytes: 0, seen: HashMap::new(), number: 0 };
                let hand_on = |batch: Vec<Result<Record, Failure>>| {
                    let read: Vec<Read> =
                        batch.into_par_iter().map(|record| prepared(record, options, known, comparison)).collect();
                    // The receiver is gone when the writer failed or the user stopped it.
                    !stop.load(Ordering::Relaxed) && sender.send(read).is_ok()
                };
                let result = export::read(options, &mut |record| {
                    let goes_on = batches.add(record).is_none_or(&hand_on);
                    if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                hand_on(batches.batch);
                result
            });
            let mut done = 0;
            for read in receiver.iter().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return Err(IndexError::Interrupted.into());
                }
                if let Read::Failed { id, failure } = &read {
                    unknown += u64::from(id.is_empty() && failure.reason.keeps_last_version());
                }
                if matches!(read, Read::Failed { .. })
                    && progress.outcome.failed.len() + progress.outcome.skipped.len() >= MAX_FAILURES
                {
                    left_out += 1;
                } else {
                    progress.apply(read, writer.as_deref_mut())?;
                }
                done += 1;
                step(done);
            }
            reader
                .join()
                .map_err(|_| anyhow::anyhow!("internal error: reading the records ended in a panic"))
                .map_err(|error| error.context(options.path.display().to_string()))
        })?;
        if stop.load(Ordering::Relaxed) {
            return Err(IndexError::Interrupted.into());
        }
        if left_out > 0 {
            progress.outcome.warnings.push(format!("{left_out} more records failed or were skipped"));
        }
        if unknown + left_out > 0 && !progress.gone.is_empty() {
            // One of the records that could not be read may be the one of a document that was not found again.
            let kept = progress.gone.len();
            progress.gone.clear();
            let why = "because some records could not be read";
            progress.outcome.warnings.push(format!("{kept} documents that have no record any more are kept, {why}"));
        }
        if let Err(error) = ended {
            // What comes behind is unknown, not gone.
            progress.gone.clear();
            let path = options.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let reason = format!("{error}; the rest of the file was not read");
            progress.outcome.failed.push(Trouble { path, reason });
            // It is not the file that it should be: the next run reads it again.
            self.note.looked_ns = 0;
        }
        self.progress.finish(writer, &self.note, self.before)
    }
}

/// Puts records together until it is worth to hand them on.
struct Batches {
    batch: Vec<Result<Record, Failure>>,
    bytes: u64,
    /// By a hash of their id: the number of the record that had it.
    seen: HashMap<u64, u64>,
    number: u64,
}

impl Batches {
    fn add(&mut self, record: Result<Record, Failure>) -> Option<Vec<Result<Record, Failure>>> {
        self.number += 1;
        let record = record.and_then(|record| self.only_once(record));
        self.bytes += record.as_ref().map_or(0, Record::size);
        self.batch.push(record);
        if self.batch.len() < BATCH_RECORDS && self.bytes < BATCH_BYTES {
            return None;
        }
        self.bytes = 0;
        Some(std::mem::take(&mut self.batch))
    }

    /// The second of two records with one id would replace the first.
    fn only_once(&mut self, record: Record) -> Result<Record, Failure> {
        let hash = blake3::hash(record.id.as_bytes());
        let key = u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default());
        match self.seen.insert(key, self.number) {
            None => Ok(record),
            Some(first) => {
                self.seen.insert(key, first);
                Err(Failure { path: record.place, reason: Reason::Repeated(format!("record {first}")) })
            }
        }
    }
}

fn prepared(
    record: Result<Record, Failure>,
    options: &ExportOptions,
    known: &HashMap<String, KnownDocument>,
    comparison: Comparison,
) -> Read {
    let record = match record {
        Ok(record) => record,
        Err(failure) => return Read::Failed { id: String::new(), failure },
    };
    let known = known.get(&record.id);
    or_failed(&record.id, &record.place, || {
        if let Some(known) = known.filter(|_| !comparison.rebuild)
            && known.content_hash == export::content_hash(&record, options)
        {
            return Read::Same { id: record.id.clone(), touched: None };
        }
        match export::prepare(&record, options) {
            Ok(prepared) => Read::of(prepared, FileStat::default(), record.size(), known.is_some(), &record.place),
            Err(failure) => Read::Failed { id: record.id.clone(), failure },
        }
    })
}
