//! Records as columns of their fields.

use runtime::row::{Field, SchemaBuilder, Shape};

/// A field of a record.
pub struct Column {
    /// What the program calls the field.
    pub ident: &'static str,
    /// What sources and sinks call it.
    pub name: &'static str,
    /// Whether it is the path of the file that a row is from.
    pub is_source_file: bool,
    /// Describes the field's value.
    pub describe: fn(&mut SchemaBuilder) -> Shape,
}

/// The shape of a record; that of a tuple has no name. Compiled once, whatever the records of a program are.
#[inline(never)]
pub fn record_of(schema: &mut SchemaBuilder, name: &'static str, columns: &[Column]) -> Shape {
    Shape::Record { name, fields: columns.iter().map(|column| column.field(schema)).collect() }
}

impl Column {
    fn field(&self, schema: &mut SchemaBuilder) -> Field {
        let field = schema.renamed(self.ident, self.name, self.describe);
        if self.is_source_file { schema.source_file(field) } else { field }
    }
}
