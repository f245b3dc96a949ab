//! Opens the embedder that made a vector set.

use std::path::Path;

use super::IndexError;
use crate::embed::Embedder;
use crate::vector::SetInfo;

pub(super) fn open(_dir: &Path, _info: &SetInfo) -> Result<Box<dyn Embedder>, IndexError> {
    unimplemented!()
}
