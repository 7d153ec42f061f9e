//! Zeroed memory on huge pages. With pages of 4 KiB nearly every bucket would cost a page walk in
//! addition to its cache miss.

use std::io;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::slice;

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

const HUGE_PAGE_BYTES: usize = 2 << 20;

/// Zeroed elements of a type for which all zeros is a value.
pub(in crate::limit) struct Pages<T> {
    first: NonNull<T>,
    len: usize,
    mapping: *mut std::ffi::c_void,
    mapping_bytes: usize,
    owned: PhantomData<T>,
}

// SAFETY: it owns its memory alone and gives references by the rules of `&` and `&mut`, as a vector
// does.
unsafe impl<T: Send> Send for Pages<T> {}

// SAFETY: as above.
unsafe impl<T: Sync> Sync for Pages<T> {}

impl<T> Pages<T> {
    /// `len` elements, all zeros. Only for plain integers and structs of them, which need no drop.
    pub(in crate::limit) fn zeroed(len: usize) -> io::Result<Self> {
        let bytes = len * size_of::<T>();
        // Reserves one more huge page, so that the elements start at a page boundary.
        let mapping_bytes = bytes + HUGE_PAGE_BYTES;
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
        let mapping = unsafe { mmap_anonymous(ptr::null_mut(), mapping_bytes, access, flags) }?;
        let aligned = mapping.cast::<u8>().wrapping_add(mapping.cast::<u8>().align_offset(HUGE_PAGE_BYTES));
        #[cfg(target_os = "linux")]
        {
            // SAFETY: the range lies in the mapping just made. Refused, it leaves small pages:
            // slower, not wrong.
            let _ = unsafe { rustix::mm::madvise(aligned.cast(), bytes, rustix::mm::Advice::LinuxHugepage) };
        }
        // SAFETY: `aligned` lies in a mapping, and no mapping is at address 0.
        let first = unsafe { NonNull::new_unchecked(aligned.cast()) };
        Ok(Self { first, len, mapping, mapping_bytes, owned: PhantomData })
    }

    pub(in crate::limit) fn as_ptr(&self) -> *const T {
        self.first.as_ptr()
    }

    #[inline(always)]
    pub(in crate::limit) fn as_slice(&self) -> &[T] {
        // SAFETY: `len` elements from `first` on are mapped, readable, aligned to a page, and began
        // as zeros, a value of T; they live as long as self.
        unsafe { slice::from_raw_parts(self.first.as_ptr(), self.len) }
    }

    #[inline(always)]
    pub(in crate::limit) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as above, and `&mut self` makes this the only reference.
        unsafe { slice::from_raw_parts_mut(self.first.as_ptr(), self.len) }
    }
}

impl<T> Drop for Pages<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and no reference into it outlives the value. A
        // failure would leak it, no more.
        let _ = unsafe { munmap(self.mapping, self.mapping_bytes) };
    }
}
