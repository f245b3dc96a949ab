//! The guides of AWS that can be chosen by name: what they are about, and where a crawl of them begins.
//!
//! The table is `catalog.csv`, sorted by id. `start`, `sitemap` and `toc` are relative to `url`; an empty `start` is the
//! guide's own address. Where the addresses were seen is in `docs/aws-docs-layout.md`.

mod choice;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use cloudops_indexes::model::Kind;
use url::Url;

pub use choice::{UnknownGuide, choose};

const TABLE: &str = include_str!("catalog.csv");

/// Which part of what AWS publishes a guide belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// A guide or a reference of a service.
    Guide,
    /// The Well-Architected Framework, its pillars and lenses.
    WellArchitected,
    /// AWS Prescriptive Guidance.
    Prescriptive,
    /// The AWS Architecture Center.
    ArchitectureCenter,
    /// Articles of the re:Post knowledge center.
    RePost,
    /// Security bulletins.
    Bulletins,
    /// Announcements.
    WhatsNew,
}

impl Family {
    /// Every family, in the order in which they are listed to people.
    pub const ALL: [Self; 7] = [
        Self::Guide,
        Self::WellArchitected,
        Self::Prescriptive,
        Self::ArchitectureCenter,
        Self::RePost,
        Self::Bulletins,
        Self::WhatsNew,
    ];

    /// The name used in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guide => "guide",
            Self::WellArchitected => "well_architected",
            Self::Prescriptive => "prescriptive",
            Self::ArchitectureCenter => "architecture_center",
            Self::RePost => "repost",
            Self::Bulletins => "bulletins",
            Self::WhatsNew => "whats_new",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|family| family.as_str() == wanted).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("unknown family `{text}` (one of {known})")
        })
    }
}

/// A guide, or another part of the site that is crawled as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// Its name, such as `ec2-user-guide`.
    pub id: String,
    /// Short names of the services that it is about, the one that it is of first. Its documents carry them. Empty if
    /// they are of services that only their text tells, as announcements are.
    pub services: Vec<String>,
    /// Other names that it can be chosen by, such as `k8s`.
    pub names: Vec<String>,
    /// Which part of what AWS publishes it belongs to.
    pub family: Family,
    /// What its texts are for.
    pub kind: Kind,
    /// Its name for people.
    pub title: String,
    /// What its pages are under; ends with a slash.
    pub url: Url,
    /// The page that a crawl of it begins at.
    pub start: Url,
    /// Its sitemap, or a feed that serves as one.
    pub sitemap: Option<Url>,
    /// Its table of contents.
    pub toc: Option<Url>,
}

impl Guide {
    /// Where the guide lists its pages for language models, as guides on docs.aws.amazon.com do.
    pub fn llms_txt(&self) -> Option<Url> {
        (self.url.host_str() == Some("docs.aws.amazon.com")).then(|| self.url.join("llms.txt").ok()).flatten()
    }
}

static GUIDES: LazyLock<Vec<Guide>> = LazyLock::new(|| {
    // The tests see to it that no row is lost.
    csv::Reader::from_reader(TABLE.as_bytes()).records().flatten().filter_map(|row| guide(&row)).collect()
});

/// Every guide, sorted by id.
pub fn guides() -> &'static [Guide] {
    &GUIDES
}

/// The guide of an id.
pub fn guide_of(id: &str) -> Option<&'static Guide> {
    let at = guides().binary_search_by(|guide| guide.id.as_str().cmp(id)).ok()?;
    guides().get(at)
}

fn guide(row: &csv::StringRecord) -> Option<Guide> {
    let field = |at: usize| row.get(at).map(str::trim);
    let words = |at: usize| Some(field(at)?.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let url = Url::parse(field(6)?).ok()?;
    let below = |at: usize| {
        let relative = field(at).filter(|relative| !relative.is_empty())?;
        url.join(relative).ok()
    };
    Some(Guide {
        id: field(0)?.to_owned(),
        services: words(1)?,
        names: words(2)?,
        family: field(3)?.parse().ok()?,
        kind: field(4)?.parse().ok()?,
        title: field(5)?.to_owned(),
        start: below(7).unwrap_or_else(|| url.clone()),
        sitemap: below(8),
        toc: below(9),
        url,
    })
}

#[cfg(test)]
mod tests;
