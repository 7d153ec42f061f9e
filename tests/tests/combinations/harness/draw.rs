//! Random choices.

use tests::Random;

pub struct Draw(Random);

impl Draw {
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        random.next();
        Draw(random)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit.max(1) as u64) as usize
    }

    pub fn often(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn any<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// One of `of`; `None` if there is none.
    pub fn some<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| self.any(of))
    }

    pub fn shuffled<T>(&mut self, mut of: Vec<T>) -> Vec<T> {
        for place in (1..of.len()).rev() {
            of.swap(place, self.below(place + 1));
        }
        of
    }
}
