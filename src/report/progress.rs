//! Progress bars on standard error, for a terminal only.

use std::time::Duration;

use cloudops_indexes::store::{FillProgress, Progress, Stage};
use cloudops_indexes::vector::Granularity;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bars of one run: one after the other, one per stage.
#[derive(Debug)]
pub(crate) struct Bars {
    hidden: bool,
    stage: Option<Stage>,
    filling: Option<(Granularity, bool)>,
    #[cfg(feature = "crawl")]
    crawling: bool,
    bar: ProgressBar,
}

impl Bars {
    /// Bars that are drawn if standard error is a terminal, and never when `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            hidden: quiet,
            stage: None,
            filling: None,
            #[cfg(feature = "crawl")]
            crawling: false,
            bar: ProgressBar::hidden(),
        }
    }

    /// Starts a bar over `total` units; 0 means that nobody knows.
    pub(crate) fn start(&mut self, name: &'static str, total: u64) {
        self.finish();
        if self.hidden {
            return;
        }
        let template = if total == 0 {
            "{prefix:>12.cyan.bold} {spinner} {human_pos} {wide_msg:.dim}"
        } else {
            "{prefix:>12.cyan.bold} [{bar:28}] {human_pos}/{human_len} {per_sec:.dim} {eta:.dim} {wide_msg:.dim}"
        };
        let style = ProgressStyle::with_template(template).expect("the template is a constant").progress_chars("=> ");
        self.bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10)).with_style(style);
        self.bar.set_prefix(name);
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Moves the bar of the running stage.
    pub(crate) fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// Follows the stages of a commit.
    pub(crate) fn follow(&mut self, progress: &Progress) {
        if self.stage != Some(progress.stage) {
            self.stage = Some(progress.stage);
            self.start(stage_name(progress.stage), progress.total);
        }
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
        if let Some(message) = &progress.message {
            self.bar.set_message(message.clone());
        }
    }

    /// Follows the vectors of a slow embedder.
    pub(crate) fn fill(&mut self, progress: &FillProgress) {
        let what = (progress.granularity, progress.publishing);
        if self.filling != Some(what) {
            self.filling = Some(what);
            let name = if progress.publishing { "publishing" } else { progress.granularity.as_str() };
            self.start(name, progress.total);
            // The rate is that of what follows.
            self.bar.set_position(progress.done);
            self.bar.reset_eta();
        }
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
    }

    /// Follows a crawl: pages listed, then pages done of those that were found so far.
    #[cfg(feature = "crawl")]
    pub(crate) fn crawl(&mut self, progress: &cloudops_crawl::engine::Progress) {
        if progress.listing {
            self.bar.set_position(progress.found);
            return;
        }
        if !self.crawling {
            self.crawling = true;
            self.start("crawling", progress.found);
        }
        self.bar.set_length(progress.found);
        self.bar.set_position(progress.done);
        if progress.failed > 0 {
            self.bar.set_message(format!("{} failed", progress.failed));
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.finish();
    }
}

/// What a stage is called, at most 12 letters.
const fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Lexical => "indexing",
        Stage::Vocabulary => "vocabulary",
        Stage::Train => "training",
        Stage::Embed => "embedding",
        Stage::Graph => "linking",
        Stage::Publish => "publishing",
    }
}
