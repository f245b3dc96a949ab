//! Incidents that people and models record: checked, masked, stored, and set beside those that are like them.

use cloudops_incidents::incident::{Attempt, Incident, severity};
use cloudops_incidents::note;
use cloudops_incidents::recognize::moment;
use cloudops_incidents::store::{Resolution, Store, StoreError};
use cloudops_indexes::model::{Document, Kind, Timestamp};
use cloudops_ingest::mask::{Secret, mask};

use crate::app::App;
use crate::report::time;

/// Longer texts are logs, not descriptions. Bytes.
const MAX_TEXT: usize = 20_000;
/// Items of a list.
const MAX_ITEMS: usize = 100;

/// What is wrong with what somebody wants recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("{0}")]
    Input(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// An incident as somebody tells it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    /// What is stated. Its texts are masked before they are stored.
    pub(crate) incident: Incident,
    /// More about it, in which names are recognized.
    pub(crate) description: String,
    pub(crate) severity: Option<String>,
    pub(crate) started: Option<String>,
}

/// What was stored.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) incident: Incident,
    /// Kinds of secrets that were masked, each as often as it was.
    pub(crate) masked: Vec<Secret>,
}

/// Stores a new incident.
pub(crate) fn record(app: &App, report: Report) -> Result<Recorded, RecordError> {
    let Report { mut incident, description, severity: severe, started } = report;
    incident.title = incident.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if incident.title.is_empty() {
        return Err(RecordError::Input("the title is empty".to_owned()));
    }
    check_id(&incident.id)?;
    check_sizes(&incident, &description)?;
    if let Some(text) = severe {
        incident.severity = Some(severity(&text).ok_or_else(|| {
            RecordError::Input(format!("`{text}` is no severity: write `sev1` to `sev5`, or `critical` to `low`"))
        })?);
    }
    let now = time::now();
    incident.started = Some(started.map_or(Ok(now), |text| moment_of(&text))?);
    let mut masked = Vec::new();
    let mut description = description;
    mask_text(&mut description, &mut masked);
    each_text(&mut incident, &mut |text| mask_text(text, &mut masked));
    for service in &mut incident.services {
        *service = service.to_lowercase();
    }
    recognize(&mut incident, &description);
    // A description is how somebody saw it.
    let seen = description.split_whitespace().collect::<Vec<_>>().join(" ");
    if !seen.is_empty() && !incident.symptoms.contains(&seen) {
        incident.symptoms.push(seen);
    }
    let experience = app.experience()?;
    let taken = |id: &str| experience.base.get(id).is_some();
    let incident = Store::open(app.data_dir())?.record(incident, "recorded", now, &taken)?;
    Ok(Recorded { incident, masked })
}

/// How an incident ended, as somebody tells it.
#[derive(Debug, Clone, Default)]
pub(crate) struct End {
    pub(crate) id: String,
    /// What ended it; none if it is what ended `fix_of`.
    pub(crate) fix: Option<String>,
    /// A past incident whose fix ended this one too.
    pub(crate) fix_of: Option<String>,
    pub(crate) root_cause: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) tried: Vec<Attempt>,
    pub(crate) prevention: Vec<String>,
    pub(crate) resolved: Option<String>,
}

/// Stores how an incident ended.
pub(crate) fn resolve(app: &App, end: End) -> Result<Recorded, RecordError> {
    let now = time::now();
    let known = {
        let experience = app.experience()?;
        let fix_of = match &end.fix_of {
            Some(id) => {
                let past = experience.base.get(id).ok_or_else(|| StoreError::Unknown(id.clone()))?;
                Some(
                    past.fix
                        .clone()
                        .ok_or_else(|| RecordError::Input(format!("no fix of incident `{id}` is known")))?,
                )
            }
            None => None,
        };
        (experience.base.get(&end.id).cloned(), fix_of)
    };
    let (known, fix_of) = known;
    let fix = end.fix.map(|fix| fix.trim().to_owned()).filter(|fix| !fix.is_empty()).or(fix_of);
    let fix = fix.ok_or_else(|| RecordError::Input("it is not said what ended the incident".to_owned()))?;
    let resolved = end.resolved.map_or(Ok(now), |text| moment_of(&text))?;
    if let Some(started) = known.as_ref().and_then(|known| known.started).filter(|started| *started > resolved) {
        let at = |moment| jiff::Timestamp::from_second(moment).map(|at| at.to_string()).unwrap_or_default();
        return Err(RecordError::Input(format!(
            "it cannot end at {} before it began, at {}",
            at(resolved),
            at(started)
        )));
    }
    // The same checks and the same masking as for a report.
    let mut texts = Incident {
        fix: Some(fix),
        root_cause: end.root_cause,
        cause: end.cause,
        tried: end.tried,
        prevention: end.prevention,
        ..Incident::default()
    };
    check_sizes(&texts, "")?;
    let mut masked = Vec::new();
    each_text(&mut texts, &mut |text| mask_text(text, &mut masked));
    let resolution = Resolution {
        fix: texts.fix.unwrap_or_default(),
        root_cause: texts.root_cause,
        // After masking, which knows many secrets by their case.
        cause: texts.cause.map(|cause| cause.to_lowercase()),
        tried: texts.tried,
        prevention: texts.prevention,
        resolved,
    };
    let incident = Store::open(app.data_dir())?.resolve(&end.id, known.as_ref(), resolution, now)?;
    Ok(Recorded { incident, masked })
}

