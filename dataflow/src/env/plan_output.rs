//! Plans in the form, and at the place, that the options request.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use runtime::error::Error;
use runtime::explain;
use runtime::metrics::JobMetrics;
use runtime::physical::PhysicalPlan;

use super::Env;
use crate::error::Result;

/// The form in which plans are shown, and the place. A file is written before the run, with
/// estimates, and again after it, with measured values. The file names of later runs of the
/// environment have a number: `plan-2.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explain {
    /// A text tree on standard error, before and after the run.
    Text,
    /// JSON for tools, as `docs/explain.md` describes: in a file, or after the run as one line on
    /// standard error.
    Json(Option<PathBuf>),
    /// An HTML page in a file. Without a path, `<program>-plan.html` in the current folder.
    Html(Option<PathBuf>),
}

impl Explain {
    /// Parses the command line's `text`, `json`, `json:plan.json`, `html`, `html:plan.html`.
    /// `fields` is text, too.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (form, path) = text.split_once(':').map_or((text, None), |(form, path)| (form, Some(path)));
        match (form, path.map(PathBuf::from)) {
            (_, Some(path)) if path.as_os_str().is_empty() => Err(format!("`{text}` names no file")),
            ("text" | "plan" | "fields", None) => Ok(Explain::Text),
            ("json", path) => Ok(Explain::Json(path)),
            ("html", path) => Ok(Explain::Html(path)),
            _ => Err("write `text`, `fields`, `json`, `json:FILE`, `html` or `html:FILE`".to_owned()),
        }
    }
}

/// The plan output of one run.
pub(super) struct PlanOutput {
    form: Explain,
    shows_fields: bool,
    /// The file. `None` for standard error.
    path: Option<PathBuf>,
    /// The JSON of another run, to compare with.
    earlier: Option<String>,
}

impl PlanOutput {
    /// Returns the plan output of the environment's next run. `None` if plans are not shown.
    pub(super) fn of(env: &Env) -> Result<Option<Self>> {
        let options = &env.inner.options;
        let form = options.explain.clone().or_else(|| options.plan_only.then_some(Explain::Text));
        if options.compare.is_some() && !matches!(form, Some(Explain::Html(_))) {
            let message = "`--compare` shows two runs on one page: add `--explain=html`, or `--plan=html`";
            return Err(Error::Plan(message.to_owned()).into());
        }
        let Some(form) = form else { return Ok(None) };
        let number = env.inner.plans_shown.fetch_add(1, Ordering::Relaxed) + 1;
        let path = match &form {
            Explain::Text => None,
            Explain::Json(path) => path.clone(),
            Explain::Html(path) => Some(path.clone().unwrap_or_else(|| format!("{}-plan.html", program()).into())),
        };
        let earlier = options.compare.as_deref().map(|path| read_compared(&numbered(path, number))).transpose()?;
        let path = path.map(|path| numbered(&path, number));
        Ok(Some(PlanOutput { form, shows_fields: options.explain_fields, path, earlier }))
    }

    /// Shows the plan of a program that is not run. The plan is its only output, so it goes to
    /// standard output.
    pub(super) fn show_without_run(&self, plan: &PhysicalPlan) -> Result<()> {
        match &self.path {
            None => println!("{}", self.text(plan, None)?),
            Some(path) => {
                self.write(path, plan, None)?;
                eprintln!("the plan is in {}", path.display());
            }
        }
        Ok(())
    }

    /// Shows the plan before the run.
    pub(super) fn show_plan(&self, plan: &PhysicalPlan) -> Result<()> {
        match (&self.form, &self.path) {
            (_, Some(path)) => {
                self.write(path, plan, None)?;
                eprintln!("the plan is in {}, and after the run what happened", path.display());
            }
            (Explain::Text, None) => eprintln!("{}", self.text(plan, None)?),
            // JSON and HTML on standard error are printed once, after the run.
            (Explain::Json(_) | Explain::Html(_), None) => {}
        }
        Ok(())
    }

    /// Shows the plan with measured values after the run.
    pub(super) fn show_run(&self, plan: &PhysicalPlan, metrics: &JobMetrics) {
        let shown = match &self.path {
            Some(path) => self.write(path, plan, Some(metrics)),
            None => self.text(plan, Some(metrics)).map(|text| eprintln!("{text}")),
        };
        // The job was successful, so this is only a warning.
        if let Err(error) = shown {
            eprintln!("warning: what happened is not shown: {error}");
        }
    }

    fn write(&self, path: &Path, plan: &PhysicalPlan, metrics: Option<&JobMetrics>) -> Result<()> {
        let text = self.text(plan, metrics)?;
        Ok(std::fs::write(path, text).map_err(|source| Error::Io { action: "write", path: path.to_owned(), source })?)
    }

    fn text(&self, plan: &PhysicalPlan, metrics: Option<&JobMetrics>) -> Result<String> {
        match &self.form {
            Explain::Text => Ok(explain::text(plan, metrics, self.shows_fields)),
            Explain::Json(_) => Ok(explain::json(plan, metrics)),
            Explain::Html(_) => page(&explain::json(plan, metrics), self.earlier.as_deref()),
        }
    }
}

/// Renders a plan's JSON as a page that has the program's name.
pub(super) fn page(plan: &str, earlier: Option<&str>) -> Result<String> {
    Ok(explain::html(&program(), plan, earlier)?)
}

fn read_compared(path: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(path).map_err(|source| Error::Io { action: "read", path: path.to_owned(), source })?)
}

/// Adds the number of a run to a file name: `plan-2.json` for the second.
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().map_or_else(String::new, |extension| format!(".{}", extension.to_string_lossy()));
    path.with_file_name(format!("{stem}-{number}{end}"))
}

/// The name of the program.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_stem().map_or_else(|| "dataflow".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_forms_and_files() {
        assert_eq!(Explain::parse("text"), Ok(Explain::Text));
        assert_eq!(Explain::parse("json"), Ok(Explain::Json(None)));
        assert_eq!(Explain::parse("json:a.json"), Ok(Explain::Json(Some("a.json".into()))));
        assert_eq!(Explain::parse("html:C:\\a.html"), Ok(Explain::Html(Some("C:\\a.html".into()))));
        for wrong in ["", "yaml", "text:a", "html:", "JSON"] {
            assert!(Explain::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_of_later_runs_are_numbered() {
        assert_eq!(numbered(Path::new("out/plan.json"), 1), Path::new("out/plan.json"));
        assert_eq!(numbered(Path::new("out/plan.json"), 2), Path::new("out/plan-2.json"));
        assert_eq!(numbered(Path::new("plan"), 3), Path::new("plan-3"));
    }
}
