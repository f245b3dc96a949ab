//! Files from the network: continued where they were cut off, and kept only if they are what they should be.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use ureq::Body;
use ureq::http::Response;

use super::network::{Client, Failure, redacted};
use super::{Event, Events, Network};
use crate::ModelError;
use crate::store::sha256_of;

/// Nothing that is installed comes near this.
const LARGEST: u64 = 4 << 30;
/// Bytes between two reports of progress.
const STEP: u64 = 256 << 10;

/// Where files are kept until what they are for is installed.
#[derive(Debug)]
pub(super) struct Downloads {
    client: Client,
    dir: PathBuf,
}

/// A file that has come.
#[derive(Debug)]
pub(super) struct Downloaded {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
}

/// What the attempts at one file have in common.
#[derive(Debug, Default)]
struct Progress {
    /// The version of the file that the part is of.
    etag: Option<String>,
    /// The byte that the best attempt came to.
    furthest: u64,
}

impl Progress {
    /// Whether an attempt came further than all before. Where a server always starts anew, bytes alone are no progress.
    fn came_to(&mut self, byte: u64) -> bool {
        let further = byte > self.furthest;
        self.furthest = self.furthest.max(byte);
        further
    }
}

impl Downloads {
    pub(super) fn new(models_dir: &Path, network: &Network) -> Result<Self, ModelError> {
        Ok(Self { client: Client::new(network)?, dir: models_dir.join("downloads") })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The file at `url`. If its checksum is known, it is refused unless it has it, and one that was cut off in an
    /// earlier run is continued.
    pub(super) fn fetch(
        &self,
        file: &str,
        url: &str,
        expected: Option<&str>,
        events: Events<'_>,
    ) -> Result<Downloaded, ModelError> {
        self.client.allowed(file)?;
        fs_err::create_dir_all(&self.dir).map_err(|error| ModelError::writing(&self.dir, error))?;
        // By its checksum: what is found under the name is a part of this very file, whatever address it came from.
        let name = expected.map_or_else(|| format!("unchecked-{}", file.replace(['/', '\\'], "-")), str::to_owned);
        let whole = self.dir.join(&name);
        let part = self.dir.join(format!("{name}.part"));
        if whole.exists() {
            let sha256 = sha256_of(&whole)?;
            if Some(sha256.as_str()) == expected {
                return Ok(Downloaded { path: whole, sha256 });
            }
            fs_err::remove_file(&whole)?;
        }
        if expected.is_none() && part.exists() {
            // Nothing would tell whether the rest belongs to the same file.
            fs_err::remove_file(&part)?;
        }
        let mut continued = part.exists();
        loop {
            let mut progress = Progress::default();
            self.client.retrying(url, || self.attempt(file, url, &part, &mut progress, events))?;
            let received = sha256_of(&part)?;
            if expected.is_none_or(|expected| expected == received) {
                fs_err::rename(&part, &whole)?;
                return Ok(Downloaded { path: whole, sha256: received });
            }
            fs_err::remove_file(&part)?;
            if !continued {
                let expected = expected.unwrap_or_default().to_owned();
                return Err(ModelError::Checksum { what: redacted(url), expected, received });
            }
            // The part that was there may have been the wrong one.
            continued = false;
        }
    }

    /// One request, its body appended to what is there.
    fn attempt(
        &self,
        file: &str,
        url: &str,
        part: &Path,
        progress: &mut Progress,
        events: &mut dyn FnMut(Event),
    ) -> Result<(), Failure> {
        let writing = |error| Failure::fatal(ModelError::writing(part, error));
        let have = fs_err::metadata(part).map_or(0, |metadata| metadata.len());
        let mut headers = vec![("accept-encoding", "identity".to_owned())];
        if have > 0 {
            headers.push(("range", format!("bytes={have}-")));
            headers.extend(progress.etag.clone().map(|etag| ("if-range", etag)));
        }
        let mut response = match self.client.get(url, &headers) {
            Ok(response) => response,
            Err(failure) if failure.status == Some(416) => {
                // All of it may be here, or more than there is: the checksum decides, after one more try.
                fs_err::remove_file(part).map_err(writing)?;
                return Err(failure);
            }
            Err(failure) => return Err(failure),
        };
        let resumed = have > 0 && continues_at(&response, have);
        let start = if resumed { have } else { 0 };
        let total = header(&response, "content-length").and_then(|length| length.parse::<u64>().ok());
        let total = total.map(|rest| start + rest);
        if total.is_some_and(|total| total > LARGEST) {
            return Err(Failure::lasting("it is larger than anything that is installed"));
        }
        // A weak tag does not promise the same bytes.
        progress.etag = header(&response, "etag").filter(|etag| !etag.starts_with("W/")).map(str::to_owned);

        let mut output = fs_err::OpenOptions::new()
            .create(true)
            .append(resumed)
            .write(true)
            .truncate(!resumed)
            .open(part)
            .map_err(writing)?;
        let mut body = response.body_mut().as_reader();
        let mut buffer = vec![0; 64 << 10];
        let (mut done, mut reported) = (start, start);
        progress.furthest = progress.furthest.max(start);
        events(Event::Downloading { file: file.to_owned(), done, total });
        loop {
            let mut failed = |failure: Failure| failure.having_progressed(progress.came_to(done));
            match body.read(&mut buffer) {
                Ok(0) if total.is_some_and(|total| done < total) => {
                    return Err(failed(Failure::passing("the connection was closed before the end")));
                }
                Ok(0) => break,
                Ok(n) => {
                    output.write_all(&buffer[..n]).map_err(writing)?;
                    done += n as u64;
                }
                Err(error) => return Err(failed(Failure::reading(&error))),
            }
            if done > LARGEST {
                return Err(Failure::lasting("it is larger than anything that is installed"));
            }
            if done - reported >= STEP {
                reported = done;
                events(Event::Downloading { file: file.to_owned(), done, total });
            }
        }
        output.sync_all().map_err(writing)?;
        events(Event::Downloading { file: file.to_owned(), done, total });
        Ok(())
    }

    /// Deletes what was downloaded.
    pub(super) fn clear(&self) -> Result<(), ModelError> {
        if self.dir.exists() {
            fs_err::remove_dir_all(&self.dir)?;
        }
        Ok(())
    }
}

/// Whether the answer is the rest of the file from this byte on.
fn continues_at(response: &Response<Body>, byte: u64) -> bool {
    let range = header(response, "content-range").and_then(|range| range.strip_prefix("bytes "));
    let first = range.and_then(|range| range.split('-').next()?.trim().parse::<u64>().ok());
    response.status().as_u16() == 206 && first == Some(byte)
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}