/// Masks every text of incidents that come from elsewhere.
pub(crate) fn mask_incident(incident: &mut Incident) -> Vec<Secret> {
    let mut masked = Vec::new();
    each_text(incident, &mut |text| mask_text(text, &mut masked));
    masked
}

fn moment_of(text: &str) -> Result<Timestamp, RecordError> {
    moment(text).ok_or_else(|| {
        RecordError::Input(format!("`{text}` is no moment: write it like `2026-11-25T08:30:00Z` or `2026-11-25 08:30`"))
    })
}

/// An id is a word: it becomes part of addresses and file names.
fn check_id(id: &str) -> Result<(), RecordError> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.len() > 80 || !id.chars().all(is_word) || id.starts_with('.') {
        let error = format!("`{id}` is no id: use letters, digits, `-`, `_` and `.`, at most 80 of them");
        return Err(RecordError::Input(error));
    }
    Ok(())
}

fn check_sizes(incident: &Incident, description: &str) -> Result<(), RecordError> {
    let mut copy = incident.clone();
    let (mut longest, mut number) = (description.len(), 0);
    each_text(&mut copy, &mut |text| {
        longest = longest.max(text.len());
        number += 1;
    });
    if longest > MAX_TEXT {
        return Err(RecordError::Input(format!(
            "a text has {longest} bytes, more than {MAX_TEXT}: leave the logs out"
        )));
    }
    if number > 12 * MAX_ITEMS {
        return Err(RecordError::Input(format!("there are {number} items, too many for one incident")));
    }
    Ok(())
}

fn mask_text(text: &mut String, masked: &mut Vec<Secret>) {
    masked.extend(mask(text).into_iter().map(|found| found.kind));
}

fn each_text(incident: &mut Incident, each: &mut dyn FnMut(&mut String)) {
    each(&mut incident.title);
    let lists = [
        &mut incident.services,
        &mut incident.accounts,
        &mut incident.regions,
        &mut incident.error_codes,
        &mut incident.alarms,
        &mut incident.resources,
        &mut incident.symptoms,
        &mut incident.timeline,
        &mut incident.prevention,
        &mut incident.links,
        &mut incident.tags,
    ];
    lists.into_iter().flatten().for_each(&mut *each);
    incident.tried.iter_mut().map(|tried| &mut tried.what).for_each(&mut *each);
    [&mut incident.root_cause, &mut incident.cause, &mut incident.fix].into_iter().flatten().for_each(each);
}

/// Adds what title and texts name to what is stated.
fn recognize(incident: &mut Incident, description: &str) {
    let text = format!("{}\n\n{}\n\n{description}", incident.title, incident.symptoms.join("\n"));
    let read = note::read(&Document {
        id: String::new(),
        source: String::new(),
        title: incident.title.clone(),
        url: None,
        path: None,
        guide: None,
        services: incident.services.clone(),
        kind: Kind::Incident,
        tags: Vec::new(),
        updated: None,
        text,
        content_hash: String::new(),
    });
    let found = read.incident;
    let lists = [
        (&mut incident.services, found.services),
        (&mut incident.accounts, found.accounts),
        (&mut incident.regions, found.regions),
        (&mut incident.error_codes, found.error_codes),
        (&mut incident.alarms, found.alarms),
        (&mut incident.resources, found.resources),
    ];
    for (list, found) in lists {
        for item in found {
            if !list.iter().any(|known| known.eq_ignore_ascii_case(&item)) {
                list.push(item);
            }
        }
    }
}
