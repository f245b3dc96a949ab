//! What a free-form text names: services, error codes, ARNs and ids, Regions, accounts, alarms and findings, by rules.
//!
//! Everything is found by its form or in a list; nothing is guessed. Linear in the length of the text.

mod codes;
mod names;
mod services;
mod times;

pub use services::service_of_prefix;
pub use times::{Moment, moment, moments, usual_zone};

/// What was found, each once, in the order in which it comes; services by how often they are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recognized {
    /// Short lower-case AWS names.
    pub services: Vec<String>,
    /// Error codes as they are written, HTTP statuses as three digits, `exit code 137`.
    pub error_codes: Vec<String>,
    /// Whole ARNs.
    pub arns: Vec<String>,
    /// `i-0123456789abcdef0`.
    pub ids: Vec<String>,
    /// `eu-west-1`, of zones and of names of places too.
    pub regions: Vec<String>,
    /// Twelve digits each.
    pub accounts: Vec<String>,
    /// Names of alarms, types of findings.
    pub alarms: Vec<String>,
}

/// Finds names in a text.
pub fn recognize(text: &str) -> Recognized {
    let arns = names::arns(text);
    Recognized {
        services: services::services(text, &arns),
        error_codes: codes::error_codes(text),
        ids: names::ids(text),
        regions: names::regions(text),
        accounts: names::accounts(text, &arns),
        alarms: names::alarms(text, &arns),
        arns,
    }
}

/// A text that names more of a kind is a log, and looking for what is there already is not free.
const MAX_NAMES: usize = 500;

/// Adds what is not there yet, in any case.
pub(crate) fn push_new(list: &mut Vec<String>, item: impl Into<String>) {
    let item = item.into();
    if list.len() < MAX_NAMES && !item.is_empty() && !list.iter().any(|known| known.eq_ignore_ascii_case(&item)) {
        list.push(item);
    }
}
