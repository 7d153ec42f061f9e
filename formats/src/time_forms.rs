//! Date and timestamp formats other than ISO 8601.

use runtime::error::{Error, Result};
use runtime::row::{LeafType, Schema};
use runtime::value::TimeFormat;

/// Formats of dates and timestamps in files, if they are not ISO 8601. A format has the specifiers
/// of `strptime`, such as `%d.%m.%Y %H:%M` (see
/// [`Timestamp::parse_from`](runtime::value::Timestamp::parse_from)). It applies to all fields of a
/// type or to one field.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TimeForms {
    dates: Option<String>,
    timestamps: Option<String>,
    /// Pairs of a field's path and its format.
    fields: Vec<(String, String)>,
}

impl TimeForms {
    /// Sets the format of all dates without a format of their own.
    #[must_use]
    pub fn dates(self, form: impl Into<String>) -> Self {
        TimeForms { dates: Some(form.into()), ..self }
    }

    /// Sets the format of all timestamps without a format of their own.
    #[must_use]
    pub fn timestamps(self, form: impl Into<String>) -> Self {
        TimeForms { timestamps: Some(form.into()), ..self }
    }

    /// Sets the format of one field, by its name in files: `paid`, `home.since`.
    #[must_use]
    pub fn field(mut self, path: impl Into<String>, form: impl Into<String>) -> Self {
        self.fields.push((path.into(), form.into()));
        self
    }

    /// Returns the format of each leaf of a record.
    ///
    /// # Errors
    /// Fails if a format does not determine a day, or if a field does not exist or is no date or
    /// timestamp.
    pub(super) fn of(&self, schema: &Schema) -> Result<Vec<Option<TimeFormat>>> {
        let wrong = |message: String| Error::Plan(format!("cannot read or write times: {message}"));
        let is_time = |ty| matches!(ty, LeafType::Date | LeafType::Timestamp);
        for (path, form) in &self.fields {
            let found = schema.leaves().iter().find(|leaf| leaf.path == *path && leaf.ty != LeafType::Valid);
            match found.map(|leaf| leaf.ty) {
                Some(ty) if is_time(ty) => {}
                Some(ty) => {
                    return Err(wrong(format!(
                        "the field `{path}` is {ty}, and has no form `{form}`; only Date and Timestamp have"
                    )));
                }
                None => {
                    let names = schema.leaves().iter().filter(|leaf| is_time(leaf.ty)).map(|leaf| leaf.path.as_str());
                    let names = names.collect::<Vec<_>>().join(", ");
                    return Err(wrong(format!(
                        "there is no field `{path}` for the form `{form}`; dates and timestamps are: {names}"
                    )));
                }
            }
        }
        let form = |leaf: &runtime::row::Leaf| {
            let own = self.fields.iter().rev().find(|(path, _)| *path == leaf.path).map(|(_, form)| form);
            let form = match leaf.ty {
                LeafType::Date => own.or(self.dates.as_ref()),
                LeafType::Timestamp => own.or(self.timestamps.as_ref()),
                _ => None,
            };
            form.map(|form| TimeFormat::new(form, leaf.ty == LeafType::Timestamp)).transpose().map_err(&wrong)
        };
        schema.leaves().iter().map(form).collect()
    }
}
