//! Small bodies that decompress to huge ones, of blanks. They are valid to the end, and put together from a piece that is
//! repeated: compressing gigabytes would cost the server what it should cost the client.

use std::io::Write;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};

use crate::compress::Encoding;
use crate::serve::Pieces;

const MEGABYTE: u64 = 1024 * 1024;

/// Pieces of a body that decompresses to at least so many bytes.
pub(super) fn bomb(encoding: Encoding, bytes: u64) -> Pieces {
    match encoding {
        Encoding::Identity => Box::new(std::iter::repeat_n(blanks(1), bytes.div_ceil(MEGABYTE) as usize)),
        Encoding::Gzip => gzip(bytes.div_ceil(MEGABYTE) as usize),
        Encoding::Brotli => brotli(bytes.div_ceil(BROTLI_MEGABYTES * MEGABYTE) as usize),
        Encoding::Zstd => zstd(bytes.div_ceil(ZSTD_BLOCK as u64 * ZSTD_BLOCKS as u64) as usize),
    }
}

fn blanks(megabytes: u64) -> Bytes {
    vec![b' '; (megabytes * MEGABYTE) as usize].into()
}

/// A full flush makes the compressor forget, so that what follows for the same input is the same again.
fn gzip(segments: usize) -> Pieces {
    static SEGMENT: OnceLock<Bytes> = OnceLock::new();
    let segment = SEGMENT.get_or_init(|| {
        let mut segment = Vec::with_capacity(64 * 1024);
        let mut compressor = Compress::new(Compression::best(), false);
        compressor
            .compress_vec(&blanks(1), &mut segment, FlushCompress::Full)
            .expect("a megabyte of blanks can be compressed");
        segment.into()
    });
    let mut one = Crc::new();
    one.update(&blanks(1));
    let mut all = Crc::new();
    for _ in 0..segments {
        all.combine(&one);
    }
    let head = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    let mut tail = vec![3, 0];
    tail.extend(all.sum().to_le_bytes());
    tail.extend((segments as u64 * MEGABYTE).to_le_bytes().into_iter().take(4));
    let body = std::iter::repeat_n(segment.clone(), segments);
    Box::new(std::iter::once(head).chain(body).chain([tail.into()]))
}

const BROTLI_MEGABYTES: u64 = 4;

/// After the first two flushes the state of the compressor is the same at every flush for the same input.
fn brotli(segments: usize) -> Pieces {
    static PARTS: OnceLock<[Bytes; 4]> = OnceLock::new();
    let [first, second, again, end] = PARTS
        .get_or_init(|| {
            let blanks = blanks(BROTLI_MEGABYTES);
            let mut compressor = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, 5, 18);
            let mut marks = vec![0];
            for _ in 0..3 {
                compressor.write_all(&blanks).and_then(|()| compressor.flush()).expect("memory can be written to");
                marks.push(compressor.get_ref().len());
            }
            let whole = Bytes::from(compressor.into_inner());
            marks.push(whole.len());
            [0, 1, 2, 3].map(|part| whole.slice(marks[part]..marks[part + 1]))
        })
        .clone();
    let rest = std::iter::repeat_n(again, segments.saturating_sub(2));
    Box::new([first, second].into_iter().chain(rest).chain([end]))
}

/// The largest block that the format allows.
const ZSTD_BLOCK: usize = 128 * 1024;
/// So many go out in one piece.
const ZSTD_BLOCKS: usize = 64;

/// Blocks of one repeated byte, written by hand: four bytes for 128 KB.
fn zstd(pieces: usize) -> Pieces {
    // Magic number; no size, no checksum, no dictionary; a window of 128 KB.
    let head = Bytes::from_static(&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]);
    let repeated = 1 << 1;
    let header = ((ZSTD_BLOCK as u32) << 3 | repeated).to_le_bytes();
    let piece = Bytes::from([header[0], header[1], header[2], b' '].repeat(ZSTD_BLOCKS));
    // The last block is empty.
    let tail = Bytes::from_static(&[1, 0, 0]);
    Box::new(std::iter::once(head).chain(std::iter::repeat_n(piece, pieces)).chain([tail]))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::*;

    /// Counts what comes out, which must be blanks.
    fn decompressed(mut reader: impl Read) -> u64 {
        let mut chunk = vec![0; 64 * 1024];
        let mut total = 0;
        loop {
            let count = match reader.read(&mut chunk) {
                Ok(0) => return total,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => panic!("after {total} bytes: {error}"),
            };
            assert!(chunk[..count].iter().all(|byte| *byte == b' '));
            total += count as u64;
        }
    }

    #[test]
    fn bombs_are_valid_and_small() {
        for (encoding, ratio) in [(Encoding::Gzip, 800), (Encoding::Brotli, 40_000), (Encoding::Zstd, 30_000)] {
            let bytes = 40 * MEGABYTE;
            let body: Vec<u8> = bomb(encoding, bytes).flatten().collect();
            let body_bytes = body.len() as u64;
            let size = match encoding {
                Encoding::Gzip => decompressed(flate2::read::GzDecoder::new(&body[..])),
                Encoding::Brotli => decompressed(brotli::Decompressor::new(&body[..], 4096)),
                _ => decompressed(zstd::stream::Decoder::new(&body[..]).unwrap()),
            };
            assert_eq!(size, bytes, "{encoding:?}");
            assert!(bytes / body_bytes > ratio, "{encoding:?}: {body_bytes} bytes");
        }
    }
}
