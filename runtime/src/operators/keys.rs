//! Keys of two inputs that are compared with each other.

use crate::error::{Error, Result};
use crate::row::Schema;

/// Checks that the keys of both inputs have leaves of the same types, since they are compared as
/// bytes, leaf by leaf. Typed symbols cannot differ; symbols that a program makes up can.
pub(crate) fn check_keys(inputs: &[Schema; 2], keys: &[Vec<usize>; 2]) -> Result<()> {
    let types = [0, 1].map(|side| {
        let leaves = inputs[side].leaves();
        keys[side].iter().map(|&leaf| leaves.get(leaf).map(|leaf| leaf.ty)).collect::<Option<Vec<_>>>()
    });
    match types {
        [Some(left), Some(right)] if left == right => Ok(()),
        _ => Err(Error::Plan(
            "the keys of the two sides are not of one type: return fields of the records that the key closures are given".to_owned(),
        )),
    }
}
