//! AWS as it is: the only crate of the project that calls AWS services.
//!
//! Every service is behind a cargo feature of its own, off by default. Where to find credentials, the region and the
//! endpoint is left to the AWS SDK, which reads the `AWS_…` variables and the files in `~/.aws` as every AWS tool does;
//! callers may name a region and a profile instead.

#[cfg(feature = "bedrock")]
pub mod bedrock;
