//! Files of numbers, mapped into memory and read as slices.

use std::marker::PhantomData;
use std::path::Path;

use bytemuck::Pod;
use memmap2::Mmap;

use crate::store::IndexError;

/// A file that is an array of `T` in native byte order.
pub(super) struct MappedSlice<T> {
    /// `None` for an empty file, which cannot be mapped.
    map: Option<Mmap>,
    element: PhantomData<T>,
}

impl<T: Pod> MappedSlice<T> {
    pub(super) fn open(path: &Path) -> Result<Self, IndexError> {
        let file = fs_err::File::open(path)?;
        let bytes = file.metadata()?.len();
        if !(bytes as usize).is_multiple_of(size_of::<T>()) {
            let reason = format!("its length, {bytes} bytes, is not a multiple of {}", size_of::<T>());
            return Err(IndexError::Damaged { path: path.to_owned(), reason });
        }
        let map = if bytes == 0 {
            None
        } else {
            // SAFETY: files of a generation are never written to after they were published, only unlinked,
            // and an unlinked file stays whole for those who map it.
            Some(unsafe { Mmap::map(file.file()) }?)
        };
        Ok(Self { map, element: PhantomData })
    }

    pub(super) fn as_slice(&self) -> &[T] {
        // A map starts at a page boundary and its length was checked, so the cast cannot fail.
        self.map.as_ref().map_or(&[], |map| bytemuck::cast_slice(map))
    }
}

/// Writes an array so that it is on disk when this returns.
pub(super) fn write_slice<T: Pod>(path: &Path, values: &[T]) -> Result<(), IndexError> {
    use std::io::Write;
    let mut file = fs_err::File::create(path)?;
    file.write_all(bytemuck::cast_slice(values))?;
    file.sync_all()?;
    Ok(())
}
