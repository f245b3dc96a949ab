//! Bytes of the wire → bytes of the page, piece by piece, under limits.
//!
//! Decoders write into a [`Sink`] that refuses what is too much, so that a bomb is noticed at the first bytes that are one
//! too many and never unpacked.

use std::io::{self, Write};

use brotli::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use zstd::stream::write::Decoder as ZstdDecoder;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Encoding {
    /// Reads the values of `Content-Encoding`. What was not asked for is an error: its reason.
    pub(super) fn read<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<Self, String> {
        let mut encoding = Self::Identity;
        for value in values {
            for token in String::from_utf8_lossy(value).split(',') {
                let token = token.trim().to_ascii_lowercase();
                let next = match token.as_str() {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Self::Gzip,
                    "br" => Self::Brotli,
                    "zstd" => Self::Zstd,
                    other => {
                        let name: String = other.chars().filter(char::is_ascii_graphic).take(32).collect();
                        return Err(format!("it is encoded as `{name}`, which was not asked for"));
                    }
                };
                if encoding != Self::Identity {
                    return Err("it is encoded more than once".to_owned());
                }
                encoding = next;
            }
        }
        Ok(encoding)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "plain",
            Self::Gzip => "gzip",
            Self::Brotli => "brotli",
            Self::Zstd => "zstd",
        }
    }
}

/// How much may come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes, on the wire and decoded.
    pub(super) bytes: u64,
    /// Decoded bytes for each byte on the wire.
    pub(super) ratio: u32,
}

/// Why decoding ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TooLarge,
    Bomb { transferred: u64, decoded: u64 },
    Corrupt(String),
    Incomplete(String),
}

/// Below this many bytes nothing is a bomb: small pages of blanks compress a thousandfold.
const HARMLESS: u64 = 1 << 20;
/// A window of 8 MiB is what RFC 9659 allows to servers. It bounds the memory of a decoder.
const ZSTD_WINDOW_LOG: u32 = 23;
/// So much is given to a decoder at once, so that the ratio is known from what led to it.
const PIECE: usize = 16 << 10;
const BUFFER: usize = 32 << 10;

/// Decodes one body.
pub(super) struct Decoder {
    encoding: Encoding,
    stage: Stage,
    transferred: u64,
    limit: u64,
}

enum Stage {
    Identity(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Brotli(Box<DecompressorWriter<Sink>>),
    Zstd(ZstdDecoder<'static, Sink>),
}

impl Decoder {
    pub(super) fn new(encoding: Encoding, limits: Limits) -> Result<Self, Fault> {
        let sink = Sink { bytes: Vec::new(), limits, transferred: 0, fault: None, closed: false };
        let stage = match encoding {
            Encoding::Identity => Stage::Identity(sink),
            Encoding::Gzip => Stage::Gzip(Box::new(MultiGzDecoder::new(sink))),
            Encoding::Brotli => Stage::Brotli(Box::new(DecompressorWriter::new(sink, BUFFER))),
            Encoding::Zstd => {
                let unusable = |error: io::Error| Fault::Corrupt(format!("no zstd decoder: {error}"));
                let mut decoder = ZstdDecoder::new(sink).map_err(unusable)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(unusable)?;
                Stage::Zstd(decoder)
            }
        };
        Ok(Self { encoding, stage, transferred: 0, limit: limits.bytes })
    }

    /// Bytes of the wire that were given to it.
    pub(super) fn transferred(&self) -> u64 {
        self.transferred
    }

    /// Decodes what came next.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        for piece in chunk.chunks(PIECE) {
            self.transferred += piece.len() as u64;
            // For a plain body the sink says the same, and keeps what fits.
            if self.transferred > self.limit && self.encoding != Encoding::Identity {
                return Err(Fault::TooLarge);
            }
            self.sink().transferred = self.transferred;
            let written = match &mut self.stage {
                Stage::Identity(sink) => sink.write_all(piece),
                Stage::Gzip(decoder) => decoder.write_all(piece),
                Stage::Brotli(decoder) => decoder.write_all(piece),
                Stage::Zstd(decoder) => decoder.write_all(piece),
            };
            if let Err(error) = written {
                let corrupt = Fault::Corrupt(format!("it is not what {} looks like: {error}", self.encoding.name()));
                return Err(self.sink().fault.take().unwrap_or(corrupt));
            }
        }
        Ok(())
    }

