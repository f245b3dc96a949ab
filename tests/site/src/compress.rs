//! Content encodings. Levels are the fastest that still compress: the site shares its processor with what is measured.

use std::io::Write;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A content encoding that the site can offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As it is.
    Identity,
    /// `gzip`
    Gzip,
    /// `br`
    #[serde(rename = "br")]
    Brotli,
    /// `zstd`
    Zstd,
}

impl Encoding {
    /// The name as headers have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    pub(crate) fn compress(self, body: &[u8]) -> Bytes {
        let compressed = match self {
            Self::Identity => Ok(body.to_vec()),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 16 * 1024, 2, 18);
                encoder.write_all(body).map(|()| encoder.into_inner())
            }
            Self::Zstd => zstd::bulk::compress(body, 1),
        };
        compressed.expect("memory can be written to").into()
    }
}
