//! A build without the feature `compression` returns an error for each compressed file.

use std::convert::Infallible;

use bytes::Bytes;

use super::{Compression, Damaged};
use runtime::error::{Error, Result};

fn refused(compression: Compression) -> Error {
    Error::Plan(format!(
        "cannot read or write files that are compressed with {compression}: enable the feature `compression` of \
         `dataflow`"
    ))
}

pub(crate) struct Decompressor(Infallible);

impl Decompressor {
    pub(crate) fn new(compression: Compression) -> Result<Self> {
        Err(refused(compression))
    }

    pub(crate) fn used(&self) -> u64 {
        match self.0 {}
    }

    pub(crate) fn run(&mut self, _: &mut Bytes, _: &mut Vec<u8>, _: usize) -> Result<(), Damaged> {
        match self.0 {}
    }

    pub(crate) fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), Damaged> {
        match self.0 {}
    }
}

pub(super) struct Compressor(Infallible);

impl Compressor {
    pub(super) fn new(compression: Compression) -> Result<Self> {
        Err(refused(compression))
    }

    pub(super) fn write(&mut self, _: &[u8]) -> std::io::Result<()> {
        match self.0 {}
    }

    pub(super) fn finish(&mut self) -> std::io::Result<()> {
        match self.0 {}
    }

    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        match self.0 {}
    }
}
