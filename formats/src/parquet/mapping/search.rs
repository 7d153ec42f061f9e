//! Finds the column of each leaf by walking a record's shape and a file's schema together.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Fields};
use parquet::basic::ConvertedType;
use parquet::schema::types::SchemaDescriptor;

use super::{ItemsPlan, LeafPlan, Level, path};
use crate::enums::refused_enum;
use crate::names::hint_about;
use crate::parquet::convert::{element_of, is_readable};
use crate::parquet::hints::{elements_of, leaf_columns};
use runtime::row::{Items, LeafType, Schema, Shape};

/// The search for the columns of a record in a file.
pub(super) struct Search<'s> {
    pub(super) schema: &'s Schema,
    pub(super) descriptor: &'s SchemaDescriptor,
    /// The columns of the file. In a list: its element.
    pub(super) root: &'s Fields,
    /// By leaf: where it is read from, or the reason why it cannot be read.
    pub(super) leaves: &'s mut Vec<Result<LeafPlan, String>>,
    /// `true` if names match regardless of case.
    pub(super) ignore_case: bool,
    /// Within the elements of a list: the path to show for them, `items[]`.
    pub(super) list: Option<String>,
}

impl Search<'_> {
    /// Finds the columns of all leaves.
    pub(super) fn record(&mut self, shape: &Shape) {
        if let Shape::Record { .. } = shape {
            return self.fields(shape, self.root.clone(), 0, &[]);
        }
        // A record of one value is read from the only column of the file.
        match self.root.iter().as_slice() {
            [field] => self.field(shape, field.clone(), 0, &[]),
            _ => self.fail(shape, &format!(
                "a record of one value needs a file of one column, found {}; use a struct with the column's name as its field",
                self.describe_columns()
            )),
        }
    }

    /// Finds the fields of a nested record in a group of columns, whose first leaf column is
    /// `first`.
    fn fields(&mut self, shape: &Shape, group: Fields, first: usize, above: &[Level]) {
        let Shape::Record { name, fields } = shape else { return };
        for (index, field) in fields.iter().enumerate() {
            let position = if name.is_empty() { (index < group.len()).then_some(index) } else { None };
            match position.map_or_else(|| self.named(&group, field.name), |position| Ok(Some(position))) {
                Ok(Some(position)) => {
                    let before: usize = group.iter().take(position).map(|column| leaf_columns(column)).sum();
                    self.field(&field.shape, group[position].clone(), first + before, above);
                }
                Ok(None) if self.list.is_none() => self.field_by_dotted_name(&field.shape, above),
                Ok(None) => {
                    let names: Vec<String> = group.iter().map(|column| column.name().clone()).collect();
                    let what = format!("there is no column `{}.{}`", path(above), field.name);
                    self.fail(&field.shape, &format!("{what}; {}", hint_about(field.name, &names)));
                }
                Err(message) => self.fail(&field.shape, &message),
            }
        }
    }

    /// Returns the index of the column with this name in a group.
    fn named(&self, group: &Fields, name: &str) -> Result<Option<usize>, String> {
        if !self.ignore_case {
            return Ok(group.iter().position(|column| column.name() == name));
        }
        let folded = name.to_lowercase();
        let same = |column: &&Arc<ArrowField>| column.name().to_lowercase() == folded;
        let found: Vec<&Arc<ArrowField>> = group.iter().filter(same).collect();
        match found[..] {
            [] => Ok(None),
            [column] => Ok(group.iter().position(|other| other.name() == column.name())),
            _ => {
                let names: Vec<String> = found.iter().map(|column| format!("`{}`", column.name())).collect();
                Err(format!(
                    "the field `{name}` could be {}, which differ in the case of letters only; read without `ignore_case`",
                    names.join(" or ")
                ))
            }
        }
    }

    /// Handles a field that is no column of its group. Its leaves may be columns with dotted names.
    fn field_by_dotted_name(&mut self, shape: &Shape, above: &[Level]) {
        if let Shape::Record { fields, .. } = shape {
            return fields.iter().for_each(|field| self.field_by_dotted_name(&field.shape, above));
        }
        if let Some(tag) = enum_in(shape) {
            return self.fail(shape, &format!("cannot read Parquet: {}", refused_enum(self.schema, tag, "Parquet")));
        }
        let Some(leaf) = shape.leaves().first().copied() else {
            return;
        };
        let found = match self.named(self.root, &self.schema.leaves()[leaf].path) {
            Ok(found) => found,
            Err(message) => return self.fail(shape, &message),
        };
        match found.filter(|_| above.iter().all(|level| level.validity.is_none())) {
            Some(position) => {
                let first = self.root.iter().take(position).map(|column| leaf_columns(column)).sum();
                self.field(shape, self.root[position].clone(), first, &[]);
            }
            None => self.fail(shape, &self.missing(leaf)),
        }
    }

    fn field(&mut self, shape: &Shape, column: Arc<ArrowField>, first: usize, above: &[Level]) {
        let (validity, inner) = match shape {
            Shape::Optional(validity, inner) => (Some(*validity), &**inner),
            shape => (None, shape),
        };
        let mut levels = above.to_vec();
        levels.push(Level { name: column.name().clone(), path: self.path_of(above, column.name()), validity });
        if let Some(validity) = validity {
            self.leaves[validity] = Ok(LeafPlan { levels: levels.clone(), column: first, items: None });
        }
        match (inner, column.data_type()) {
            (Shape::Enum { tag, .. }, _) => {
                let message = format!("cannot read Parquet: {}", refused_enum(self.schema, *tag, "Parquet"));
                self.fail(shape, &message);
            }
            (Shape::Leaf(leaf), found) => self.leaf(*leaf, found, levels, first),
            (Shape::Record { .. }, DataType::Struct(group)) => self.fields(inner, group.clone(), first, &levels),
            (Shape::Record { .. }, _) => {
                let message =
                    format!("column `{}`: expected a group of columns, found {}", path(&levels), self.show(first));
                self.fail(shape, &message);
            }
            (Shape::Optional(..), _) => {
                let message = format!(
                    "column `{}`: an Option in an Option cannot be told from one; use one Option",
                    path(&levels)
                );
                self.fail(shape, &message);
            }
        }
    }

    fn path_of(&self, above: &[Level], name: &str) -> String {
        match (above, &self.list) {
            ([], Some(list)) => list.clone(),
            ([], None) => name.to_owned(),
            (above, _) => format!("{}.{name}", path(above)),
        }
    }

    fn leaf(&mut self, leaf: usize, found: &DataType, levels: Vec<Level>, column: usize) {
        let ty = self.schema.leaves()[leaf].ty;
        self.leaves[leaf] = match (ty, elements_of(found)) {
            (LeafType::Items(items), Some(element)) => self
                .items(items, element, path(&levels), column)
                .map(|items| LeafPlan { levels, column, items: Some(items) }),
            (_, Some(element)) if element_of(ty).is_some() => self
                .check_list(ty, element, column)
                .map_err(|reason| format!("column `{}`: {reason}", path(&levels)))
                .map(|()| LeafPlan { levels, column, items: None }),
            _ => self
                .check_value(ty, found, column)
                .map_err(|reason| format!("column `{}`: {reason}", path(&levels)))
                .map(|()| LeafPlan { levels, column, items: None }),
        };
    }

    fn check_value(&self, ty: LeafType, found: &DataType, column: usize) -> Result<(), String> {
        let is_unchecked = self.is_json(found, column);
        match is_readable(found, ty) {
            Ok(()) if !is_unchecked => Ok(()),
            Err(reason) if !reason.is_empty() => Err(reason),
            _ => Err(format!("expected {ty}, found {}", self.show_type(found, column))),
        }
    }

    /// Returns `true` for columns, such as JSON, whose texts the `parquet` crate does not check to
    /// be UTF-8.
    fn is_json(&self, found: &DataType, column: usize) -> bool {
        found == &DataType::Utf8 && self.descriptor.column(column).converted_type() != ConvertedType::UTF8
    }

    fn check_list(&self, ty: LeafType, element: &ArrowField, column: usize) -> Result<(), String> {
        let Some(wanted) = element_of(ty) else { return Ok(()) };
        let found = element.data_type();
        match is_readable(found, wanted) {
            Ok(()) if !self.is_json(found, column) => Ok(()),
            Err(reason) if !reason.is_empty() => Err(format!("{reason}, in a list")),
            _ if elements_of(found).is_some() || matches!(found, DataType::Struct(_)) => {
                Err(format!("expected {ty}, found a list of {}", self.show_type(found, column)))
            }
            _ => Err(format!("expected {ty}, found a list of {found}")),
        }
    }

    /// Returns how the elements of a list are read. Their columns begin with `first`.
    fn items(
        &self,
        items: &'static Items,
        element: &Arc<ArrowField>,
        list: &str,
        first: usize,
    ) -> Result<ItemsPlan, String> {
        let (schema, root) = (items.schema(), Fields::from(vec![element.clone()]));
        let mut leaves = vec![Err(String::new()); schema.leaves().len()];
        let list = Some(format!("{list}[]"));
        let mut search = Search { schema, root: &root, leaves: &mut leaves, list, ..*self };
        search.field(schema.shape(), element.clone(), first, &[]);
        let leaves = leaves.into_iter().collect::<Result<_, _>>()?;
        Ok(ItemsPlan { items, leaves })
    }

    fn fail(&mut self, shape: &Shape, message: &str) {
        shape.leaves().iter().for_each(|&leaf| self.leaves[leaf] = Err(message.to_owned()));
    }

    fn missing(&self, leaf: usize) -> String {
        let leaf = &self.schema.leaves()[leaf];
        let ty = if leaf.ty == LeafType::Valid { String::new() } else { format!(" ({})", leaf.ty) };
        let paths: Vec<String> = self.descriptor.columns().iter().map(|column| column.path().string()).collect();
        format!("there is no column `{}`{ty}; {}", leaf.path, hint_about(&leaf.path, &paths))
    }

    fn describe_columns(&self) -> String {
        let names: Vec<_> = self.root.iter().map(|field| format!("`{}`", field.name())).collect();
        names.join(", ")
    }

    fn show(&self, column: usize) -> String {
        self.descriptor.column(column).physical_type().to_string()
    }

    fn show_type(&self, found: &DataType, column: usize) -> String {
        match found {
            DataType::Struct(_) => "a group of columns (a nested record)".to_owned(),
            DataType::List(_) | DataType::LargeList(_) | DataType::Map(..) => "a list or map".to_owned(),
            DataType::Interval(_) => {
                "an interval, which no field can hold; write it as a text or as a number".to_owned()
            }
            DataType::FixedSizeBinary(width) => format!("strings of {width} bytes; read it into a Vec<u8>"),
            DataType::Time32(_) | DataType::Time64(_) => {
                "a time of day; read it into an i64, which is then the microseconds since midnight".to_owned()
            }
            DataType::Utf8 if self.descriptor.column(column).converted_type() != ConvertedType::UTF8 => {
                "JSON, which is not supported; write it as a text".to_owned()
            }
            found => format!("{found} ({})", self.show(column)),
        }
    }
}

/// Returns the tag leaf of an enum whose variants hold values, also in an `Option`.
fn enum_in(shape: &Shape) -> Option<usize> {
    match shape {
        Shape::Enum { tag, .. } => Some(*tag),
        Shape::Optional(_, inner) => enum_in(inner),
        _ => None,
    }
}
