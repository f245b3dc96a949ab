//! What can go wrong with vectors from Bedrock, and what to do about it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::invoke_model::InvokeModelError;
use cloudops_indexes::embed::EmbedError;

use super::cost::{Estimate, Usd};
use super::model::Model;

/// Characters of a service's own message that are repeated.
const MOST_CHARS: usize = 300;

/// No vectors could be had from Bedrock.
#[derive(Debug, thiserror::Error)]
pub enum BedrockError {
    /// A model that nothing is known about.
    #[error("`{0}` is no embedding model of Amazon Bedrock that is known here")]
    NoSuchModel(String),
    /// A length of vector that the model does not make.
    #[error("`{model}` makes no vectors of {wanted} dimensions, only of {}", list(possible))]
    Dimensions {
        /// The model.
        model: &'static str,
        /// What was asked for.
        wanted: usize,
        /// What can be asked for.
        possible: &'static [usize],
    },
    /// An amount of money that is none.
    #[error("{0} is not an amount in US dollars")]
    Amount(f64),
    /// Going on would cost more than allowed. What it was to pay for was not sent, or not once more.
    #[error("the cap of {} is not enough: {estimate} (estimated) after {} so far", Usd(*max_usd), Usd(*spent))]
    TooExpensive {
        /// What was to be sent.
        estimate: Estimate,
        /// US dollars that were spent, or set aside for what is under way.
        spent: f64,
        /// The cap.
        max_usd: f64,
    },
    /// Nothing says in which region.
    #[error("no AWS region is configured")]
    NoRegion,
    /// The SDK found nothing to sign with.
    #[error("no AWS credentials were found{}: {reason}", of_profile(profile.as_deref()))]
    NoCredentials {
        /// The profile that was named.
        profile: Option<String>,
        /// What the SDK says.
        reason: String,
    },
    /// AWS does not know the credentials, or not any more.
    #[error("AWS does not accept the credentials{} ({code}): {reason}", of_profile(profile.as_deref()))]
    Rejected {
        /// The profile that was named.
        profile: Option<String>,
        /// What AWS calls the error.
        code: String,
        /// What it says.
        reason: String,
    },
    /// The credentials are good, but not for this.
    #[error("access to `{model}` in {region} is denied: {reason}")]
    Denied {
        /// The model.
        model: String,
        /// The region.
        region: String,
        /// What AWS says.
        reason: String,
    },
    /// The region has no such model, or not under this name.
    #[error("`{model}` cannot be invoked in {region}: {reason}")]
    NotInRegion {
        /// The model.
        model: String,
        /// The region.
        region: String,
        /// What AWS says.
        reason: String,
    },
    /// Too many requests, also after waiting several times.
    #[error("`{model}` in {region} is overloaded, also after {attempts} attempts ({code}): {reason}")]
    Throttled {
        /// The model.
        model: String,
        /// The region.
        region: String,
        /// How often it was tried.
        attempts: u32,
        /// What AWS calls the error.
        code: String,
        /// What it says.
        reason: String,
    },
    /// Nobody answered in time.
    #[error("`{model}` in {region} did not answer in time, {attempts} times")]
    TimedOut {
        /// The model.
        model: String,
        /// The region.
        region: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// There is no way to the service.
    #[error("Amazon Bedrock in {region} cannot be reached, {attempts} times tried: {reason}")]
    Unreachable {
        /// The region.
        region: String,
        /// How often it was tried.
        attempts: u32,
        /// Why, as far as is known.
        reason: String,
    },
    /// The service refused for another reason.
    #[error("`{model}` in {region} refused ({code}): {reason}")]
    Refused {
        /// The model.
        model: String,
        /// The region.
        region: String,
        /// What AWS calls the error.
        code: String,
        /// What it says.
        reason: String,
    },
    /// The answer is not what was asked for.
    #[error("the answer cannot be used: {0}")]
    Answer(String),
    /// The threads that wait for answers could not be had.
    #[error("no thread for requests: {0}")]
    Thread(String),
}

impl BedrockError {
    /// What the user can do about it: a sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoSuchModel(_) => {
                format!("Known are {}.", Model::known().collect::<Vec<_>>().join(", "))
            }
            Self::TooExpensive { .. } => {
                "Allow more, or embed less; vectors that are there already are kept and cost nothing again.".to_owned()
            }
            Self::NoRegion => "Set `AWS_REGION`, or a region in the AWS profile.".to_owned(),
            Self::NoCredentials { .. } => {
                "Check with `aws sts get-caller-identity`; `aws configure` or `aws sso login` gets some, `AWS_PROFILE` \
                 chooses them."
                    .to_owned()
            }
            Self::Rejected { .. } => {
                "Check with `aws sts get-caller-identity`; expired ones are renewed by `aws sso login` or by new keys. \
                 The clock of this machine must be right, too."
                    .to_owned()
            }
            Self::Denied { region, .. } => format!(
                "The caller needs `bedrock:InvokeModel` for this model, and the account access to it: see \"Model \
                 access\" in the Bedrock console of {region}."
            ),
            Self::NotInRegion { .. } => {
                "Choose a region that has the model, or name an inference profile such as `us.cohere.embed-v4:0`: \
                 https://docs.aws.amazon.com/bedrock/latest/userguide/models-regions.html"
                    .to_owned()
            }
            Self::Throttled { .. } => {
                "Run the same command again later: it goes on where it was. Requests a minute are a quota of the \
                 account, see Service Quotas."
                    .to_owned()
            }
            Self::TimedOut { .. } | Self::Unreachable { .. } => {
                "Check the network; behind a proxy, set `HTTPS_PROXY`. `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` names another \
                 endpoint."
                    .to_owned()
            }
            _ => return None,
        };
        Some(hint)
    }

    /// Whether trying again as things are would fail again.
    fn is_lasting(&self) -> bool {
        !matches!(
            self,
            Self::TooExpensive { .. }
                | Self::Throttled { .. }
                | Self::TimedOut { .. }
                | Self::Unreachable { .. }
                | Self::Refused { .. }
                | Self::Answer(_)
        )
    }

    /// The same as an error of the embedder of this name, with what to do.
    pub(super) fn of_embedder(&self, name: &str) -> EmbedError {
        let hint = self.hint().map(|hint| format!(". {hint}")).unwrap_or_default();
        let (name, reason) = (name.to_owned(), format!("{self}{hint}"));
        if self.is_lasting() { EmbedError::Unavailable { name, reason } } else { EmbedError::Failed { name, reason } }
    }
}

