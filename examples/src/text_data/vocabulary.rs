//! The distinct words, most frequent first.

use std::collections::HashSet;

use crate::random::Random;

/// All words in one string. A word is a range of it.
#[derive(Debug)]
pub(super) struct Vocabulary {
    letters: Vec<u8>,
    spans: Vec<Span>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

impl Vocabulary {
    /// Creates `distinct` different words, always the same ones.
    pub(super) fn new(distinct: usize) -> Self {
        let mut random = Random::new(u64::MAX);
        let mut seen = HashSet::with_capacity(distinct);
        let mut vocabulary = Self { letters: Vec::new(), spans: Vec::with_capacity(distinct) };
        while vocabulary.spans.len() < distinct {
            let word = random_word(&mut random);
            if seen.insert(word.clone()) {
                vocabulary.push(&word);
            }
        }
        vocabulary
    }

    #[inline]
    pub(super) fn span(&self, rank: u32) -> Span {
        self.spans[rank as usize]
    }

    #[inline]
    pub(super) fn word(&self, span: Span) -> &[u8] {
        &self.letters[span.start as usize..][..span.len as usize]
    }

    fn push(&mut self, word: &[u8]) {
        self.spans.push(Span { start: self.letters.len() as u32, len: word.len() as u32 });
        self.letters.extend_from_slice(word);
    }
}

/// 4 to 11 letters, 7.5 on average. One word in 256 has 16 to 24, so that readers cannot rely on
/// short words.
fn random_word(random: &mut Random) -> Vec<u8> {
    let len = match random.below(256) {
        0 => 16 + random.below(9),
        _ => 4 + random.below(4) + random.below(5),
    };
    (0..len).map(|_| b'a' + random.below(26) as u8).collect()
}