    /// The whole page, if it is whole.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Fault> {
        // Servers send empty pages with the header and without the encoding.
        if self.transferred == 0 {
            return Ok(Vec::new());
        }
        let finished = match &mut self.stage {
            Stage::Identity(_) => Ok(()),
            Stage::Gzip(decoder) => decoder.try_finish(),
            Stage::Brotli(decoder) => decoder.close(),
            Stage::Zstd(decoder) => decoder.do_finish(),
        };
        if finished.is_err() {
            let name = self.encoding.name();
            let incomplete = Fault::Incomplete(format!("the {name} data does not end as it should"));
            return Err(self.sink().fault.take().unwrap_or(incomplete));
        }
        Ok(self.decoded_so_far())
    }

    /// What was decoded, up to the limit.
    pub(super) fn decoded_so_far(mut self) -> Vec<u8> {
        std::mem::take(&mut self.sink().bytes)
    }

    fn sink(&mut self) -> &mut Sink {
        match &mut self.stage {
            Stage::Identity(sink) => sink,
            Stage::Gzip(decoder) => decoder.get_mut(),
            Stage::Brotli(decoder) => decoder.get_mut(),
            Stage::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

/// Keeps what is decoded, and refuses what is too much.
struct Sink {
    bytes: Vec<u8>,
    limits: Limits,
    transferred: u64,
    fault: Option<Fault>,
    /// It refused something. Decoders write what they still have when they are dropped, which must not fill it again.
    closed: bool,
}

impl Sink {
    fn refuse(&mut self, fault: Fault) -> io::Error {
        self.fault = Some(fault);
        self.closed = true;
        io::Error::other("too much")
    }
}

impl Write for Sink {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Err(io::Error::other("too much"));
        }
        let decoded = (self.bytes.len() + buffer.len()) as u64;
        let transferred = self.transferred;
        if decoded > HARMLESS && decoded / u64::from(self.limits.ratio.max(1)) > transferred {
            return Err(self.refuse(Fault::Bomb { transferred, decoded }));
        }
        if decoded > self.limits.bytes {
            let room = (self.limits.bytes - self.bytes.len() as u64) as usize;
            self.bytes.extend_from_slice(&buffer[..room]);
            return Err(self.refuse(Fault::TooLarge));
        }
        self.bytes.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 8 << 20, ratio: 100 };
    const ENCODINGS: [Encoding; 4] = [Encoding::Identity, Encoding::Gzip, Encoding::Brotli, Encoding::Zstd];

    fn encode(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        match encoding {
            Encoding::Identity => bytes.to_vec(),
            Encoding::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Encoding::Brotli => {
                let mut encoded = Vec::new();
                let fast = brotli::enc::BrotliEncoderParams { quality: 4, ..Default::default() };
                brotli::BrotliCompress(&mut &*bytes, &mut encoded, &fast).unwrap();
                encoded
            }
            Encoding::Zstd => zstd::stream::encode_all(bytes, 3).unwrap(),
        }
    }

    fn decode(encoding: Encoding, limits: Limits, bytes: &[u8], chunk: usize) -> Result<Vec<u8>, Fault> {
        let mut decoder = Decoder::new(encoding, limits)?;
        for chunk in bytes.chunks(chunk) {
            decoder.push(chunk)?;
        }
        decoder.finish()
    }

    /// Text that does not repeat, so that it stays large.
    fn text(words: u64) -> Vec<u8> {
        let mut state = 1_u64;
        let mut text = Vec::new();
        for _ in 0..words {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.extend_from_slice(format!("{:x} ", state >> 40).as_bytes());
        }
        text
    }

    #[test]
    fn every_encoding_is_read_however_it_is_cut() {
        let page = text(20_000);
        for encoding in ENCODINGS {
            for chunk in [1, 1000, usize::MAX] {
                assert_eq!(decode(encoding, LIMITS, &encode(encoding, &page), chunk).unwrap(), page, "{encoding:?}");
            }
            assert_eq!(decode(encoding, LIMITS, b"", 1).unwrap(), b"", "{encoding:?}");
            assert_eq!(decode(encoding, LIMITS, &encode(encoding, b""), 1).unwrap(), b"", "{encoding:?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_never_a_page() {
        let page = text(500);
        for encoding in &ENCODINGS[1..] {
            let whole = encode(*encoding, &page);
            for length in 1..whole.len() {
                let cut = decode(*encoding, LIMITS, &whole[..length], usize::MAX);
                assert!(matches!(cut, Err(Fault::Incomplete(_))), "{encoding:?} at {length}: {cut:?}");
            }
        }
    }

    #[test]
    fn bombs_are_refused_before_they_are_large() {
        let blank = vec![b' '; 16 << 20];
        for encoding in &ENCODINGS[1..] {
            let bomb = encode(*encoding, &blank);
            let mut decoder = Decoder::new(*encoding, Limits { bytes: 1 << 30, ratio: 100 }).unwrap();
            let fault = decoder.push(&bomb).unwrap_err();
            assert!(matches!(fault, Fault::Bomb { .. }), "{encoding:?}: {fault:?}");
            assert!(decoder.decoded_so_far().len() < 4 << 20, "{encoding:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let page = text(20_000);
        for encoding in ENCODINGS {
            let limits = Limits { bytes: 1000, ratio: 100 };
            let mut decoder = Decoder::new(encoding, limits).unwrap();
            let small = encode(encoding, &page[..1000]);
            assert_eq!(decode(encoding, Limits { bytes: 2000, ratio: 100 }, &small, 7).unwrap(), page[..1000]);
            assert_eq!(decoder.push(&encode(encoding, &page)).unwrap_err(), Fault::TooLarge, "{encoding:?}");
        }
        let mut decoder = Decoder::new(Encoding::Identity, Limits { bytes: 1000, ratio: 1 }).unwrap();
        decoder.push(&page).unwrap_err();
        assert_eq!(decoder.decoded_so_far(), page[..1000]);
    }

    #[test]
    fn nonsense_is_refused() {
        for encoding in &ENCODINGS[1..] {
            let fault = decode(*encoding, LIMITS, &text(2000), 100).unwrap_err();
            assert!(matches!(fault, Fault::Corrupt(_)), "{encoding:?}: {fault:?}");
        }
        let mut damaged = encode(Encoding::Gzip, &text(2000));
        let end = damaged.len() - 6;
        damaged[end] ^= 1;
        assert!(decode(Encoding::Gzip, LIMITS, &damaged, 100).is_err(), "the checksum is wrong");
    }

    #[test]
    fn a_zstd_window_beyond_the_standard_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&text(1000)).unwrap();
        assert!(matches!(
            decode(Encoding::Zstd, LIMITS, &encoder.finish().unwrap(), 100).unwrap_err(),
            Fault::Corrupt(_)
        ));
    }

    #[test]
    fn encodings_are_read_from_headers() {
        let read = |values: &[&str]| Encoding::read(values.iter().map(|value| value.as_bytes()));
        assert_eq!(read(&[]), Ok(Encoding::Identity));
        assert_eq!(read(&["identity, GZIP"]), Ok(Encoding::Gzip));
        assert_eq!(read(&["x-gzip"]), Ok(Encoding::Gzip));
        assert_eq!(read(&["br"]), Ok(Encoding::Brotli));
        assert_eq!(read(&["zstd"]), Ok(Encoding::Zstd));
        assert!(read(&["deflate"]).unwrap_err().contains("deflate"));
        assert!(read(&["gzip", "br"]).is_err());
        assert!(read(&["gzip, gzip"]).is_err());
    }
}