/// What a request was about, to say so if it fails.
pub(super) struct Asked<'a> {
    pub(super) model: &'a str,
    pub(super) region: &'a str,
    pub(super) profile: Option<&'a str>,
    pub(super) attempts: u32,
}

impl Asked<'_> {
    /// What an error of the SDK means.
    pub(super) fn failed(&self, error: &SdkError<InvokeModelError>) -> BedrockError {
        if let Some(credentials) = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
            return BedrockError::NoCredentials { profile: self.profile.map(str::to_owned), reason: root(credentials) };
        }
        match error {
            SdkError::ServiceError(answered) => self.refused(answered.err(), answered.raw().status().as_u16()),
            SdkError::TimeoutError(_) => self.timed_out(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => self.timed_out(),
            SdkError::DispatchFailure(_) => BedrockError::Unreachable {
                region: self.region.to_owned(),
                attempts: self.attempts,
                reason: root(error),
            },
            _ => BedrockError::Answer(root(error)),
        }
    }

    fn timed_out(&self) -> BedrockError {
        BedrockError::TimedOut { model: self.model.to_owned(), region: self.region.to_owned(), attempts: self.attempts }
    }

    fn refused(&self, error: &InvokeModelError, status: u16) -> BedrockError {
        let code = error.code().map_or_else(|| format!("HTTP {status}"), str::to_owned);
        let reason = shortened(error.message().unwrap_or("nothing was said"));
        let (model, region) = (self.model.to_owned(), self.region.to_owned());
        match code.as_str() {
            "AccessDeniedException" => BedrockError::Denied { model, region, reason },
            "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "ExpiredTokenException"
            | "IncompleteSignatureException"
            | "InvalidClientTokenId"
            | "MissingAuthenticationTokenException" => {
                BedrockError::Rejected { profile: self.profile.map(str::to_owned), code, reason }
            }
            "ResourceNotFoundException" => BedrockError::NotInRegion { model, region, reason },
            "ValidationException" if is_about_the_model(&reason) => BedrockError::NotInRegion { model, region, reason },
            "ThrottlingException"
            | "TooManyRequestsException"
            | "ServiceQuotaExceededException"
            | "ServiceUnavailableException"
            | "ModelNotReadyException" => {
                BedrockError::Throttled { model, region, attempts: self.attempts, code, reason }
            }
            "ModelTimeoutException" => self.timed_out(),
            _ if status == 429 || status == 503 => {
                BedrockError::Throttled { model, region, attempts: self.attempts, code, reason }
            }
            _ => BedrockError::Refused { model, region, code, reason },
        }
    }
}

/// Whether a request was not valid because of the model it names.
fn is_about_the_model(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    ["model identifier", "on-demand throughput", "inference profile", "model id"]
        .iter()
        .any(|part| reason.contains(part))
}

/// An error and what caused it, the outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// What the innermost cause says.
fn root(error: &(dyn Error + 'static)) -> String {
    shortened(&causes(error).last().map(ToString::to_string).unwrap_or_default())
}

/// One line, not too long.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn of_profile(profile: Option<&str>) -> String {
    profile.map(|profile| format!(" of the profile `{profile}`")).unwrap_or_default()
}

fn list(numbers: &[usize]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
