#[dataflow]
fn unused(lines: DataSet<String>) -> DataSet<String> {
    let long = lines.filter(|l| l.len() > 3);
    let _also = lines.filter(|l| l.len() > 3);
    lines.map(|l| l.len() as u64);
    lines
}

#[dataflow]
fn too_many(lines: DataSet<String>) -> DataSet<String> {
    lines.map(|a, b| a)
}

#[dataflow]
fn too_few(lines: DataSet<String>, more: DataSet<String>) -> DataSet<String> {
    lines.join(more).on(|a| a, |b| b).map(|a| a)
}

#[dataflow]
fn unfinished(lines: DataSet<String>, more: DataSet<String>) -> DataSet<String> {
    lines.join(more).on(|a| a, |b| b).filter(|a, b| a > b)
}

#[dataflow]
fn escapes(lines: DataSet<String>) -> DataSet<u64> {
    lines.group_by(|l| l).aggregate(|g| finish(g, g.total()))
}

#[dataflow]
fn no_key(lines: DataSet<String>) -> DataSet<u64> {
    lines.aggregate(|g| (g.key, g.count()))
}

#[dataflow]
fn method(&self, lines: DataSet<String>) -> DataSet<String> {
    lines.map(|l| l)
}

#[dataflow]
async fn waits(lines: DataSet<String>) -> DataSet<String> {
    lines.map(|l| l)
}

#[dataflow]
const unsafe extern "C" fn odd(lines: DataSet<String>) -> DataSet<String> {
    lines
}

#[dataflow]
fn no_result(lines: DataSet<String>) {
    let long = lines.filter(|l| l.len() > 3);
}

#[dataflow]
fn forever(lines: DataSet<String>) -> DataSet<String> {
    forever(lines)
}

#[dataflow]
struct NoFunction;

#[dataflow]
fn borrows(lines: DataSet<String>, name: &str, greeting: &'static str) -> DataSet<String> {
    lines.filter(|l| l == name).map(|l| greeting + l)
}

#[dataflow]
fn changes(lines: DataSet<String>, limit: usize) -> DataSet<usize> {
    let mut longest = 0;
    lines.map(|l| {
        longest = l.len();
        let mut limit = limit;
        limit += 1;
        longest + limit
    })
}

#[dataflow]
fn computes(lines: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    lines.group_by(|l| (l.0, l.1 % 10)).count().sort(|l| if l.1 > 3 { desc(l.1) } else { l.1 }).project(|l| (l.0.len(), asc(l.1)))
}
