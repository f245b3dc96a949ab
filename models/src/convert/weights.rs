//! `model.safetensors`: tensors by name, read one at a time and widened to 32 bits.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::ConvertError;
use super::matrix::Matrix;

/// The longest header that is read: what the format allows.
const MOST_HEADER_BYTES: u64 = 100_000_000;

/// An open file of tensors.
pub(super) struct Weights {
    path: PathBuf,
    file: fs_err::File,
    /// Where the values start.
    start: u64,
    header: Metadata,
}

impl Weights {
    /// Reads the header. That every tensor it tells of is in the file is checked here, too.
    pub(super) fn open(path: &Path) -> Result<Self, ConvertError> {
        let malformed = |reason: String| ConvertError::Malformed { path: path.to_owned(), reason };
        let mut file = fs_err::File::open(path)?;
        let length = file.metadata()?.len();
        let mut size = [0; 8];
        if length < size.len() as u64 {
            return Err(malformed(format!("it has only {length} bytes")));
        }
        file.read_exact(&mut size)?;
        let size = u64::from_le_bytes(size);
        if size > MOST_HEADER_BYTES || size > length - 8 {
            return Err(malformed("it is cut off, or no safetensors file".to_owned()));
        }
        let mut header = vec![0; size as usize];
        file.read_exact(&mut header)?;
        let header: Metadata = serde_json::from_slice(&header).map_err(|error| malformed(error.to_string()))?;
        let start = 8 + size;
        let expected = start + header.data_len() as u64;
        if length != expected {
            return Err(malformed(format!("it has {length} bytes instead of {expected}: cut off, or damaged")));
        }
        Ok(Self { path: path.to_owned(), file, start, header })
    }

    /// Whether there is a tensor of this name.
    pub(super) fn has(&self, tensor: &str) -> bool {
        self.header.info(tensor).is_some()
    }

    /// A tensor of one dimension.
    pub(super) fn vector(&mut self, tensor: &str, length: usize) -> Result<Vec<f32>, ConvertError> {
        self.read(tensor, &[length])
    }

    /// A tensor of two dimensions.
    pub(super) fn matrix(&mut self, tensor: &str, rows: usize, columns: usize) -> Result<Matrix, ConvertError> {
        Ok(Matrix::new(columns, self.read(tensor, &[rows, columns])?))
    }

    fn read(&mut self, tensor: &str, shape: &[usize]) -> Result<Vec<f32>, ConvertError> {
        let (path, name) = (&self.path, tensor);
        let wrong = |reason: String| ConvertError::Tensor { path: path.clone(), tensor: name.to_owned(), reason };
        let Some(TensorInfo { dtype, shape: found, data_offsets: (from, to) }) = self.header.info(tensor) else {
            return Err(ConvertError::Missing { path: path.clone(), tensor: name.to_owned() });
        };
        if found != shape {
            return Err(wrong(format!("has the shape {found:?}; `config.json` makes it {shape:?}")));
        }
        self.file.seek(SeekFrom::Start(self.start + *from as u64))?;
        let mut bytes = vec![0; to - from];
        self.file.read_exact(&mut bytes)?;
        let values = widen(*dtype, &bytes).ok_or_else(|| wrong(format!("is {dtype:?}, not F32, F16 or BF16")))?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(wrong("has values that are not finite".to_owned()));
        }
        Ok(values)
    }
}

/// The values of a tensor, or nothing where they are not floats.
fn widen(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = |widen: fn([u8; 2]) -> f32| bytes.as_chunks().0.iter().map(|&bytes| widen(bytes)).collect();
    match dtype {
        Dtype::F32 => Some(bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()),
        Dtype::F16 => Some(halves(|bytes| half::f16::from_le_bytes(bytes).to_f32())),
        Dtype::BF16 => Some(halves(|bytes| half::bf16::from_le_bytes(bytes).to_f32())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_widened() {
        assert_eq!(widen(Dtype::F32, &1.5f32.to_le_bytes()), Some(vec![1.5]));
        assert_eq!(widen(Dtype::F16, &[0x00, 0x3c, 0x00, 0xc1]), Some(vec![1.0, -2.5]));
        assert_eq!(widen(Dtype::BF16, &[0x80, 0x3f, 0x20, 0xc0]), Some(vec![1.0, -2.5]));
        assert_eq!(widen(Dtype::I64, &[0; 8]), None);
    }
}
