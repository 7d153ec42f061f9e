//! Drops words of failing programs. All variants of a round are one batch.

use super::batch;
use super::harness::{Edit, Failed, Program, Spec, size};

/// Maximum number of rounds. Each compiles a batch.
const ROUNDS: usize = 16;

/// Maximum number of variants of one program in a round.
const VARIANTS: usize = 16;

/// A failing program.
struct Failing {
    program: Program,
    failed: Failed,
    /// Its size when it was drawn.
    before: String,
    is_smallest: bool,
}

impl Failing {
    /// The program after one more change.
    fn with(&self, edit: &Edit) -> Program {
        let edits = [self.program.spec.edits.clone(), vec![edit.clone()]].concat();
        Program::of(&Spec { edits, ..self.program.spec.clone() })
    }
}

/// Shrinks the failing programs of a batch, and prints them.
pub(crate) fn shrink(programs: &[Program], failed: Vec<Failed>) {
    let failing = |failed: Failed| {
        let drawn = &programs[failed.number];
        let edits = [drawn.spec.edits.clone(), failed.edits.clone()].concat();
        let program = Program::of(&Spec { edits, ..drawn.spec.clone() });
        Failing { program, failed, before: size(drawn), is_smallest: false }
    };
    let mut all = failed.into_iter().map(failing).collect::<Vec<_>>();
    for round in 0..ROUNDS {
        if all.iter().all(|failing| failing.is_smallest) || !shrink_once(&mut all) {
            break;
        }
        let sizes = all.iter().map(|failing| size(&failing.program)).collect::<Vec<_>>();
        println!("round {}: {}", round + 1, sizes.join("; "));
    }
    // The data of smaller programs may shrink further. This also prints the programs.
    let smallest = all.iter().map(|failing| failing.program.clone()).collect::<Vec<_>>();
    println!("the smallest programs, which were {}:", join(&all));
    batch::run(&smallest);
}

fn join(all: &[Failing]) -> String {
    all.iter().map(|failing| failing.before.as_str()).collect::<Vec<_>>().join("; ")
}

/// Replaces each program by its smallest failing variant. Returns `true` if all variants compile
/// and run.
fn shrink_once(all: &mut [Failing]) -> bool {
    let (mut variants, mut tasks, mut owners) = (Vec::new(), Vec::new(), Vec::new());
    for (owner, failing) in all.iter().enumerate().filter(|(_, failing)| !failing.is_smallest) {
        let smaller = Edit::of_words(&failing.program).into_iter().map(|edit| failing.with(&edit));
        let mut smaller = smaller.collect::<Vec<_>>();
        smaller.sort_by_cached_key(Program::weight);
        for program in smaller.into_iter().take(VARIANTS) {
            tasks.push(Failed { number: variants.len(), edits: Vec::new(), ..failing.failed.clone() });
            variants.push(program);
            owners.push(owner);
        }
    }
    let outcome = batch::run_variants(&variants, &tasks);
    all.iter_mut().for_each(|failing| failing.is_smallest = true);
    for number in outcome.failed.into_iter().map(|failed| failed.number) {
        let (owner, program) = (&mut all[owners[number]], &variants[number]);
        if program.weight() < owner.program.weight() {
            owner.program = program.clone();
            owner.is_smallest = false;
        }
    }
    outcome.is_whole
}
