//! The way to Bedrock: configuration, retries, timeouts, and one request.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::RuntimeComponents;
use aws_sdk_bedrockruntime::config::retry::{ClientRateLimiter, RetryPartition};
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};

use super::cost::Reservation;
use super::error::{Asked, BedrockError};
use super::model::Model;
use super::observe::{Observer, Seen};

/// Where and as whom Bedrock is asked. What is not said here is found as in every AWS tool: in `AWS_REGION`,
/// `AWS_PROFILE`, `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` and the like, then in the profile.
#[derive(Debug, Clone, Default)]
pub struct Access {
    pub(super) region: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) credentials: Option<SharedCredentialsProvider>,
}

impl Access {
    /// This region and this profile, as far as they are given.
    pub fn new(region: Option<String>, profile: Option<String>) -> Self {
        Self { region, profile, ..Self::default() }
    }
}

/// How much is asked at once, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests under way at the same time.
    pub concurrency: usize,
    /// How often a request is sent before it has failed.
    pub attempts: u32,
    /// The longest wait between two attempts that the client chooses itself.
    pub max_backoff: Duration,
    /// For a connection.
    pub connect: Duration,
    /// For one attempt.
    pub attempt: Duration,
    /// For a request with all its attempts and waits.
    pub request: Duration,
}

impl Limits {
    /// For filling an index: with patience.
    pub const fn filling() -> Self {
        Self {
            concurrency: 8,
            attempts: 8,
            max_backoff: Duration::from_secs(20),
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(30),
            request: Duration::from_mins(5),
        }
    }

    /// For questions: somebody waits for the answer.
    pub const fn queries() -> Self {
        Self {
            concurrency: 8,
            attempts: 3,
            max_backoff: Duration::from_secs(1),
            connect: Duration::from_secs(2),
            attempt: Duration::from_secs(4),
            request: Duration::from_secs(10),
        }
    }
}

/// A configured client.
#[derive(Debug)]
pub(super) struct Connection {
    client: Client,
    region: String,
    profile: Option<String>,
}

impl Connection {
    /// Reads the configuration. Credentials are looked for when the first request is signed.
    pub(super) async fn open(access: &Access, limits: &Limits) -> Result<Self, BedrockError> {
        // With ring, as everything else here that speaks TLS: a second cryptography would be compiled for nothing.
        let http = Builder::new().build_with_connector_fn(|settings, components| {
            let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            connector.tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build()
        });
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(limits.connect)
            .operation_attempt_timeout(limits.attempt)
            .operation_timeout(limits.request)
            .build();
        let retries = RetryConfig::adaptive().with_max_attempts(limits.attempts).with_max_backoff(limits.max_backoff);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .retry_config(retries)
            .timeout_config(timeouts);
        if let Ok(name) = AppName::new("cloudops") {
            loader = loader.app_name(name);
        }
        if let Some(region) = &access.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &access.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint) = &access.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(credentials) = &access.credentials {
            loader = loader.credentials_provider(credentials.clone());
        }
        let config = loader.load().await;
        let region = config.region().ok_or(BedrockError::NoRegion)?.to_string();
        // By default, every client of the process shares what it knows of the service's load. Filling, which is often
        // throttled, must not slow questions down.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let partition = RetryPartition::custom("cloudops-bedrock")
            .client_rate_limiter(ClientRateLimiter::new(now.as_secs_f64()))
            .build();
        let config = aws_sdk_bedrockruntime::config::Builder::from(&config).retry_partition(partition).build();
        Ok(Self { client: Client::from_conf(config), region, profile: access.profile.clone() })
    }

    /// Sends one request, again where that may help and the money is enough.
    pub(super) async fn invoke(&self, model: &Model, body: Vec<u8>, reservation: Arc<Mutex<Reservation>>) -> Invoked {
        let seen = Arc::new(Seen::default());
        let sent = self
            .client
            .invoke_model()
            .model_id(&model.invoked)
            .content_type("application/json")
            .accept("application/json")
            .body(Blob::new(body))
            .customize()
            .interceptor(Observer { seen: Arc::clone(&seen), reservation })
            .send()
            .await;
        if seen.attempts() > 1 {
            tracing::debug!(model = model.invoked, attempts = seen.attempts(), "a request was repeated");
        }
        let answer = sent.map(|output| output.body.into_inner()).map_err(|error| {
            let asked = Asked {
                model: &model.invoked,
                region: &self.region,
                profile: self.profile.as_deref(),
                attempts: seen.attempts(),
            };
            seen.unpaid().unwrap_or_else(|| asked.failed(&error))
        });
        Invoked { answer, tokens: seen.tokens(), chargeable: seen.chargeable() }
    }
}

/// What came of a request.
pub(super) struct Invoked {
    /// The body of the answer.
    pub(super) answer: Result<Vec<u8>, BedrockError>,
    /// Tokens that were counted, if the service says so beside the answer.
    pub(super) tokens: Option<u64>,
    /// Attempts that may have been charged, the last one among them if there is an answer.
    pub(super) chargeable: u32,
}
