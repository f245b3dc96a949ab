//! The HTTP client underneath: TLS, proxies, names, and what its errors mean here.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{self, HeaderMap, HeaderValue};
use rustls_platform_verifier::BuilderVerifierExt;
use url::Url;

use super::guard::{Forbidden, ForbiddenAddress, NotResolved, PublicResolver, Rule};
use super::{FetchError, FetchOptions, Proxy};

const ACCEPT: &str = "text/html,application/xhtml+xml,text/markdown;q=0.9,application/xml;q=0.9,application/json;q=0.9,\
                      text/plain;q=0.8,*/*;q=0.5";
/// How long an unused connection is kept.
const KEPT: Duration = Duration::from_secs(30);

/// The client, and the names of the proxies that it may use.
pub(super) fn build(options: &FetchOptions) -> Result<(reqwest::Client, Vec<String>), FetchError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
    headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, zstd"));

    let proxies = proxy_hosts(&options.proxy);
    let resolver = PublicResolver { rule: Rule { allow_private: options.allow_private }, proxies: proxies.clone() };
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .user_agent(&options.user_agent)
        .default_headers(headers)
        // Redirects are followed where every hop can be checked.
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .dns_resolver(resolver)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(KEPT)
        .pool_max_idle_per_host(options.manners.concurrency.max(1));
    let builder = match &options.proxy {
        Proxy::Environment => builder,
        Proxy::Direct => builder.no_proxy(),
        Proxy::Url(url) => {
            let proxy = reqwest::Proxy::all(url)
                .map_err(|error| setup(format!("the proxy cannot be used: {}", innermost(&error))))?;
            builder.proxy(proxy)
        }
    };
    let client = builder.build().map_err(|error| setup(innermost(&error)))?;
    Ok((client, proxies))
}

/// TLS by rustls and ring, with the system's certificates: those of a company's proxy are among them. Nothing is set for
/// the whole process, where another part may want another provider.
fn tls() -> Result<rustls::ClientConfig, FetchError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| setup(error.to_string()))?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The hosts of the proxies, as the client itself finds them.
fn proxy_hosts(proxy: &Proxy) -> Vec<String> {
    let mut hosts = match proxy {
        Proxy::Direct => Vec::new(),
        Proxy::Url(url) => Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).into_iter().collect(),
        Proxy::Environment => {
            let matcher = Matcher::from_system();
            // Any address that no list of exceptions names.
            ["http://proxied.invalid/", "https://proxied.invalid/"]
                .into_iter()
                .filter_map(|url| matcher.intercept(&http::Uri::from_static(url))?.uri().host().map(str::to_owned))
                .collect()
        }
    };
    hosts.dedup();
    hosts
}

fn setup(reason: String) -> FetchError {
    FetchError::Setup { reason }
}

/// What an error of the client means, before there is an answer.
pub(super) fn no_answer(error: &reqwest::Error, url: &str, options: &FetchOptions) -> FetchError {
    let url = url.to_owned();
    for cause in causes(error) {
        if let Some(forbidden) = cause.downcast_ref::<ForbiddenAddress>() {
            let metadata = forbidden.why == Forbidden::Metadata;
            return FetchError::PrivateAddress { url, address: forbidden.address, metadata };
        }
        if let Some(not_resolved) = cause.downcast_ref::<NotResolved>() {
            return FetchError::Dns { url, reason: not_resolved.to_string() };
        }
        if let Some(tls) = tls_error(cause) {
            return FetchError::Tls { url, reason: tls.to_string() };
        }
    }
    if error.is_timeout() {
        return FetchError::Timeout { url, what: "no connection", after: options.connect_timeout };
    }
    FetchError::Connect { url, reason: innermost(error) }
}

fn tls_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = cause;
    loop {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // An I/O error names the source of what it wraps as its own, and not what it wraps, which may be another one.
        cause = cause.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// What happened at last: the outer errors repeat the address, and say no more than "error sending request".
pub(super) fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}
